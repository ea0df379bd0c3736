use evidence::payload::DragMode;
use evidence::time::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::context::Caller;
use crate::decision::Reply;
use crate::identity::Scope;
use crate::identity::world::operator;
use crate::workflow::conversation::{CreateConversation, EndConversation};
use crate::workflow::execution::tests::{Plant, complete};
use crate::workflow::execution::{
    Execution, ExecutionStatus, ExpireExecutions, ROOT_MISSING, RootEnd, Said, Told,
};
use crate::workflow::metric::{Metric, Number};
use crate::workflow::step::tests::tool;
use crate::workflow::step::{Content, ExecutionStep, NewStep};

pub(super) const EXECUTION: Uuid = Uuid::from_u128(0xe1);

/// So many seconds after the world begins.
pub(super) fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-21T08:30:00Z".parse().unwrap();
    start.plus_seconds(seconds)
}

/// A span that begins so many seconds after the first; 0 is the root.
pub(super) fn span(number: u8) -> Span {
    let (start, end) = (at(i64::from(number) - 60), at(i64::from(number) - 30));
    let stands = format!("{}{number:03}", u8::from(number > 0));
    let step = NewStep {
        id: Some(Uuid::from_u128(0x100 + u128::from(number))),
        started_at: Some(start),
        finished_at: Some(end),
        input: Some(Content::of(&json!({ "number": number }))),
        ..tool()
    };
    Span {
        step: Some(step),
        started_at: start,
        told: Told {
            workflow: Some(Said {
                by: format!("1{stands}"),
                is: format!("service-{number}"),
            }),
            ..Told::default()
        },
        thread: None,
        workflow: format!("service-{number}"),
        drag_mode: None,
        scores: Vec::new(),
    }
}

pub(super) fn ends(span: Span, failed: bool, at: Timestamp) -> Span {
    let end = RootEnd {
        at,
        failed,
        error_type: failed.then(|| "timeout".to_owned()),
        error: None,
    };
    let by = "00".to_owned();
    let told = Told {
        end: Some(Said { by, is: end }),
        ..span.told
    };
    Span { told, ..span }
}

pub(super) fn root() -> Span {
    ends(span(0), false, at(-20))
}

pub(super) fn observe(plant: &Plant, spans: Vec<Span>) -> ObserveTrace {
    ObserveTrace {
        execution: EXECUTION,
        user: plant.ann_id,
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        renewed: None,
        lease_s: 3_600,
        spans,
    }
}

pub(super) fn observed(plant: &mut Plant, spans: Vec<Span>) -> Observation {
    let command = observe(plant, spans);
    let reply = plant.world.run(&operator(), &command.into()).unwrap();
    Observation::try_from(reply).unwrap()
}

pub(super) fn execution(plant: &Plant) -> &Execution {
    &plant.world.facts.executions[&EXECUTION].row
}

/// An execution, its steps and metrics, and conversations with their threads.
type Rows = (Execution, Vec<ExecutionStep>, Vec<Metric>, Vec<(Uuid, String)>);

/// All rows, but for what says in which order they came.
fn rows(plant: &Plant) -> Rows {
    let facts = &plant.world.facts;
    let step = |step: &ExecutionStep| {
        assert_eq!(
            step.holds(step.input_commitment.as_deref(), step.input.as_deref().unwrap()),
            Some(true)
        );
        ExecutionStep {
            number: 0,
            input_commitment: None,
            content_salt: None,
            recorded_at: at(0),
            ..step.clone()
        }
    };
    let mut steps: Vec<_> = facts.steps.values().map(|sealed| step(&sealed.row)).collect();
    steps.sort_by_key(|step| step.id);
    let mut metrics: Vec<_> = facts.metrics.values().map(|sealed| sealed.row.clone()).collect();
    metrics.sort_by_key(|metric| metric.id);
    let conversations = facts.conversations.values();
    let mut threads: Vec<_> = conversations
        .map(|sealed| (sealed.row.id, sealed.row.thread.clone().unwrap()))
        .collect();
    threads.sort();
    let execution = Execution {
        expires_at: at(0),
        ..execution(plant).clone()
    };
    (execution, steps, metrics, threads)
}

/// Spans that say different things of the same execution.
fn all_spans() -> Vec<Span> {
    let mut spans: Vec<Span> = (1..7).map(span).collect();
    let said = |by: &str, is: &str| {
        Some(Said {
            by: by.to_owned(),
            is: is.to_owned(),
        })
    };
    spans[1].told.workflow = said("01002", "refunds");
    spans[2].told.workflow = said("01003", "claims");
    spans[2].told.mission = said("01003", "a mission");
    spans[3].told.actor = said("01004", "an actor");
    spans[4].told.user = said("01005", "u-5");
    spans[4].thread = Some(("01005".to_owned(), "t-5".to_owned()));
    spans[5].thread = Some(("01006".to_owned(), "t-6".to_owned()));
    spans[5].told.drag_mode = Some(Said {
        by: "01006".to_owned(),
        is: DragMode::Grunt,
    });
    spans[5].scores.push(NewScore {
        id: Uuid::from_u128(0x5c),
        name: "relevance".to_owned(),
        value: Number::new(0.5).unwrap(),
        at: at(-1),
    });
    // A root that is no step, beside one that is.
    let bare = Span {
        step: None,
        ..ends(span(0), true, at(-10))
    };
    spans.push(bare);
    let mut other = ends(span(9), false, at(-5));
    other.told.end.as_mut().unwrap().by = "09".to_owned();
    spans.push(other);
    spans
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_split_and_repetition_leaves_the_same_rows(
        order in Just((0..8_usize).chain(0..8).collect::<Vec<_>>()).prop_shuffle(),
        cuts in proptest::collection::vec(any::<bool>(), 16),
    ) {
        let mut expected = Plant::new();
        let spans = all_spans();
        observed(&mut expected, spans.clone());
        let mut plant = Plant::new();
        // A root alone begins nothing: it comes again, as the first step's request does.
        let mut part = Vec::new();
        let mut late = Vec::new();
        for (index, cut) in order.into_iter().zip(cuts) {
            if spans[index].step.is_none() {
                late.push(spans[index].clone());
            }
            part.push(spans[index].clone());
            if cut {
                let done = observed(&mut plant, std::mem::take(&mut part));
                prop_assert_eq!(done.rejected, vec![]);
            }
        }
        part.extend(late);
        observed(&mut plant, part);
        prop_assert_eq!(rows(&plant), rows(&expected));
        prop_assert_eq!(execution(&plant).steps(), 7);
    }
}

#[test]
fn what_is_said_first_counts_however_late_it_comes() {
    let mut plant = Plant::new();
    let spans = all_spans();
    observed(&mut plant, spans);
    let row = execution(&plant);
    let told = row.told.clone().unwrap();
    assert_eq!(
        (row.workflow.as_str(), row.actor.as_deref()),
        ("refunds", Some("an actor"))
    );
    assert_eq!(
        (row.mission.as_deref(), row.drag_mode),
        (Some("a mission"), Some(DragMode::Grunt))
    );
    assert_eq!(row.conversation_id, Some(conversation_id(plant.ann_id, "t-5")));
    assert_eq!((told.user.unwrap().is.as_str(), told.agent), ("u-5", None));
    assert_eq!(
        (row.status, row.finished_at),
        (ExecutionStatus::Failed, Some(at(-10)))
    );
    assert_eq!(row.started_at, at(-60));
    assert_eq!(row.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    let days = &plant.world.facts.run_days.0;
    let counted: Vec<_> = days.iter().filter(|(_, runs)| runs.failed != 0).collect();
    assert_eq!(
        counted.len(),
        3,
        "by workflow, mode and user, each once: {days:?}"
    );
}

#[test]
fn a_span_again_is_no_second_step_and_other_content_is_rejected_and_named() {
    let mut plant = Plant::new();
    let first = observed(&mut plant, vec![span(1), span(1), span(2)]);
    assert_eq!((first.steps, first.again, first.rejected.len()), (2, 1, 0));
    let ann = plant.ann.clone();
    let again = observe(&plant, vec![span(2), span(1)]);
    assert_eq!(plant.code(&ann, again), "nothing");
    let mut other = span(1);
    other.step.as_mut().unwrap().name = "other".to_owned();
    other.told.mission = Some(Said {
        by: String::new(),
        is: "not taken".to_owned(),
    });
    let done = observed(&mut plant, vec![span(3), other]);
    let [(1, "id_conflict", why)] = &done.rejected[..] else {
        panic!("{:?}", done.rejected);
    };
    assert!(
        why.starts_with("name: step") && why.ends_with("with another name"),
        "{why}"
    );
    assert_eq!((done.steps, execution(&plant).steps()), (1, 3));
    assert_eq!(execution(&plant).mission, None);
}

#[test]
fn the_root_ends_it_and_steps_may_follow() {
    let mut plant = Plant::new();
    observed(&mut plant, vec![span(1)]);
    assert_eq!(execution(&plant).status, ExecutionStatus::Running);
    let command = observe(&plant, vec![root()]);
    let decided = plant.world.decide(&plant.ann.clone(), &command.into()).unwrap();
    assert!(decided.drafts[0].payload.contains(r#""details":{"steps":2}"#));
    assert_eq!(execution(&plant).finished_at, Some(at(-20)));
    let command = observe(&plant, vec![span(2)]);
    let decided = plant.world.decide(&plant.ann.clone(), &command.into()).unwrap();
    assert!(decided.drafts[0].payload.contains(r#""details":{"steps":3}"#));
    assert_eq!(execution(&plant).status, ExecutionStatus::Completed);
}

#[test]
fn a_root_that_never_comes_is_missing_until_it_comes() {
    for swept in [false, true] {
        let mut plant = Plant::new();
        let (one, two, late) = (span(1), span(2), root());
        observed(&mut plant, vec![one]);
        plant.world.wait(3_599);
        observed(&mut plant, vec![two]);
        plant.world.wait(3_600);
        let lapsed = execution(&plant).clone().as_of(None, plant.world.now);
        assert_eq!(lapsed.error_type.as_deref(), Some(ROOT_MISSING));
        if swept {
            let expire = ExpireExecutions {
                executions: vec![(EXECUTION, None)],
                agents: Vec::new(),
            };
            let clock = Caller::System { part: "expiry" };
            assert_eq!(plant.code(&clock, expire), "done");
        }
        // A span that comes now is a step, and changes nothing of that.
        let mut three = span(3);
        three.step.as_mut().unwrap().id = Some(Uuid::from_u128(0x1ff));
        observed(&mut plant, vec![three]);
        let row = execution(&plant);
        assert_eq!(
            (row.status, row.finished_at),
            (ExecutionStatus::Failed, lapsed.finished_at)
        );
        assert_eq!(row.error_type.as_deref(), Some(ROOT_MISSING));
        let done = observed(&mut plant, vec![late]);
        assert_eq!(done.steps, 1);
        let row = execution(&plant);
        assert_eq!(
            (row.status, row.error_type.as_deref()),
            (ExecutionStatus::Completed, None)
        );
        assert_eq!(row.steps(), 4);
    }
}

#[test]
fn an_end_that_somebody_said_stays() {
    let mut plant = Plant::new();
    observed(&mut plant, vec![span(1)]);
    let ann = plant.ann.clone();
    assert_eq!(plant.code(&ann, complete(EXECUTION, "{}")), "done");
    let ended = execution(&plant).finished_at;
    let failed = ends(span(0), true, at(-20));
    observed(&mut plant, vec![failed]);
    let row = execution(&plant);
    assert_eq!((row.status, row.finished_at), (ExecutionStatus::Completed, ended));
    assert_eq!(row.steps(), 2);
}

#[test]
pub fn what_somebody_started_takes_steps_and_ends_when_they_say() {
    let mut plant = Plant::new();
    let made = plant.made(crate::workflow::execution::StartExecution {
        id: Some(EXECUTION),
        ..plant.start()
    });
    let done = observed(&mut plant, vec![span(1), root()]);
    assert_eq!((done.steps, done.rejected.len()), (2, 0));
    let row = execution(&plant);
    assert_eq!(
        (row.workflow.as_str(), row.started_at),
        ("triage", made.started_at)
    );
    assert_eq!((row.status, &row.told), (ExecutionStatus::Running, &None));
    let ann = plant.ann.clone();
    assert_eq!(plant.code(&ann, complete(EXECUTION, "{}")), "done");
    let done = observed(&mut plant, vec![span(2)]);
    assert_eq!(done.rejected[0].1, "execution_finished");
    // That of somebody else is as if it were not there.
    let svc = plant.svc.clone();
    let others = ObserveTrace {
        user: plant.bob_id,
        ..observe(&plant, vec![span(3)])
    };
    assert_eq!(plant.code(&svc, others), "unknown_execution");
}

#[test]
fn a_root_that_is_no_step_begins_nothing() {
    let mut plant = Plant::new();
    let bare = Span { step: None, ..root() };
    let ann = plant.ann.clone();
    let alone = observe(&plant, vec![bare.clone()]);
    assert_eq!(plant.code(&ann, alone), "nothing");
    assert!(plant.world.facts.executions.is_empty());
    let done = observed(&mut plant, vec![span(1), bare]);
    assert_eq!(
        (done.steps, execution(&plant).status),
        (1, ExecutionStatus::Completed)
    );
}

#[test]
fn a_thread_makes_or_finds_the_conversation() {
    let mut plant = Plant::new();
    let create = |plant: &Plant, thread: &str| CreateConversation {
        id: None,
        user: plant.ann_id,
        thread: thread.to_owned(),
        title: None,
        context: None,
    };
    let ann = plant.ann.clone();
    let mut ids = Vec::new();
    for thread in ["t-1", "t-2"] {
        let command = create(&plant, thread).into();
        let Reply::Conversation { conversation, .. } = plant.world.run(&ann, &command).unwrap() else {
            panic!("no conversation");
        };
        ids.push(conversation.id);
    }
    let end = EndConversation { conversation: ids[1] };
    assert_eq!(plant.code(&ann, end), "done");
    for (number, thread, expected) in [
        (1, "t-1", Some(ids[0])),
        // What has ended takes no more.
        (2, "t-2", None),
        (3, "t-3", Some(conversation_id(plant.ann_id, "t-3"))),
    ] {
        let mut one = span(number);
        one.thread = Some(("0".to_owned(), thread.to_owned()));
        let execution = Uuid::from_u128(u128::from(number));
        let command = ObserveTrace {
            execution,
            ..observe(&plant, vec![one])
        };
        plant.world.run(&ann, &command.into()).unwrap();
        let row = &plant.world.facts.executions[&execution].row;
        assert_eq!(row.conversation_id, expected, "{thread}");
    }
    assert_eq!(plant.world.facts.conversations.len(), 3);
}

#[test]
fn who_acted_is_the_keys_agent() {
    let mut plant = Plant::new();
    let agent = plant.world.agent("triage", plant.ann_id);
    let caller = plant.world.agent_key("ann", agent, &[Scope::Workflows]);
    let command = observe(&plant, vec![span(1)]);
    assert_eq!(plant.code(&caller, command), "done");
    assert_eq!(execution(&plant).agent_id, Some(agent));
}
