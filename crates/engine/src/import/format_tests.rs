//! The built-in formats on a file of each.

use super::*;
use crate::import::feed::Reading;
use crate::import::input::Input;

/// Every event of a file with what there is to say of it.
fn events(format: &Format, file: &'static [u8]) -> Vec<(Event, Notes)> {
    let (opened, _) = Input::stream(file).open();
    let mut reading = Reading::new(opened, format.lists());
    let mut events = Vec::new();
    while let Some(fed) = reading.next() {
        for item in fed.items {
            assert_eq!(item.broken, None);
            let text = std::str::from_utf8(&item.bytes).unwrap();
            let members = crate::import::json::read_object(text).unwrap();
            let mut notes = Notes::default();
            let event = format.event(text, members.clone(), &mut notes).unwrap();
            event.validate().unwrap();
            assert_eq!(event.details.as_ref().unwrap().0, members, "nothing is lost");
            events.push((event, notes));
        }
    }
    events
}

/// An event on one line: who did what to what, and how it ended.
fn told(event: &Event) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let target = event.target.as_ref().map_or("-".to_owned(), |target| {
        format!("{} {}", target.kind, or(&target.id))
    });
    format!(
        "{} {} {} | {} | {target} | {} | {} {}",
        event.actor.kind.as_str(),
        or(&event.actor.id),
        or(&event.actor.name),
        event.action,
        event.outcome.as_str(),
        or(&event.ip),
        or(&event.session_id),
    )
}

fn check(format: &Format, file: &'static [u8], expected: &[&str], unknown: &[Option<&str>]) -> Vec<Event> {
    let events = events(format, file);
    let told: Vec<_> = events.iter().map(|(event, _)| told(event)).collect();
    assert_eq!(told, expected);
    let words: Vec<_> = events
        .iter()
        .map(|(_, notes)| notes.unknown_outcome.as_deref())
        .collect();
    assert_eq!(words, unknown);
    events.into_iter().map(|(event, _)| event).collect()
}

#[test]
fn kubernetes() {
    let file = include_bytes!("../../tests/fixtures/kubernetes-audit.json");
    let events = check(
        &Format::Kubernetes,
        file,
        &[
            "user ann@example.org - | pods/exec.create | pods shop/web-0 | success | 203.0.113.7 -",
            "service system:serviceaccount:shop:ci - | deployments.patch | apps/deployments shop/web | refused | 10.0.0.9 -",
            "external system:anonymous - | url.get | url /metrics | success | 198.51.100.4 -",
            "user bob@example.org - | secrets.get | secrets shop/key | failed | - -",
        ],
        &[None, None, Some("RequestReceived"), None],
    );
    assert_eq!(events[0].actor.on_behalf_of.as_deref(), Some("deployer"));
    assert_eq!(
        events[0].occurred_at.unwrap().to_string(),
        "2026-03-01T09:00:00.046993Z"
    );
    assert_eq!(events[0].user_agent.as_deref(), Some("kubectl/v1.31.0"));
    let description = "system:serviceaccount:shop:ci called patch on apps/deployments shop/web: 403";
    assert_eq!(events[1].description.as_deref(), Some(description));
}

#[test]
fn github() {
    let file = include_bytes!("../../tests/fixtures/github-audit.json");
    let events = check(
        &Format::Github,
        file,
        &[
            "user octocat - | repo.create | repository acme/shop | success | 203.0.113.7 -",
            "service github-actions[bot] - | git.clone | repository acme/shop | success | - -",
            "user octocat - | team.add_member | team acme/payments | success | - -",
            "user octocat - | workflows.completed_workflow_run | repository acme/shop | success | - -",
            "user octocat - | org.update_member | user monalisa | success | - -",
            "user monalisa - | protected_branch.rejected_ref_update | repository acme/shop | refused | - -",
        ],
        &[None, None, None, Some("cancelled"), None, None],
    );
    assert_eq!(
        events[0].occurred_at.unwrap().to_string(),
        "2026-03-01T09:00:00.123000Z"
    );
}

#[test]
fn okta() {
    let file = include_bytes!("../../tests/fixtures/okta-system-log.json");
    let events = check(
        &Format::Okta,
        file,
        &[
            "user 00u1qw1mqitPHM8AJ0g7 ann@example.org | user.session.start | - | success | 203.0.113.7 102bZDNFfWaQSyEZQuDgWt-uQ",
            "user 00u1qw1mqitPHM8AJ0g7 ann@example.org | user.authentication.sso | AppInstance 0oabkvBLDEKCNXBGYUAS | failed | 203.0.113.7 -",
            "system okta.2b1959c8-bcc0-56eb-a589-cfcfb7422f26 Okta System | policy.evaluate_sign_on | - | success | - -",
            "service - - | security.request.blocked | - | refused | - -",
        ],
        &[None, None, Some("CHALLENGE"), None],
    );
    assert_eq!(
        events[0].id.unwrap().to_string(),
        "f790999f-fe87-467a-9880-6982a583986c"
    );
    let description = "User single sign on to app: INVALID_CREDENTIALS";
    assert_eq!(events[1].description.as_deref(), Some(description));
}

#[test]
fn ocsf() {
    let file = include_bytes!("../../tests/fixtures/ocsf.jsonl");
    let events = check(
        &Format::Ocsf,
        file,
        &[
            "user AIDA1 ann | s3.amazonaws.com:CreateBucket | AWS::S3::Bucket arn:aws:s3:::logs | success | 203.0.113.7 s-1",
            "service backup.amazonaws.com backup.amazonaws.com | s3.amazonaws.com:DeleteBucket | - | refused | - -",
            "user u-7 bob | Authentication:Logon | service vpn | failed | 2001:db8::1 -",
            "user u-1 ann@example.org | Account_Change:activity_3 | user u-7 | success | - -",
            "service curl curl | class_4001:activity_2 | endpoint 192.0.2.9 | refused | - -",
        ],
        &[None, None, None, Some("status_id 0"), None],
    );
    assert_eq!(
        events[3].occurred_at.unwrap().to_string(),
        "2026-03-01T09:00:03.500000Z"
    );
    assert_eq!(
        events[3].description.as_deref(),
        Some("Password of bob was changed")
    );
}

#[test]
fn what_is_of_another_shape_is_refused_by_the_field_that_is_missing() {
    for (format, json, reason) in [
        (
            Format::Kubernetes,
            r#"{"verb":"get"}"#,
            "auditID: an audit event must have it",
        ),
        (
            Format::Kubernetes,
            r#"{"verb":"get","auditID":"x"}"#,
            "requestReceivedTimestamp: an audit event",
        ),
        (
            Format::Kubernetes,
            r#"{"verb":"get","auditID":"x","stageTimestamp":"now"}"#,
            "stageTimestamp: not an RFC 3339",
        ),
        (
            Format::Github,
            r#"{"@timestamp":1}"#,
            "action: a GitHub event must have it",
        ),
        (
            Format::Github,
            r#"{"action":"a"}"#,
            "@timestamp: a GitHub event must have it",
        ),
        (
            Format::Github,
            r#"{"action":"a","@timestamp":"soon"}"#,
            "@timestamp: \"soon\" is not",
        ),
        (
            Format::Okta,
            r#"{"eventType":"a"}"#,
            "published: an Okta event must have it",
        ),
        (
            Format::Okta,
            r#"{"eventType":"a","published":"x"}"#,
            "published: not an RFC 3339",
        ),
        (
            Format::Ocsf,
            r#"{"time":1}"#,
            "class_uid: an OCSF event must have it",
        ),
        (
            Format::Ocsf,
            r#"{"class_uid":1}"#,
            "time: an OCSF event must have it",
        ),
    ] {
        let members = crate::import::json::read_object(json).unwrap();
        let error = format.event(json, members, &mut Notes::default()).unwrap_err();
        assert!(error.starts_with(reason), "{json}: {error}");
    }
}

#[test]
fn whatever_is_too_long_is_cut_and_whole_in_details() {
    let long = "é".repeat(10_001);
    for (format, json) in [
        (
            Format::Kubernetes,
            format!(
                r#"{{"verb":"{long}","auditID":"x","stageTimestamp":"2026-03-01T09:00:00Z","user":{{"username":"{long}"}},"userAgent":"{long}","objectRef":{{"resource":"{long}","name":"{long}"}},"impersonatedUser":{{"username":"{long}"}}}}"#
            ),
        ),
        (
            Format::Github,
            format!(
                r#"{{"action":"{long}","@timestamp":1,"actor":"{long}","repo":"{long}","user_agent":"{long}"}}"#
            ),
        ),
        (
            Format::Okta,
            format!(
                r#"{{"eventType":"{long}","published":"2026-03-01T09:00:00Z","displayMessage":"{long}","actor":{{"id":"{long}","alternateId":"{long}"}},"authenticationContext":{{"externalSessionId":"{long}"}},"outcome":{{"result":"{long}"}}}}"#
            ),
        ),
        (
            Format::Ocsf,
            format!(
                r#"{{"class_uid":1,"class_name":"{long}","time":1,"message":"{long}","actor":{{"user":{{"uid":"{long}","name":"{long}"}}}},"resources":[{{"uid":"{long}","type":"{long}"}}]}}"#
            ),
        ),
    ] {
        let members = crate::import::json::read_object(&json).unwrap();
        let event = format
            .event(&json, members.clone(), &mut Notes::default())
            .unwrap();
        event.validate().unwrap();
        assert_eq!(event.details.unwrap().0, members);
    }
}
