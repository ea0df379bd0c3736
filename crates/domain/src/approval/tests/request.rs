//! Asking for approvals: bounds of every field, and the same again.

use super::*;

#[test]
fn a_request_says_what_it_is_for() {
    let desk = Desk::asked();
    let Approval {
        digest,
        content_salt,
        requested_by,
        requested_at,
        status,
        expires_at,
        ..
    } = &desk.approval().row;
    let salt = evidence::Salt(content_salt.as_deref().unwrap().try_into().unwrap());
    assert_eq!(*digest, evidence::commitment::commit(&salt, ARGUMENTS.as_bytes()));
    assert_eq!(*requested_by, Some(desk.ada));
    assert_eq!(*status, ApprovalStatus::Pending);
    assert_eq!(*expires_at, requested_at.plus_seconds(24 * 3_600));
}

type Change<'a> = Box<dyn Fn(&mut RequestApproval) + 'a>;

#[test]
pub(crate) fn fields_of_a_request() {
    let long = format!(r#"{{"a":"{}"}}"#, "a".repeat(262_144 - 8));
    let longer = format!(r#"{{"a":"{}"}}"#, "a".repeat(262_144 - 7));
    let action = |text: &str| -> Change<'_> {
        let text = text.to_owned();
        Box::new(move |request| request.action.clone_from(&text))
    };
    let arguments = |text: &str| -> Change<'_> {
        let text = text.to_owned();
        Box::new(move |request| request.arguments.clone_from(&text))
    };
    let reason =
        |text: String| -> Change<'_> { Box::new(move |request| request.reason = Some(text.clone())) };
    let quorum = |number| -> Change<'_> { Box::new(move |request| request.quorum = Some(number)) };
    let now = Desk::new().world.now;
    // The clock goes on by a millisecond before the request is decided.
    let now = Timestamp::from_micros(now.micros() + 1_000).unwrap();
    let expires = |seconds: i64| -> Change<'_> {
        Box::new(move |request| request.expires_at = Some(now.plus_seconds(seconds)))
    };
    let cases: Vec<(Option<&str>, Change<'_>)> = vec![
        (None, action("a")),
        (None, action("a-b_c.9")),
        (None, action(&"a".repeat(100))),
        (Some("action"), action("")),
        (Some("action"), action("Deploy")),
        (Some("action"), action("a b")),
        (Some("action"), action(&"a".repeat(101))),
        (None, arguments("{}")),
        (None, arguments(&long)),
        (Some("arguments"), arguments(&longer)),
        (Some("arguments"), arguments("")),
        (Some("arguments"), arguments("[]")),
        (Some("arguments"), arguments("null")),
        (Some("arguments"), arguments("{")),
        (Some("arguments"), arguments("{} ")),
        (Some("arguments"), arguments(r#"{"a": 1}"#)),
        (Some("arguments"), arguments(r#"{"b":1,"a":1}"#)),
        (Some("arguments"), arguments(r#"{"a":1,"a":1}"#)),
        (Some("arguments"), arguments(r#"{"a":1.0}"#)),
        (None, Box::new(|request| request.reason = None)),
        (None, reason("é".repeat(1_000))),
        (Some("reason"), reason("é".repeat(1_001))),
        (Some("reason"), reason(String::new())),
        (None, reason("a\n\tb\r\n".to_owned())),
        (Some("reason"), reason("a\u{7}b".to_owned())),
        (None, quorum(1)),
        (None, quorum(10)),
        (Some("quorum"), quorum(0)),
        (Some("quorum"), quorum(11)),
        (None, expires(1)),
        (None, expires(24 * 3_600)),
        (Some("expires_at"), expires(0)),
        (Some("expires_at"), expires(24 * 3_600 + 1)),
    ];
    for (number, (expected, change)) in cases.into_iter().enumerate() {
        let mut desk = Desk::new();
        let mut request = ask();
        change(&mut request);
        let agent = desk.agent.clone();
        let answer = desk.world.run(&agent, &Command::RequestApproval(request));
        let field = answer.as_ref().err().and_then(|refusal| refusal.field.as_deref());
        assert_eq!(field, expected, "{number}: {answer:?}");
    }
}

#[test]
pub(crate) fn the_same_request_again() {
    let mut desk = Desk::granted();
    assert_eq!(desk.request(&ask()), "nothing");
    let expires_at = desk.approval().row.expires_at;
    let named = RequestApproval {
        expires_at: Some(expires_at),
        ..ask()
    };
    desk.run_out();
    assert_eq!(desk.request(&ask()), "nothing");
    assert_eq!(desk.request(&named), "nothing");
    let others: &[fn(&mut RequestApproval)] = &[
        |request| request.action = "workflow.delete".to_owned(),
        |request| request.arguments = "{}".to_owned(),
        |request| request.reason = None,
        |request| request.quorum = Some(3),
        |request| request.expires_at = Some("2027-01-01T00:00:00Z".parse().unwrap()),
    ];
    for change in others {
        let mut request = ask();
        change(&mut request);
        assert_eq!(desk.request(&request), "id_conflict");
    }
    let command = Command::RequestApproval(ask());
    assert_eq!(desk.world.code(&operator(), &command), "id_conflict");
}
