use evidence::leaf::Outcome;
use serde_json::json;
use uuid::Uuid;

use super::tests::{EXECUTION, at, ends, execution, observe, observed, span};
use super::*;
use crate::identity::world::operator;
use crate::workflow::conversation::tests::erase;
use crate::workflow::execution::tests::{NOBODY, Plant};
use crate::workflow::execution::{ExecutionStatus, ROOT_MISSING, Said};
use crate::workflow::step::{CALL_ID_LEN_MAX, Content, STEPS_OF_EXECUTION_MAX};

#[test]
fn of_content_that_is_too_large_the_commitment_is_kept() {
    let mut plant = Plant::new();
    let large = Content::of(&json!("x".repeat(262_144)));
    let mut one = span(1);
    one.step.as_mut().unwrap().input = Some(large.clone());
    observed(&mut plant, vec![one.clone()]);
    let row = &plant.world.facts.steps.values().next().unwrap().row;
    assert_eq!(row.input, None);
    assert_eq!(
        row.holds(row.input_commitment.as_deref(), large.as_str()),
        Some(true)
    );
    let ann = plant.ann.clone();
    let again = observe(&plant, vec![one]);
    assert_eq!(plant.code(&ann, again), "nothing");
}

#[test]
fn a_span_that_cannot_be_is_rejected_alone() {
    let mut plant = Plant::new();
    let mut ahead = span(1);
    ahead.step.as_mut().unwrap().finished_at = Some(at(86_401));
    let mut unknown = span(2);
    unknown.step.as_mut().unwrap().approval = Some(NOBODY);
    let mut long = span(3);
    long.step.as_mut().unwrap().call_id = Some("x".repeat(CALL_ID_LEN_MAX + 1));
    let bare = Span {
        step: None,
        ..ends(span(0), false, at(86_401))
    };
    let done = observed(&mut plant, vec![ahead, unknown, long, bare, span(4)]);
    let rejected: Vec<(usize, &str)> = done
        .rejected
        .iter()
        .map(|(place, _, why)| (*place, why.split(':').next().unwrap()))
        .collect();
    let expected = [
        (0, "finished_at"),
        (1, "approval"),
        (2, "call_id"),
        (3, "finished_at"),
    ];
    assert_eq!(rejected, expected);
    assert_eq!(
        (done.steps, execution(&plant).status),
        (1, ExecutionStatus::Running)
    );
    assert_eq!(execution(&plant).started_at, at(4 - 60));
    plant
        .world
        .facts
        .executions
        .get_mut(&EXECUTION)
        .unwrap()
        .row
        .steps = Some(STEPS_OF_EXECUTION_MAX);
    let done = observed(&mut plant, vec![span(5)]);
    assert_eq!(done.rejected[0].1, "execution_full");
}

#[test]
pub fn bounds_and_who_may() {
    let mut plant = Plant::new();
    let good = observe(&plant, vec![span(1)]);
    let with = |change: &dyn Fn(&mut ObserveTrace)| {
        let mut command = good.clone();
        change(&mut command);
        command
    };
    for (field, command) in [
        ("execution", with(&|command| command.execution = Uuid::nil())),
        ("trace_id", with(&|command| command.trace_id = "x".repeat(65))),
        ("lease_s", with(&|command| command.lease_s = 9)),
        ("lease_s", with(&|command| command.lease_s = 86_401)),
        (
            "spans[0].workflow",
            with(&|command| command.spans[0].workflow = "x".repeat(201)),
        ),
        (
            "spans[0].thread",
            with(&|command| command.spans[0].thread = Some((String::new(), "x".repeat(257)))),
        ),
        (
            "spans[0].aim.actor",
            with(&|command| command.spans[0].told.actor = Some(said("x".repeat(257)))),
        ),
        (
            "spans[0].aim.mission",
            with(&|command| command.spans[0].told.mission = Some(said("x".repeat(10_001)))),
        ),
        (
            "spans[0].user",
            with(&|command| command.spans[0].told.user = Some(said("\n".to_owned()))),
        ),
        (
            "spans[0].error_type",
            with(&|command| {
                command.spans[0] = ends(span(1), true, at(0));
                let end = command.spans[0].told.end.as_mut().unwrap();
                end.is.error_type = Some(ROOT_MISSING.to_owned());
            }),
        ),
    ] {
        assert_eq!(plant.field(command).as_deref(), Some(field));
    }
    let ann = plant.ann.clone();
    for (count, expected) in [
        (0, "too_many_steps"),
        (SPANS_MAX + 1, "too_many_steps"),
        (SPANS_MAX, "done"),
    ] {
        let command = with(&|command| command.spans = vec![span_of(&good); count]);
        assert_eq!(plant.code(&ann, command), expected, "{count}");
    }
    let (vic, bob) = (plant.vic.clone(), plant.bob.clone());
    for caller in [vic, bob] {
        assert_eq!(plant.code(&caller, good.clone()), "permission_missing");
    }
    let nobody = with(&|command| command.user = NOBODY);
    assert_eq!(plant.code(&operator(), nobody), "unknown_user");
    let erased = erase(plant.ann_id, vec![EXECUTION]);
    assert_eq!(plant.code(&operator(), erased), "done");
    assert_eq!(plant.code(&operator(), good), "user_erased");
    assert_eq!(execution(&plant).told, None);
}

fn said(is: String) -> Said<String> {
    let by = String::new();
    Said { by, is }
}

fn span_of(command: &ObserveTrace) -> Span {
    command.spans[0].clone()
}

#[test]
fn what_is_told_is_in_no_entry() {
    let mut plant = Plant::new();
    let mut one = span(1);
    one.told.user = Some(Said {
        by: String::new(),
        is: "medlar".to_owned(),
    });
    one.step.as_mut().unwrap().output = Some(Content::of(&json!("quince")));
    let command = observe(&plant, vec![one]);
    let decided = plant.world.decide(&plant.ann.clone(), &command.into()).unwrap();
    assert_eq!(decided.drafts[0].outcome, Outcome::Success);
    for word in ["medlar", "quince"] {
        assert!(!decided.drafts[0].payload.contains(word), "{word}");
    }
}
