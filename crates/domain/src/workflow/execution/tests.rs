use super::*;
use crate::command::Command;
use crate::context::Caller;
use crate::identity::world::{World, operator};
use crate::workflow::conversation::tests::erase;
use crate::workflow::conversation::{CreateConversation, EndConversation};

/// A world with two users who keep their own, a service that keeps all, and a viewer.
pub(crate) struct Plant {
    pub world: World,
    pub ann: Caller,
    pub ann_id: Uuid,
    pub bob: Caller,
    pub bob_id: Uuid,
    pub svc: Caller,
    pub vic: Caller,
}

impl Plant {
    pub fn new() -> Plant {
        let mut world = World::new();
        let (ann_id, bob_id) = (world.user("ann", "user"), world.user("bob", "developer"));
        let (svc, vic) = (world.user("svc", "service"), world.user("vic", "viewer"));
        Plant {
            ann: world.session(ann_id),
            bob: world.session(bob_id),
            svc: world.session(svc),
            vic: world.session(vic),
            world,
            ann_id,
            bob_id,
        }
    }

    pub fn start(&self) -> StartExecution {
        StartExecution {
            id: None,
            workflow: "triage".to_owned(),
            user: self.ann_id,
            agent: None,
            conversation: None,
            parent: None,
            trace_id: None,
            drag_mode: None,
            actor: None,
            input: None,
            mission: None,
            lease_s: LEASE_S_USUAL,
        }
    }

    pub fn made(&mut self, command: impl Into<Command>) -> Execution {
        let reply = self.world.run(&self.ann.clone(), &command.into()).unwrap();
        <(Execution, u64)>::try_from(reply).unwrap().0
    }

    pub fn field(&mut self, command: impl Into<Command>) -> Option<String> {
        match self.world.run(&self.ann.clone(), &command.into()) {
            Ok(_) => None,
            Err(refusal) => {
                assert_eq!(refusal.code, "invalid_field");
                refusal.field
            }
        }
    }

    pub fn code(&mut self, caller: &Caller, command: impl Into<Command>) -> &'static str {
        self.world.code(caller, &command.into())
    }

    fn conversation(&mut self, user: Uuid) -> Uuid {
        let command = CreateConversation {
            id: None,
            user,
            thread: "t".to_owned(),
            title: None,
            context: None,
        };
        let reply = self.world.run(&operator(), &command.into()).unwrap();
        let (made, _) = <(crate::workflow::conversation::Conversation, u64)>::try_from(reply).unwrap();
        made.id
    }
}

pub(crate) fn finish<F>(execution: Uuid, finish: F) -> FinishExecution<F> {
    FinishExecution {
        execution,
        renewed: None,
        finish,
    }
}

pub(crate) fn complete(execution: Uuid, result: &str) -> CompleteExecution {
    let result = Some(result.to_owned());
    finish(execution, Complete { result })
}

pub(crate) const NOBODY: Uuid = Uuid::from_u128(0xdead);

type With = fn(&mut StartExecution, String);

#[test]
pub fn bounds_at_their_edges() {
    let texts: [(&str, usize, With); 4] = [
        ("workflow", WORKFLOW_LEN_MAX, |start, text| start.workflow = text),
        ("trace_id", TRACE_LEN_MAX, |start, text| {
            start.trace_id = Some(text);
        }),
        ("aim.actor", 256, |start, text| start.actor = Some(text)),
        ("aim.mission", 10_000, |start, text| start.mission = Some(text)),
    ];
    for (field, max, with) in texts {
        for (length, good) in [(1, true), (max, true), (0, false), (max + 1, false)] {
            let mut plant = Plant::new();
            let mut start = plant.start();
            with(&mut start, "é".repeat(length));
            let expected = (!good).then_some(field);
            assert_eq!(plant.field(start).as_deref(), expected, "{field} {length}");
        }
        let mut plant = Plant::new();
        let mut start = plant.start();
        with(&mut start, "a\nb".to_owned());
        // A mission is words for people, of any number of lines.
        let expected = Some(field).filter(|field| *field != "aim.mission");
        assert_eq!(plant.field(start).as_deref(), expected, "a line break in {field}");
    }
    for (lease_s, good) in [(9, false), (10, true), (86_400, true), (86_401, false)] {
        let mut plant = Plant::new();
        let start = StartExecution {
            lease_s,
            ..plant.start()
        };
        assert_eq!(
            plant.field(start).as_deref(),
            (!good).then_some("lease_s"),
            "{lease_s}"
        );
    }
    let content = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
    for (text, good) in [
        (content(CONTENT_LEN_MAX), true),
        (content(CONTENT_LEN_MAX + 1), false),
        ("7".to_owned(), false),
    ] {
        let mut plant = Plant::new();
        let start = StartExecution {
            input: Some(text.clone()),
            ..plant.start()
        };
        assert_eq!(plant.field(start).as_deref(), (!good).then_some("aim.input"));
        let id = plant.made(plant.start()).id;
        assert_eq!(
            plant.field(complete(id, &text)).as_deref(),
            (!good).then_some("result")
        );
    }
    let fail = |error_type: &str, error: &str| Fail {
        error_type: Some(error_type.to_owned()),
        error: Some(error.to_owned()),
    };
    let (kind, words) = ("x".repeat(ERROR_TYPE_LEN_MAX), "é".repeat(ERROR_LEN_MAX));
    for (ending, field) in [
        (fail(&kind, &words), None),
        (fail(&format!("{kind}x"), "e"), Some("error_type")),
        (fail("", "e"), Some("error_type")),
        (fail(LEASE_LAPSED, "e"), Some("error_type")),
        (fail("e", &format!("{words}é")), Some("error")),
        (fail("e", ""), Some("error")),
        (fail("e", "at a\r\n\tat b"), None),
        (fail("e", "a\u{1b}[31m"), Some("error")),
    ] {
        let mut plant = Plant::new();
        let id = plant.made(plant.start()).id;
        assert_eq!(plant.field(finish(id, ending)).as_deref(), field);
    }
    let mut plant = Plant::new();
    let id = plant.made(plant.start()).id;
    let reason = Some(String::new());
    assert_eq!(
        plant.field(finish(id, Cancel { reason })).as_deref(),
        Some("reason")
    );
    let nil = StartExecution {
        id: Some(Uuid::nil()),
        ..plant.start()
    };
    assert_eq!(plant.field(nil).as_deref(), Some("id"));
}

#[test]
pub fn an_id_is_one_content() {
    let mut plant = Plant::new();
    let (ann, svc) = (plant.ann.clone(), plant.svc.clone());
    let start = StartExecution {
        id: Some(Uuid::from_u128(7)),
        ..plant.start()
    };
    let made = plant.made(start.clone());
    assert_eq!(plant.code(&ann, start.clone()), "nothing");
    assert_eq!(plant.made(start.clone()), made);
    for (field, other) in [
        (
            "workflow",
            StartExecution {
                workflow: "other".to_owned(),
                ..start.clone()
            },
        ),
        (
            "lease_s",
            StartExecution {
                lease_s: 10,
                ..start.clone()
            },
        ),
        (
            "aim.mission",
            StartExecution {
                mission: Some("m".to_owned()),
                ..start
            },
        ),
    ] {
        let refusal = plant.world.run(&svc, &other.into()).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("id_conflict", Some(field))
        );
    }
}

#[test]
pub fn the_end_is_final_and_the_same_end_again_is_answered_alike() {
    let mut plant = Plant::new();
    let ann = plant.ann.clone();
    let fail = Fail {
        error_type: Some("timeout".to_owned()),
        error: None,
    };
    let cancel = Cancel {
        reason: Some("enough".to_owned()),
    };
    let endings = |id| -> [Command; 4] {
        [
            complete(id, r#"{"a":1}"#).into(),
            complete(id, r#"{"a":2}"#).into(),
            finish(id, fail.clone()).into(),
            finish(id, cancel.clone()).into(),
        ]
    };
    for number in 0..4 {
        let id = plant.made(plant.start()).id;
        let first = plant.made(endings(id)[number].clone());
        assert_ne!(first.status, ExecutionStatus::Running);
        for (other, again) in endings(id).into_iter().enumerate() {
            let expected = if other == number {
                "nothing"
            } else {
                "execution_finished"
            };
            assert_eq!(plant.code(&ann, again), expected, "{number} {other}");
        }
        // Neither does the clock change it any more.
        plant.world.wait(301);
        assert_eq!(plant.made(endings(id)[number].clone()), first);
    }
}

#[test]
pub fn a_lease_lapses_by_the_clock_whether_or_not_that_is_written_down() {
    for swept in [false, true] {
        let mut plant = Plant::new();
        let ann = plant.ann.clone();
        let execution = plant.made(plant.start());
        let lapses = execution.expires_at;
        assert_eq!(lapses, execution.started_at.plus_seconds(300));
        plant.world.wait(299);
        let expire = |renewed| ExpireExecutions {
            executions: vec![(execution.id, renewed), (execution.id, renewed), (NOBODY, None)],
            agents: Vec::new(),
        };
        let clock = Caller::System { part: "expiry" };
        assert_eq!(plant.code(&clock, expire(None)), "nothing");
        plant.world.wait(1);
        let renewed = Some(plant.world.now.plus_seconds(100));
        assert_eq!(plant.code(&clock, expire(renewed)), "nothing");
        if swept {
            let reply = plant.world.run(&clock, &expire(None).into()).unwrap();
            assert_eq!(u64::try_from(reply).unwrap(), 1);
            let row = plant.world.facts.executions[&execution.id].row.clone();
            assert_eq!(row, execution.clone().as_of(None, plant.world.now));
            assert_eq!(row.error_type.as_deref(), Some(LEASE_LAPSED));
            assert_eq!(
                (row.status, row.finished_at),
                (ExecutionStatus::Failed, Some(lapses))
            );
        }
        let late = complete(execution.id, "{}");
        assert_eq!(plant.code(&ann, late.clone()), "execution_finished");
        if !swept {
            // In time, where the lease was renewed.
            assert_eq!(plant.code(&ann, CompleteExecution { renewed, ..late }), "done");
        }
    }
}

#[test]
pub fn executions_are_within_each_other_and_in_conversations_of_their_user() {
    let mut plant = Plant::new();
    let (ann, svc) = (plant.ann.clone(), plant.svc.clone());
    let mut parent = None;
    for depth in 1..=DEPTH_MAX {
        let made = plant.made(StartExecution {
            parent,
            ..plant.start()
        });
        assert_eq!((made.depth, made.parent_id), (depth, parent));
        parent = Some(made.id);
    }
    let deeper = StartExecution {
        parent,
        ..plant.start()
    };
    assert_eq!(plant.field(deeper).as_deref(), Some("parent"));
    let (own, other) = (plant.conversation(plant.ann_id), plant.conversation(plant.bob_id));
    let of_bob = StartExecution {
        user: plant.bob_id,
        ..plant.start()
    };
    for (command, expected) in [
        (
            StartExecution {
                parent: Some(NOBODY),
                ..plant.start()
            },
            "unknown_execution",
        ),
        (
            StartExecution {
                parent,
                ..of_bob.clone()
            },
            "unknown_execution",
        ),
        (
            StartExecution {
                conversation: Some(other),
                ..plant.start()
            },
            "unknown_conversation",
        ),
        (
            StartExecution {
                conversation: Some(own),
                ..plant.start()
            },
            "done",
        ),
    ] {
        assert_eq!(plant.code(&svc, command), expected);
    }
    let end = EndConversation { conversation: own };
    assert_eq!(plant.code(&ann, end), "done");
    let late = StartExecution {
        conversation: Some(own),
        ..plant.start()
    };
    assert_eq!(plant.code(&ann, late), "conversation_ended");
}

#[test]
pub fn who_may_run_for_whom() {
    let mut plant = Plant::new();
    let callers = [
        plant.vic.clone(),
        plant.bob.clone(),
        plant.ann.clone(),
        plant.svc.clone(),
        operator(),
    ];
    let start = plant.start();
    for (caller, expected) in
        callers
            .iter()
            .zip(["permission_missing", "permission_missing", "done", "done", "done"])
    {
        assert_eq!(plant.code(caller, start.clone()), expected, "{caller:?}");
    }
    for (caller, expected) in
        callers
            .iter()
            .zip(["permission_missing", "unknown_execution", "done", "done", "done"])
    {
        let id = plant.made(start.clone()).id;
        for command in [
            Command::from(complete(id, "{}")),
            finish(plant.made(start.clone()).id, Fail::default()).into(),
            finish(plant.made(start.clone()).id, Cancel::default()).into(),
        ] {
            assert_eq!(plant.world.code(caller, &command), expected, "{caller:?}");
        }
    }
    let nobody = StartExecution {
        user: NOBODY,
        ..start
    };
    assert_eq!(plant.code(&operator(), nobody), "unknown_user");
    for command in [
        Command::from(complete(NOBODY, "{}")),
        finish(NOBODY, Fail::default()).into(),
        finish(NOBODY, Cancel::default()).into(),
    ] {
        assert_eq!(plant.world.code(&operator(), &command), "unknown_execution");
    }
}

#[test]
pub fn what_is_held_is_in_no_entry_and_goes_with_the_user() {
    let mut plant = Plant::new();
    let ann = plant.ann.clone();
    let start = StartExecution {
        actor: Some("loquat".to_owned()),
        input: Some(r#"{"a":"medlar"}"#.to_owned()),
        mission: Some("quince".to_owned()),
        ..plant.start()
    };
    let mut payloads = String::new();
    let mut ids = Vec::new();
    for ending in [Some(r#"{"a":"rowan"}"#), None] {
        let decided = plant.world.decide(&ann, &start.clone().into()).unwrap();
        payloads += &decided.drafts[0].payload;
        let id = decided.drafts[0].target_id.unwrap();
        ids.push(id);
        if let Some(result) = ending {
            let decided = plant.world.decide(&ann, &complete(id, result).into()).unwrap();
            payloads += &decided.drafts[0].payload;
        }
    }
    for word in ["loquat", "medlar", "quince", "rowan"] {
        assert!(!payloads.contains(word), "{word}");
    }
    let (first, second) = (erase(plant.ann_id, ids.clone()), erase(plant.ann_id, Vec::new()));
    // What runs is cancelled by an entry of its own.
    let decided = plant.world.decide(&operator(), &first.into()).unwrap();
    let about = decided
        .drafts
        .iter()
        .map(|draft| (&*draft.action, draft.target_id));
    let expected = [
        ("user.erase", Some(plant.ann_id)),
        ("execution.cancel", Some(ids[1])),
    ];
    assert!(about.eq(expected));
    assert!(decided.drafts[1].payload.contains(r#""details":{"steps":0}"#));
    assert_eq!(plant.code(&operator(), second), "nothing");
    let statuses = [ExecutionStatus::Completed, ExecutionStatus::Cancelled];
    for (id, status) in ids.iter().zip(statuses) {
        let left = &plant.world.facts.executions[id].row;
        let held = [&left.actor, &left.input, &left.mission, &left.result, &left.error];
        assert_eq!(held, [&None; 5]);
        assert_eq!((left.status, left.finished_at.is_some()), (status, true));
        assert_eq!(left.workflow, "triage");
    }
    assert_eq!(plant.code(&operator(), start), "user_erased");
}
