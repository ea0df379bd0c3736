use super::*;
use crate::import::json;

fn map(json: &str) -> Result<Event, String> {
    event(json::read_object(json).unwrap(), &mut Notes::default())
}

fn with(extra: &str) -> Event {
    let text = format!(
        r#"{{"eventTime":"2023-07-10T11:42:18Z","eventSource":"s3.amazonaws.com","eventName":"GetBucketLogging"{extra}}}"#
    );
    let event = map(&text).unwrap();
    event.validate().unwrap();
    event
}

#[test]
fn whole_event() {
    let event = with(
        r#","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/b","userName":"b","accessKeyId":"A"},
        "sourceIPAddress":"10.248.16.43","userAgent":"[Boto3]","errorCode":"NoSuchBucket",
        "requestParameters":{"bucketName":"logs"},"big":123456789012345678901"#,
    );
    assert_eq!(event.action, "s3.amazonaws.com:GetBucketLogging");
    assert_eq!(
        event.occurred_at.unwrap().to_string(),
        "2023-07-10T11:42:18.000000Z"
    );
    assert_eq!(event.actor.kind, ActorKind::User);
    assert_eq!(event.actor.id.as_deref(), Some("arn:aws:iam::1:user/b"));
    assert_eq!(event.actor.name.as_deref(), Some("b"));
    assert_eq!(
        event.target,
        Some(Target {
            kind: "AWS::S3::Bucket".into(),
            id: Some("logs".into())
        })
    );
    assert_eq!(event.outcome, Outcome::Failed);
    assert_eq!(event.ip.as_deref(), Some("10.248.16.43"));
    assert_eq!(event.user_agent.as_deref(), Some("[Boto3]"));
    assert_eq!(
        event.description.as_deref(),
        Some("b called s3 GetBucketLogging on logs: NoSuchBucket")
    );
    let details = event.details.unwrap().0;
    assert_eq!(details["userIdentity"]["accessKeyId"], "A");
    assert_eq!(details["big"], "123456789012345678901");
}

#[test]
fn actors() {
    let role = |session: &str, extra: &str| {
        format!(r#"{{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R/{session}"{extra}}}"#)
    };
    let service_role = r#","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:role/aws-service-role/x.amazonaws.com/X"}}"#;
    let cases: Vec<(String, ActorKind, Option<&str>, Option<&str>)> = vec![
        (
            r#"{"type":"Root","arn":"arn:aws:iam::1:root"}"#.into(),
            ActorKind::User,
            Some("arn:aws:iam::1:root"),
            Some("root"),
        ),
        (
            role("ann@example.org", ""),
            ActorKind::User,
            Some("arn:aws:sts::1:assumed-role/R/ann@example.org"),
            Some("ann@example.org"),
        ),
        (
            role("i-0a1b2c3d4e5f60718", ""),
            ActorKind::Service,
            Some("arn:aws:sts::1:assumed-role/R/i-0a1b2c3d4e5f60718"),
            Some("i-0a1b2c3d4e5f60718"),
        ),
        (
            role("s", r#","invokedBy":"ssm.amazonaws.com""#),
            ActorKind::Service,
            Some("arn:aws:sts::1:assumed-role/R/s"),
            Some("s"),
        ),
        (
            role("s", service_role),
            ActorKind::Service,
            Some("arn:aws:sts::1:assumed-role/R/s"),
            Some("s"),
        ),
        (
            r#"{"type":"AssumedRole","principalId":"AROA:bob"}"#.into(),
            ActorKind::User,
            Some("AROA:bob"),
            Some("bob"),
        ),
        (
            r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#.into(),
            ActorKind::Service,
            Some("ec2.amazonaws.com"),
            None,
        ),
        (
            r#"{"accountId":"1","invokedBy":"inspector2.amazonaws.com"}"#.into(),
            ActorKind::Service,
            Some("inspector2.amazonaws.com"),
            None,
        ),
        (
            r#"{"type":"AWSAccount","principalId":"P","accountId":"2"}"#.into(),
            ActorKind::External,
            Some("P"),
            None,
        ),
        (
            r#"{"type":"Unknown","accountId":"2"}"#.into(),
            ActorKind::External,
            Some("2"),
            None,
        ),
        (
            r#"{"type":"SAMLUser","principalId":"P","userName":"sam"}"#.into(),
            ActorKind::User,
            Some("P"),
            Some("sam"),
        ),
        (
            r#"{"type":"WebIdentityUser","principalId":"P","userName":"w"}"#.into(),
            ActorKind::User,
            Some("P"),
            Some("w"),
        ),
        (
            r#"{"type":"FederatedUser","arn":"a","principalId":"P"}"#.into(),
            ActorKind::User,
            Some("a"),
            None,
        ),
        (
            r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"U"}}"#.into(),
            ActorKind::User,
            Some("U"),
            None,
        ),
        ("null".into(), ActorKind::External, None, None),
    ];
    for (identity, kind, id, name) in cases {
        let actor = with(&format!(r#","userIdentity":{identity}"#)).actor;
        assert_eq!(
            (actor.kind, actor.id.as_deref(), actor.name.as_deref()),
            (kind, id, name),
            "{identity}"
        );
    }
}

#[test]
fn outcomes() {
    for (code, expected) in [
        ("AccessDenied", Outcome::Refused),
        ("AccessDeniedException", Outcome::Refused),
        ("Client.UnauthorizedOperation", Outcome::Refused),
        ("UnauthorizedOperation", Outcome::Refused),
        ("NotAuthorizedException", Outcome::Refused),
        ("ThrottlingException", Outcome::Failed),
        ("Client.InvalidVpcID.NotFound", Outcome::Failed),
        ("", Outcome::Success),
    ] {
        assert_eq!(
            with(&format!(r#","errorCode":"{code}""#)).outcome,
            expected,
            "{code}"
        );
    }
    let login = |result: &str| {
        map(&format!(
            r#"{{"eventTime":"2023-07-10T11:42:18Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin",
            "userIdentity":{{"type":"IAMUser","userName":"b"}},"responseElements":{{"ConsoleLogin":"{result}"}}}}"#
        ))
        .unwrap()
    };
    assert_eq!(login("Success").outcome, Outcome::Success);
    assert_eq!(login("Failure").outcome, Outcome::Failed);
    assert_eq!(
        login("Failure").description.unwrap(),
        "b called signin ConsoleLogin: failed"
    );
}

#[test]
fn targets() {
    for (extra, kind, id) in [
        (
            r#""resources":[{"ARNPrefix":"arn:aws:s3:::b/"},{"ARN":"arn:aws:s3:::b","type":"AWS::S3::Bucket"}]"#,
            "AWS::S3::Bucket",
            "arn:aws:s3:::b",
        ),
        (
            r#""resources":[{"ARN":"arn:aws:secretsmanager:us-east-1:1:secret:s"}]"#,
            "secretsmanager",
            "arn:aws:secretsmanager:us-east-1:1:secret:s",
        ),
        (
            r#""resources":[{"ARN":"plain","type":"odd kind!"}]"#,
            "odd_kind_",
            "plain",
        ),
        (r#""resources":[],"requestParameters":{"name":"n"}"#, "s3", "n"),
        (
            r#""requestParameters":{"userName":"u","policyArn":"p"}"#,
            "AWS::IAM::User",
            "u",
        ),
    ] {
        let target = with(&format!(",{extra}")).target.unwrap();
        assert_eq!(
            (target.kind.as_str(), target.id.as_deref()),
            (kind, Some(id)),
            "{extra}"
        );
    }
    for none in [
        r#""requestParameters":null"#,
        r#""requestParameters":{"bucketName":7}"#,
        r#""resources":"x""#,
    ] {
        assert_eq!(with(&format!(",{none}")).target, None);
    }
}

#[test]
fn what_is_too_long_is_cut_and_whole_in_details() {
    let long = "é".repeat(10_001);
    let event = with(&format!(
        r#","userAgent":"{long}","errorCode":"{long}","sourceIPAddress":"AWS Internal",
        "userIdentity":{{"type":"IAMUser","arn":"{long}","userName":"{long}"}},"requestParameters":{{"name":"{long}"}}"#
    ));
    assert_eq!(event.ip, None);
    assert_eq!(event.user_agent.unwrap().chars().count(), 10_000);
    let details = event.details.unwrap().0;
    assert_eq!(details["userAgent"], long);
    assert_eq!(details["sourceIPAddress"], "AWS Internal");
}

#[test]
fn what_is_not_cloudtrail() {
    for (json, reason) in [
        ("{}", "eventSource"),
        (r#"{"eventSource":"s","eventName":""}"#, "eventName"),
        (
            r#"{"eventSource":"s","eventName":"n","eventTime":"yesterday"}"#,
            "eventTime: not an RFC 3339",
        ),
        (
            r#"{"eventSource":"s","eventName":"n","eventTime":"2023-07-10T11:42:18Z","userIdentity":"me"}"#,
            "userIdentity",
        ),
    ] {
        let error = map(json).unwrap_err();
        assert!(error.starts_with(reason), "{json}: {error}");
    }
}
