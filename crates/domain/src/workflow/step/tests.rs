use evidence::commitment::commit;
use evidence::leaf::Outcome;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::governance::agent::tests::disable;
use crate::identity::Scope;
use crate::identity::world::operator;
use crate::workflow::conversation::tests::erase;
use crate::workflow::execution::tests::{NOBODY, Plant, complete};
use crate::workflow::execution::{CONTENT_LEN_MAX, ERROR_TYPE_LEN_MAX, Execution, StartExecution};

fn step(kind: StepKind) -> NewStep {
    NewStep {
        id: None,
        kind,
        name: "search".to_owned(),
        provider: None,
        request_model: None,
        response_model: None,
        finish_reasons: Vec::new(),
        call_id: None,
        started_at: None,
        finished_at: None,
        outcome: Outcome::Success,
        error_type: None,
        usage: Usage::default(),
        cost: None,
        approval: None,
        input: None,
        output: None,
    }
}

pub(crate) fn tool() -> NewStep {
    step(StepKind::Tool)
}

fn changed(with: &dyn Fn(&mut NewStep)) -> NewStep {
    let mut new = tool();
    with(&mut new);
    new
}

pub(super) fn record(execution: Uuid, steps: Vec<NewStep>) -> RecordSteps {
    RecordSteps {
        execution,
        renewed: None,
        steps,
        next: None,
    }
}

/// Records steps as ann, who runs it; their ids and numbers.
fn recorded(plant: &mut Plant, command: RecordSteps) -> Vec<RecordedStep> {
    let reply = plant.world.run(&plant.ann.clone(), &command.into()).unwrap();
    <(Uuid, u64, Vec<RecordedStep>)>::try_from(reply).unwrap().2
}

fn execution(plant: &Plant, id: Uuid) -> &Execution {
    &plant.world.facts.executions[&id].row
}

type With = fn(&mut NewStep, String);

#[test]
pub fn bounds_at_their_edges() {
    let texts: [(&str, usize, With); 6] = [
        ("name", NAME_LEN_MAX, |step, text| step.name = text),
        ("provider", PROVIDER_LEN_MAX, |step, text| {
            step.provider = Some(text);
        }),
        ("request_model", NAME_LEN_MAX, |step, text| {
            step.request_model = Some(text);
        }),
        ("response_model", NAME_LEN_MAX, |step, text| {
            step.response_model = Some(text);
        }),
        ("call_id", CALL_ID_LEN_MAX, |step, text| step.call_id = Some(text)),
        ("error_type", ERROR_TYPE_LEN_MAX, |step, text| {
            step.error_type = Some(text);
        }),
    ];
    let mut plant = Plant::new();
    let id = plant.made(plant.start()).id;
    for (field, max, with) in texts {
        for (length, good) in [(1, true), (max, true), (0, false), (max + 1, false)] {
            let mut new = tool();
            with(&mut new, "é".repeat(length));
            let expected = (!good).then(|| format!("steps[1].{field}"));
            assert_eq!(
                plant.field(record(id, vec![tool(), new])),
                expected,
                "{field} {length}"
            );
        }
        let mut new = tool();
        with(&mut new, "a\nb".to_owned());
        let expected = Some(format!("steps[0].{field}"));
        assert_eq!(
            plant.field(record(id, vec![new])),
            expected,
            "a line break in {field}"
        );
    }
}

#[test]
pub fn bounds_of_what_is_no_text() {
    let mut plant = Plant::new();
    let id = plant.made(plant.start()).id;
    let reasons = |count: usize, length: usize| vec!["x".repeat(length); count];
    let now = plant.world.now;
    let (day, more) = (now.plus_seconds(86_000), now.plus_seconds(86_500));
    let content = |length: usize| Some(Content::of(&json!("x".repeat(length - 2))));
    let tokens = |tokens| Usage {
        input: Some(tokens),
        reasoning: Some(0),
        ..Usage::default()
    };
    let good = |with: &dyn Fn(&mut NewStep)| (changed(with), None);
    let bad = |field: &'static str, with: &dyn Fn(&mut NewStep)| (changed(with), Some(field));
    for (new, field) in [
        good(&|step| step.finish_reasons = reasons(10, 50)),
        bad("finish_reasons", &|step| step.finish_reasons = reasons(11, 50)),
        bad("finish_reasons[0]", &|step| step.finish_reasons = reasons(1, 51)),
        bad("finish_reasons[0]", &|step| {
            step.finish_reasons = vec!["a,b".to_owned()];
        }),
        good(&|step| (step.started_at, step.finished_at) = (Some(day), Some(day))),
        bad("started_at", &|step| step.started_at = Some(more)),
        bad("finished_at", &|step| step.finished_at = Some(more)),
        bad("finished_at", &|step| {
            (step.started_at, step.finished_at) = (Some(day), Some(now));
        }),
        good(&|step| step.usage = tokens(TOKENS_MAX)),
        bad("usage.input", &|step| step.usage = tokens(TOKENS_MAX + 1)),
        good(&|step| (step.input, step.output) = (content(CONTENT_LEN_MAX), content(CONTENT_LEN_MAX))),
        bad("input", &|step| step.input = content(CONTENT_LEN_MAX + 1)),
        bad("output", &|step| step.output = content(CONTENT_LEN_MAX + 1)),
        bad("id", &|step| step.id = Some(Uuid::nil())),
    ] {
        let expected = field.map(|field| format!("steps[0].{field}"));
        assert_eq!(plant.field(record(id, vec![new])), expected, "{field:?}");
    }
    for (text, good) in [
        ("0", true),
        ("1000000", true),
        ("0.000000000001", true),
        ("1000000.000000000001", false),
        ("0.0000000000001", false),
        ("-1", false),
        ("1e3", false),
    ] {
        assert_eq!(Cost::parse(text).is_ok(), good, "{text}");
    }
}

#[test]
pub fn so_many_in_a_request_and_in_an_execution() {
    let mut plant = Plant::new();
    let ann = plant.ann.clone();
    let id = plant.made(plant.start()).id;
    for count in [0, STEPS_MAX + 1] {
        let refused = record(id, vec![tool(); count]);
        assert_eq!(plant.code(&ann, refused), "too_many_steps", "{count}");
    }
    for first in (0..STEPS_OF_EXECUTION_MAX).step_by(STEPS_MAX) {
        let steps = recorded(&mut plant, record(id, vec![tool(); STEPS_MAX]));
        let numbers: Vec<u64> = steps.iter().map(|step| step.number).collect();
        let expected: Vec<u64> = (first..first + STEPS_MAX as u64).collect();
        assert_eq!(numbers, expected);
    }
    assert_eq!(plant.code(&ann, record(id, vec![tool()])), "execution_full");
    assert_eq!(execution(&plant, id).steps, Some(STEPS_OF_EXECUTION_MAX));
}

#[test]
fn a_key_is_for_as_many_as_the_first_time() {
    let mut plant = Plant::new();
    let ann = plant.ann.clone();
    let id = plant.made(plant.start()).id;
    let of = |count: u128| RecordSteps {
        next: Some(Uuid::from_u128(100 + count)),
        ..record(
            id,
            (0..count)
                .map(|number| changed(&|step| step.id = Some(Uuid::from_u128(100 + number))))
                .collect(),
        )
    };
    for (count, expected) in [
        (2, "done"),
        (2, "nothing"),
        (1, "id_conflict"),
        (3, "id_conflict"),
        (2, "nothing"),
    ] {
        assert_eq!(plant.code(&ann, of(count)), expected, "{count}");
    }
}

#[test]
pub fn an_own_id_is_one_step() {
    let mut plant = Plant::new();
    let (ann, bob, svc) = (plant.ann.clone(), plant.bob.clone(), plant.svc.clone());
    let id = plant.made(plant.start()).id;
    let own = NewStep {
        id: Some(Uuid::from_u128(7)),
        input: Some(Content::of(&json!({"a": 1}))),
        ..tool()
    };
    let first = recorded(&mut plant, record(id, vec![own.clone(), tool(), own.clone()]));
    let named = first.iter().map(|step| (step.id, step.number, step.replayed));
    let expected = [
        (Uuid::from_u128(7), 0, false),
        (first[1].id, 1, false),
        (Uuid::from_u128(7), 0, true),
    ];
    assert!(named.eq(expected), "{first:?}");
    let again = record(id, vec![own.clone()]);
    assert_eq!(plant.code(&ann, again.clone()), "nothing");
    // What is new is recorded beside what is not.
    let both = recorded(&mut plant, record(id, vec![own.clone(), tool()]));
    assert_eq!(
        (both[0].replayed, both[1].replayed, both[1].number),
        (true, false, 2)
    );
    let other = |with: &dyn Fn(&mut NewStep)| {
        let mut other = own.clone();
        with(&mut other);
        other
    };
    for (field, other) in [
        ("name", other(&|step| step.name = "x".to_owned())),
        (
            "input",
            other(&|step| step.input = Some(Content::of(&json!({"a": 2})))),
        ),
        ("input", other(&|step| step.input = None)),
        ("output", other(&|step| step.output = step.input.clone())),
        ("usage", other(&|step| step.usage.input = Some(0))),
        ("cost_usd", other(&|step| step.cost = Some(Cost::default()))),
    ] {
        let refusal = plant
            .world
            .run(&svc, &record(id, vec![other]).into())
            .unwrap_err();
        let field = format!("steps[0].{field}");
        assert_eq!((refusal.code, refusal.field), ("id_conflict", Some(field)));
    }
    // Within one request it is the same: another content is refused.
    let new = |name: &str| NewStep {
        id: Some(Uuid::from_u128(9)),
        name: name.to_owned(),
        ..tool()
    };
    let twice = record(id, vec![new("one"), new("two")]);
    let refusal = plant.world.run(&svc, &twice.into()).unwrap_err();
    let found = (refusal.code, refusal.field.as_deref());
    assert_eq!(found, ("id_conflict", Some("steps[1].name")));
    // Who may not read it learns nothing but that it is taken.
    let of_bob = StartExecution {
        user: plant.bob_id,
        ..plant.start()
    };
    let reply = plant.world.run(&bob, &of_bob.into()).unwrap();
    let of_bob = <(Execution, u64)>::try_from(reply).unwrap().0.id;
    let bobs = NewStep {
        id: Some(Uuid::from_u128(8)),
        ..tool()
    };
    assert_eq!(plant.code(&bob, record(of_bob, vec![bobs.clone()])), "done");
    let refusal = plant.world.run(&ann, &record(id, vec![bobs]).into()).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("steps[0].id"));
    assert_eq!(plant.code(&ann, complete(id, "{}")), "done");
    assert_eq!(plant.code(&ann, again), "nothing");
    assert_eq!(plant.code(&ann, record(id, vec![tool()])), "execution_finished");
}

#[test]
pub fn a_step_renews_the_lease_and_the_end_commits_to_their_count() {
    let mut plant = Plant::new();
    let ann = plant.ann.clone();
    let id = plant.made(plant.start()).id;
    for _ in 0..3 {
        plant.world.wait(299);
        assert_eq!(plant.code(&ann, record(id, vec![tool()])), "done");
    }
    let decided = plant.world.decide(&ann, &complete(id, "{}").into()).unwrap();
    assert!(decided.drafts[0].payload.contains(r#""details":{"steps":3}"#));
    let id = plant.made(plant.start()).id;
    plant.world.wait(300);
    assert_eq!(plant.code(&ann, record(id, vec![tool()])), "execution_finished");
    let renewed = Some(plant.world.now.plus_seconds(10));
    let in_time = RecordSteps {
        renewed,
        ..record(id, vec![tool()])
    };
    assert_eq!(plant.code(&ann, in_time), "done");
}

#[test]
pub fn who_may_record_for_whom() {
    let mut plant = Plant::new();
    let callers = [
        plant.vic.clone(),
        plant.bob.clone(),
        plant.ann.clone(),
        plant.svc.clone(),
        operator(),
    ];
    let id = plant.made(plant.start()).id;
    for (caller, expected) in
        callers
            .iter()
            .zip(["permission_missing", "unknown_execution", "done", "done", "done"])
    {
        assert_eq!(
            plant.code(caller, record(id, vec![tool()])),
            expected,
            "{caller:?}"
        );
    }
    assert_eq!(
        plant.code(&operator(), record(NOBODY, vec![tool()])),
        "unknown_execution"
    );
    let ann_id = plant.ann_id;
    let agent = plant.world.agent("triage", ann_id);
    let caller = plant.world.agent_key("ann", agent, &[Scope::Workflows]);
    assert_eq!(plant.code(&caller, record(id, vec![tool()])), "done");
    assert_eq!(plant.code(&operator(), disable(agent)), "done");
    assert_eq!(plant.code(&caller, record(id, vec![tool()])), "agent_disabled");
}

#[test]
fn content_is_kept_as_the_rules_say_and_committed_to() {
    for keeps in Keeps::ALL.iter().copied() {
        let mut plant = Plant::new();
        plant.world = plant.world.with(|rules| {
            rules.workflows.content = Keeps::None;
            rules.workflows.content_of.insert("triage".to_owned(), keeps);
        });
        let ann = plant.ann.clone();
        let id = plant.made(plant.start()).id;
        let (input, output) = (json!({"b": 2, "a": "quince"}), json!("medlar"));
        let new = NewStep {
            input: Some(Content::of(&input)),
            output: Some(Content::of(&output)),
            ..tool()
        };
        let decided = plant.world.decide(&ann, &record(id, vec![new]).into()).unwrap();
        let payload = &decided.drafts[0].payload;
        assert!(
            !payload.contains("quince") && !payload.contains("medlar"),
            "{payload}"
        );
        let row = plant.world.facts.steps.values().next().unwrap().row.clone();
        assert_eq!(row.content, keeps);
        assert_eq!(row.input.is_some(), keeps == Keeps::Full);
        let commitment = row.input_commitment.as_deref();
        let expected = (keeps != Keeps::None).then_some(true);
        assert_eq!(row.holds(commitment, r#"{"a":"quince","b":2}"#), expected);
        assert_eq!(
            row.holds(commitment, r#"{"a":"quince","b":3}"#),
            expected.map(|_| false)
        );
        assert_eq!(
            row.holds(row.output_commitment.as_deref(), r#""medlar""#),
            expected
        );
        if let Some(salt) = row.salt() {
            assert_eq!(commitment, Some(&commit(&salt, br#"{"a":"quince","b":2}"#)[..]));
        }
    }
}

#[test]
fn what_a_step_holds_goes_with_the_user() {
    let mut plant = Plant::new();
    let id = plant.made(plant.start()).id;
    let new = NewStep {
        input: Some(Content::of(&json!("quince"))),
        ..tool()
    };
    let steps = recorded(&mut plant, record(id, vec![new.clone()]));
    let of_bob = StartExecution {
        user: plant.bob_id,
        ..plant.start()
    };
    let reply = plant.world.run(&operator(), &of_bob.into()).unwrap();
    let of_bob = <(Execution, u64)>::try_from(reply).unwrap().0.id;
    let reply = plant
        .world
        .run(&operator(), &record(of_bob, vec![new]).into())
        .unwrap();
    let of_bob = <(Uuid, u64, Vec<RecordedStep>)>::try_from(reply).unwrap().2[0].id;
    let ann = plant.ann_id;
    assert_eq!(
        plant.code(&operator(), erase(ann, vec![of_bob])),
        "content_of_others"
    );
    let before = plant.world.facts.steps[&steps[0].id].row.clone();
    assert_eq!(plant.code(&operator(), erase(ann, vec![id, steps[0].id])), "done");
    let left = &plant.world.facts.steps[&steps[0].id].row;
    assert_eq!((&left.input, &left.content_salt), (&None, &None));
    assert_eq!(left.input_commitment, before.input_commitment);
    assert_eq!(left.holds(left.input_commitment.as_deref(), r#""quince""#), None);
}

#[test]
fn tokens_are_counted_once() {
    let used = |kind, input, cost: &str| NewStep {
        usage: Usage {
            input: Some(input),
            ..Usage::default()
        },
        cost: Some(Cost::parse(cost).unwrap()),
        ..step(kind)
    };
    let sum = |totals: Totals| {
        let sum = totals.model.plus(totals.agent);
        (
            totals.model.steps,
            totals.agent.steps,
            sum.input,
            sum.cost_usd.to_string(),
        )
    };
    let none = Totals::default();
    let mut plant = Plant::new();
    let [parent, part] = [0, 1].map(|_| plant.made(plant.start()).id);
    let totals = |plant: &Plant, id| execution(plant, id).usage.unwrap_or_default();
    recorded(
        &mut plant,
        record(
            parent,
            vec![tool(), step(StepKind::Model), used(StepKind::Tool, 9, "9")],
        ),
    );
    assert_eq!(execution(&plant, parent).usage, None);
    recorded(
        &mut plant,
        record(parent, vec![used(StepKind::Agent, 100, "0.5")]),
    );
    let one = (0, 1, 100, "0.500000000000".to_owned());
    assert_eq!(sum(totals(&plant, parent).counted(none)), one);
    // What the agent's models used is what the agent used.
    recorded(
        &mut plant,
        record(
            part,
            vec![used(StepKind::Model, 70, "0.1"), used(StepKind::Model, 30, "0.2")],
        ),
    );
    let within = totals(&plant, part).counted(none);
    let both = (2, 0, 100, "0.300000000000".to_owned());
    assert_eq!(sum(within), both);
    assert_eq!(sum(totals(&plant, parent).counted(within)), both);
    // Beside models of its own.
    recorded(&mut plant, record(parent, vec![used(StepKind::Model, 5, "0")]));
    let own = (1, 0, 5, "0.000000000000".to_owned());
    assert_eq!(sum(totals(&plant, parent).counted(none)), own);
    assert_eq!(sum(totals(&plant, parent).counted(within)).2, 105);
}
