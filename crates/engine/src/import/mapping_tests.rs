use super::*;
use crate::import::json;

const MAPPING: &str = r#"
actor_kind = "=user"
actor_id = "/user/email"
actor_name = "/user/name"
action = "/event"
target_kind = "=order"
target_id = "/order_id"
occurred_at = "/ts"
time_format = "unix_ms"
outcome = "/status"
description = "/text"
ip = "/ip"
trace_id = "/trace"
session_id = "/session"
id = "/id"
aim_mission = "/mission"
aim_input = "/input"
drag_mode = "/mode"
[outcome_values]
ok = "success"
denied = "refused"
"#;

fn line(json: &str) -> Line {
    json::read_object(json).unwrap()
}

const LINE: &str = r#"{"user":{"email":"ann@example.org","name":"Ann"},"event":"order placed","order_id":42,"ts":1700000000123,
    "status":"denied","text":"x","ip":"-","trace":"4bf92f3577b34da6a3ce929d0e0e4736","session":"s","id":"7",
    "mission":"sell","input":[1],"mode":"research","rest":{"a":1}}"#;

#[test]
fn a_line_of_another_shape() {
    let event = Mapping::parse(MAPPING)
        .unwrap()
        .event(line(LINE), &mut Notes::default())
        .unwrap();
    event.validate().unwrap();
    assert_eq!(event.id, None, "an id that is not a UUID is not taken over");
    assert_eq!(event.actor.id.as_deref(), Some("ann@example.org"));
    assert_eq!(event.actor.name.as_deref(), Some("Ann"));
    assert_eq!(event.action, "order_placed");
    assert_eq!(
        event.target,
        Some(Target {
            kind: "order".into(),
            id: Some("42".into())
        })
    );
    assert_eq!(
        event.occurred_at.unwrap().to_string(),
        "2023-11-14T22:13:20.123000Z"
    );
    assert_eq!(event.outcome, Outcome::Refused);
    assert_eq!(event.ip, None);
    assert_eq!(
        event.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    assert_eq!(event.drag_mode, Some(DragMode::Research));
    let aim = event.aim.unwrap();
    assert_eq!(aim.mission.as_deref(), Some("sell"));
    assert_eq!(aim.input.unwrap().0["value"][0], 1);
    assert_eq!(event.details.unwrap().0, line(LINE));
}

#[test]
fn least_mapping_and_own_ids() {
    let mapping = Mapping::parse("action = \"=seen\"\nid = \"/id\"\ndetails = \"/rest\"").unwrap();
    let event = mapping
        .event(
            line(r#"{"id":"01893FC0-A490-7000-8000-00000000002A","rest":{"a":1}}"#),
            &mut Notes::default(),
        )
        .unwrap();
    assert_eq!(
        event.id.unwrap().to_string(),
        "01893fc0-a490-7000-8000-00000000002a"
    );
    assert_eq!(
        (event.actor.kind, event.outcome),
        (ActorKind::External, Outcome::Success)
    );
    assert_eq!((event.target, event.occurred_at, event.aim), (None, None, None));
    assert_eq!(event.details.unwrap().0, line(r#"{"a":1}"#));
    let none = Mapping::parse("action = \"=seen\"\ndetails = \"none\"").unwrap();
    assert_eq!(
        none.event(line(r#"{"a":1}"#), &mut Notes::default())
            .unwrap()
            .details,
        None
    );
}

#[test]
fn what_does_not_fit_is_cut_only_where_nothing_is_lost() {
    let long = line(&format!(r#"{{"t":"{}","ip":"-"}}"#, "é".repeat(10_001)));
    let text = "action = \"=seen\"\ndescription = \"/t\"\nactor_name = \"/t\"\nip = \"/ip\"\n";
    let whole = Mapping::parse(text)
        .unwrap()
        .event(long.clone(), &mut Notes::default())
        .unwrap();
    whole.validate().unwrap();
    assert_eq!(whole.description.unwrap().chars().count(), 10_000);
    assert_eq!((whole.actor.name.unwrap().chars().count(), whole.ip), (256, None));
    let none = Mapping::parse(&format!("{text}details = \"none\""))
        .unwrap()
        .event(long, &mut Notes::default())
        .unwrap();
    assert_eq!(none.ip.as_deref(), Some("-"));
    assert_eq!(none.validate().unwrap_err().field, "actor.name");
}

#[test]
fn lines_that_do_not_map() {
    let mapping = Mapping::parse(&MAPPING.replace("\"=user\"", "\"/kind\"")).unwrap();
    for (change, to, reason) in [
        ("\"order placed\"", "\"\"", "action: is missing or empty"),
        ("\"order placed\"", "null", "action: is missing or empty"),
        ("\"order placed\"", "{}", "action: must be a text"),
        (
            "\"denied\"",
            "\"maybe\"",
            "outcome: \"maybe\" is not among outcome_values",
        ),
        (
            "1700000000123",
            "\"today\"",
            "occurred_at: \"today\" is not a time in milliseconds",
        ),
        ("\"research\"", "\"play\"", "drag_mode: \"play\""),
        ("\"rest\"", "\"kind\"", "actor_kind: must be a text"),
        (
            "{\"a\":1}",
            "1,\"kind\":\"robot\"",
            "actor_kind: \"robot\" is not",
        ),
    ] {
        let error = mapping
            .event(line(&LINE.replace(change, to)), &mut Notes::default())
            .unwrap_err();
        assert!(error.starts_with(reason), "{to}: {error}");
    }
    let no_kind = Mapping::parse("action = \"=a\"\ntarget_id = \"/x\"").unwrap();
    assert!(
        no_kind
            .event(line(r#"{"x":1}"#), &mut Notes::default())
            .unwrap_err()
            .starts_with("target_kind")
    );
}

#[test]
fn mapping_files_that_are_refused() {
    for (toml, reason) in [
        ("actor_id = \"/a\"", "action"),
        ("action = \"=a\"\nactorid = \"/a\"", "actorid"),
        ("action = \"a\"", "neither a JSON pointer"),
        ("action = \"=a\"\ntime_format = \"iso\"", "iso"),
        ("action = \"=a\"\n[outcome_values]\nok = \"fine\"", "fine"),
        ("action = \"=a\"\ndetails = \"all\"", "neither a JSON pointer"),
        ("action = ", "mapping"),
    ] {
        let error = Mapping::parse(toml).unwrap_err().to_string();
        assert!(error.contains(reason), "{toml}: {error}");
    }
}
