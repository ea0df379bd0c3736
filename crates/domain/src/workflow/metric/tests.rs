use evidence::payload::DragMode;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::*;
use crate::audit::event::AHEAD_SECONDS_MAX;
use crate::context::Caller;
use crate::decision::{Draft, Reply};
use crate::identity::Scope;
use crate::identity::world::{World, operator};
use crate::record::Field;
use crate::refusal::Refusal;
use crate::workflow::execution::{LEASE_S_USUAL, StartExecution, WORKFLOW_LEN_MAX};

pub fn number(double: f64) -> Number {
    Number::new(double).unwrap()
}

/// A metric of nothing in particular.
pub fn metric(name: &str, value: f64) -> NewMetric {
    NewMetric {
        id: None,
        name: name.to_owned(),
        value: number(value),
        unit: None,
        at: None,
        workflow: None,
        drag_mode: None,
        execution: None,
    }
}

fn several(metrics: Vec<NewMetric>) -> RecordMetrics {
    RecordMetrics {
        metrics,
        list: true,
        next: None,
    }
}

fn one(metric: NewMetric) -> RecordMetrics {
    RecordMetrics {
        metrics: vec![metric],
        list: false,
        next: None,
    }
}

/// A world with two users who keep their own, a service that keeps all, and a viewer.
struct Lab {
    world: World,
    ann: Caller,
    ann_id: Uuid,
    bob: Caller,
    svc: Caller,
    vic: Caller,
}

impl Lab {
    fn new() -> Lab {
        let mut world = World::new();
        let (ann_id, bob) = (world.user("ann", "developer"), world.user("bob", "user"));
        let (svc, vic) = (world.user("svc", "service"), world.user("vic", "viewer"));
        Lab {
            ann: world.session(ann_id),
            bob: world.session(bob),
            svc: world.session(svc),
            vic: world.session(vic),
            world,
            ann_id,
        }
    }

    fn record(&mut self, caller: &Caller, command: RecordMetrics) -> Result<Vec<(Metric, bool)>, Refusal> {
        let reply = self.world.run(caller, &command.into())?;
        Ok(<Vec<(Metric, bool)>>::try_from(reply).unwrap())
    }

    fn draft(&mut self, caller: &Caller, command: RecordMetrics) -> Draft {
        let mut decision = self.world.decide(caller, &command.into()).unwrap();
        assert_eq!(decision.drafts.len(), 1);
        decision.drafts.remove(0)
    }

    /// An execution of ann's.
    fn execution(&mut self, drag_mode: Option<DragMode>) -> Uuid {
        let start = StartExecution {
            id: None,
            workflow: "triage".to_owned(),
            user: self.ann_id,
            agent: None,
            conversation: None,
            parent: None,
            trace_id: None,
            drag_mode,
            actor: None,
            input: None,
            mission: None,
            lease_s: LEASE_S_USUAL,
        };
        match self.world.run(&operator(), &start.into()) {
            Ok(Reply::Execution { execution, .. }) => execution.id,
            other => panic!("{other:?}"),
        }
    }

    fn field(&mut self, command: RecordMetrics) -> Option<String> {
        let ann = self.ann.clone();
        match self.record(&ann, command) {
            Ok(_) => None,
            Err(refusal) => {
                assert_eq!(refusal.code, "invalid_field");
                refusal.field
            }
        }
    }
}

type With = fn(&mut NewMetric, String);

#[test]
pub fn bounds_at_their_edges() {
    let texts: [(&str, usize, With); 3] = [
        ("name", NAME_LEN_MAX, |metric, text| metric.name = text),
        ("unit", UNIT_LEN_MAX, |metric, text| metric.unit = Some(text)),
        ("workflow", WORKFLOW_LEN_MAX, |metric, text| {
            metric.workflow = Some(text);
        }),
    ];
    let mut lab = Lab::new();
    for (field, max, with) in texts {
        for (length, good) in [(1, true), (max, true), (0, false), (max + 1, false)] {
            let mut new = metric("m", 1.0);
            with(&mut new, "x".repeat(length));
            let expected = (!good).then_some(field);
            assert_eq!(
                lab.field(one(new.clone())).as_deref(),
                expected,
                "{field} {length}"
            );
            let expected = expected.map(|field| format!("[1].{field}"));
            assert_eq!(lab.field(several(vec![metric("m", 1.0), new])), expected);
        }
    }
    for (name, good) in [
        ("gen_ai.tokens/s:in-1", true),
        ("two words", false),
        ("two\nlines", false),
        ("é", false),
    ] {
        let expected = (!good).then_some("name");
        assert_eq!(lab.field(one(metric(name, 1.0))).as_deref(), expected, "{name}");
    }
    // The next command is decided a millisecond later.
    let latest = Timestamp::from_micros(lab.world.now.micros() + 1_000).unwrap();
    let latest = latest.plus_seconds(AHEAD_SECONDS_MAX);
    for (at, good) in [
        (latest, true),
        (latest.plus_seconds(1), false),
        (Timestamp::EPOCH, true),
    ] {
        let new = NewMetric {
            at: Some(at),
            ..metric("m", 1.0)
        };
        assert_eq!(lab.field(one(new)).as_deref(), (!good).then_some("at"), "{at}");
    }
    let nil = NewMetric {
        id: Some(Uuid::nil()),
        ..metric("m", 1.0)
    };
    assert_eq!(lab.field(one(nil)).as_deref(), Some("id"));
    let ann = lab.ann.clone();
    for (count, good) in [
        (0, false),
        (1, true),
        (METRICS_MAX, true),
        (METRICS_MAX + 1, false),
    ] {
        let command = several(vec![metric("m", 1.0); count]);
        let expected = if good { "done" } else { "too_many_metrics" };
        assert_eq!(lab.world.code(&ann, &command.into()), expected, "{count}");
    }
}

#[test]
pub fn an_id_is_one_content() {
    let mut lab = Lab::new();
    let (ann, bob) = (lab.ann.clone(), lab.bob.clone());
    let first = NewMetric {
        id: Some(Uuid::from_u128(7)),
        ..metric("reward", 0.5)
    };
    let made = lab.record(&ann, one(first.clone())).unwrap();
    assert!(!made[0].1);
    // Again, alone or among others: nothing is done about it.
    assert_eq!(lab.world.code(&ann, &one(first.clone()).into()), "nothing");
    let second = NewMetric {
        id: Some(Uuid::from_u128(8)),
        ..first.clone()
    };
    let list = several(vec![first.clone(), second.clone(), second.clone()]);
    let reply = lab.record(&ann, list.clone()).unwrap();
    let states: Vec<_> = reply.iter().map(|(row, before)| (row.id, *before)).collect();
    assert_eq!(
        states,
        [
            (Uuid::from_u128(7), true),
            (Uuid::from_u128(8), false),
            (Uuid::from_u128(8), true)
        ]
    );
    assert_eq!(reply[0].0, made[0].0);
    assert_eq!(lab.world.code(&ann, &list.into()), "nothing");
    let execution = lab.execution(None);
    let others: [(&str, NewMetric); 7] = [
        ("name", metric("other", 0.5)),
        ("value", metric("reward", 0.25)),
        (
            "unit",
            NewMetric {
                unit: Some("USD".to_owned()),
                ..first.clone()
            },
        ),
        (
            "at",
            NewMetric {
                at: Some(Timestamp::EPOCH),
                ..first.clone()
            },
        ),
        (
            "execution",
            NewMetric {
                execution: Some(execution),
                ..first.clone()
            },
        ),
        (
            "workflow",
            NewMetric {
                workflow: Some("w".to_owned()),
                ..first.clone()
            },
        ),
        (
            "drag_mode",
            NewMetric {
                drag_mode: Some(DragMode::Grunt),
                ..first.clone()
            },
        ),
    ];
    for (field, other) in others {
        let other = NewMetric {
            id: first.id,
            ..other
        };
        let refusal = lab
            .record(&ann, several(vec![metric("m", 1.0), other]))
            .unwrap_err();
        let named = (refusal.code, refusal.field);
        assert_eq!(named, ("id_conflict", Some(format!("[1].{field}"))));
    }
    // Who may not read it learns no more than that the id is taken.
    let other = NewMetric {
        id: first.id,
        ..metric("x", 1.0)
    };
    for sent in [other, first] {
        let refusal = lab.record(&bob, one(sent)).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("id_conflict", Some("id"))
        );
    }
}

#[test]
fn a_key_is_for_as_many_as_the_first_time() {
    let mut lab = Lab::new();
    let ann = lab.ann.clone();
    let of = |count: u128| RecordMetrics {
        metrics: (0..count)
            .map(|number| NewMetric {
                id: Some(Uuid::from_u128(100 + number)),
                ..metric("m", 1.0)
            })
            .collect(),
        list: true,
        next: Some(Uuid::from_u128(100 + count)),
    };
    for (count, expected) in [
        (2, "done"),
        (2, "nothing"),
        (1, "id_conflict"),
        (3, "id_conflict"),
        (2, "nothing"),
    ] {
        assert_eq!(lab.world.code(&ann, &of(count).into()), expected, "{count}");
    }
}

#[test]
pub fn a_metric_of_an_execution_is_of_its_workflow_and_its_user() {
    let mut lab = Lab::new();
    let (ann, svc) = (lab.ann.clone(), lab.svc.clone());
    let execution = lab.execution(Some(DragMode::Analysis));
    let of = |workflow: Option<&str>, drag_mode| NewMetric {
        execution: Some(execution),
        workflow: workflow.map(Into::into),
        drag_mode,
        ..metric("reward", 1.0)
    };
    let expected = (
        Some("triage".to_owned()),
        Some(DragMode::Analysis),
        Some(lab.ann_id),
    );
    for new in [of(None, None), of(Some("triage"), Some(DragMode::Analysis))] {
        for caller in [&ann, &svc] {
            let (row, _) = lab.record(caller, one(new.clone())).unwrap().remove(0);
            assert_eq!((row.workflow, row.drag_mode, row.user_id), expected);
        }
    }
    for (new, field) in [
        (of(Some("other"), None), "workflow"),
        (of(None, Some(DragMode::Grunt)), "drag_mode"),
    ] {
        assert_eq!(lab.field(one(new)).as_deref(), Some(field));
    }
    let without = lab.execution(None);
    let new = NewMetric {
        execution: Some(without),
        ..of(None, Some(DragMode::Grunt))
    };
    assert_eq!(lab.field(one(new)).as_deref(), Some("drag_mode"));
    let (row, _) = lab.record(&operator(), one(metric("m", 1.0))).unwrap().remove(0);
    assert_eq!(row.user_id, None);
}

#[test]
pub fn who_may_record_for_whom() {
    let mut lab = Lab::new();
    let execution = lab.execution(None);
    let of = |execution| NewMetric {
        execution,
        ..metric("m", 1.0)
    };
    let agent = lab.world.agent("triage", lab.ann_id);
    let key = lab.world.agent_key("ann", agent, &[Scope::Workflows]);
    let few = lab.world.agent_key("ann", agent, &[Scope::Read]);
    let (ann, bob, svc, vic) = (lab.ann.clone(), lab.bob.clone(), lab.svc.clone(), lab.vic.clone());
    let nobodys = Some(Uuid::from_u128(0xdead));
    for (caller, execution, expected) in [
        (&ann, None, "done"),
        (&ann, Some(execution), "done"),
        (&ann, nobodys, "unknown_execution"),
        (&bob, None, "done"),
        (&bob, Some(execution), "unknown_execution"),
        (&svc, Some(execution), "done"),
        (&svc, nobodys, "unknown_execution"),
        (&key, Some(execution), "done"),
        (&few, None, "scope_missing"),
        (&vic, None, "permission_missing"),
    ] {
        assert_eq!(
            lab.world.code(caller, &one(of(execution)).into()),
            expected,
            "{caller:?} {execution:?}"
        );
    }
    // What an agent records is its owner's.
    let (row, _) = lab.record(&key, one(of(None))).unwrap().remove(0);
    assert_eq!(row.user_id, Some(lab.ann_id));
}

#[test]
fn all_of_a_request_are_one_entry() {
    let mut lab = Lab::new();
    let ann = lab.ann.clone();
    let execution = lab.execution(None);
    let of = |execution| NewMetric {
        execution,
        ..metric("m", 1.0)
    };
    let about = |draft: &Draft| (draft.target_kind.clone(), draft.target_id, draft.writes.len());
    let draft = lab.draft(&ann, several(vec![of(Some(execution)); 3]));
    assert_eq!(draft.action, "metric.record");
    assert_eq!(about(&draft), (Some("execution".to_owned()), Some(execution), 3));
    let draft = lab.draft(&ann, several(vec![of(Some(execution)), of(None)]));
    assert_eq!(about(&draft), (None, None, 2));
    let draft = lab.draft(&ann, one(of(None)));
    let id = draft.writes[0].key().1;
    assert_eq!(about(&draft), (Some("metric".to_owned()), Some(id), 1));
    assert!(draft.payload.contains(r#""value":"1""#), "{}", draft.payload);
}

#[test]
fn numbers_have_one_text() {
    for (text, canonical) in [
        ("0.1", "0.1"),
        ("1.0", "1"),
        ("-0", "0"),
        ("-2e3", "-2000"),
        ("1e21", "1e+21"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ] {
        let number = Number::parse(text).unwrap();
        assert_eq!(number.text(), canonical);
        assert_eq!(Number::of_val(number.to_val()), Ok(number));
        let shown = serde_json::to_string(&number).unwrap();
        assert_eq!(Number::parse(&shown), Ok(number), "{shown}");
    }
    for text in [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "9007199254740993",
        "\"1\"",
        "null",
        "true",
        "",
        "1 2",
        "[1]",
    ] {
        assert!(Number::parse(text).is_err(), "{text}");
    }
    for double in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Number::new(double), None);
    }
    for stored in ["1.0", "-0", "NaN", "inf", "1e400", "1e21", "x", ""] {
        assert!(Number::of_val(stored.into()).is_err(), "{stored}");
    }
}
