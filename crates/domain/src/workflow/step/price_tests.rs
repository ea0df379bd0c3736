//! What a step costs: what its caller says, else what the file of prices says of its model.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::tests::{record, tool};
use super::*;
use crate::identity::world::operator;
use crate::workflow::execution::tests::Plant;

const FILE: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn usd(text: &str) -> Cost {
    Cost::parse(text).unwrap()
}

fn prices(input: &str, output: &str) -> Prices {
    let price = Price {
        input: usd(input),
        output: usd(output),
        cache_read: usd("0.3"),
        cache_write: usd("3.75"),
        reasoning: usd("20"),
    };
    let models = BTreeMap::from([("m-1".to_owned(), price)]);
    Prices {
        file: FILE.to_owned(),
        of: BTreeMap::from([("p".to_owned(), models)]),
    }
}

fn plant(prices: Prices) -> Plant {
    let mut plant = Plant::new();
    plant.world = plant.world.with(|rules| rules.workflows.prices = Some(prices));
    plant
}

fn used(input: u64, output: u64) -> NewStep {
    NewStep {
        kind: StepKind::Model,
        provider: Some("p".to_owned()),
        request_model: Some("m-1".to_owned()),
        usage: Usage {
            input: Some(input),
            output: Some(output),
            ..Usage::default()
        },
        ..tool()
    }
}

/// What a step costs, who says so, and what its entry tells.
fn priced(plant: &mut Plant, step: NewStep) -> (Option<String>, Option<String>, String) {
    let id = plant.made(plant.start()).id;
    let decided = plant
        .world
        .decide(&operator(), &record(id, vec![step]).into())
        .unwrap();
    let rows = plant.world.facts.steps.values();
    let row = &rows
        .into_iter()
        .find(|step| step.row.execution_id == id)
        .unwrap()
        .row;
    let cost = row.cost_usd.as_ref().map(Cost::to_string);
    (cost, row.priced_by.clone(), decided.drafts[0].payload.clone())
}

#[test]
pub fn a_step_costs_what_the_file_says_unless_its_caller_says_it() {
    let all = Usage {
        input: Some(1_000_000),
        output: Some(500_000),
        cache_read: Some(200_000),
        cache_write: Some(100_000),
        reasoning: Some(100_000),
    };
    let with = |change: &dyn Fn(&mut NewStep)| {
        let mut step = used(1_000_000, 0);
        change(&mut step);
        step
    };
    let named = |name: &str| Some(name.to_owned());
    for (step, expected) in [
        (used(1_000_000, 0), Some("3.000000000000")),
        (used(0, 1), Some("0.000015000000")),
        (used(0, 0), Some("0.000000000000")),
        // 0.7 of the input at 3, 0.2 read at 0.3, 0.1 written at 3.75, 0.4 of the output at 15, 0.1 reasoning at 20.
        (with(&|step| step.usage = all), Some("10.535000000000")),
        // What is in the cache was counted as read; where a caller counts otherwise, nothing is below none.
        (
            with(&|step| (step.usage.input, step.usage.cache_read) = (Some(1), Some(10))),
            Some("0.000003000000"),
        ),
        (
            with(&|step| step.response_model = named("m-1")),
            Some("3.000000000000"),
        ),
        (with(&|step| step.response_model = named("m-2")), None),
        (with(&|step| step.request_model = None), None),
        (with(&|step| step.provider = named("q")), None),
        (with(&|step| step.provider = None), None),
        (with(&|step| step.usage = Usage::default()), None),
    ] {
        let (cost, by, payload) = priced(&mut plant(prices("3", "15")), step.clone());
        assert_eq!(cost.as_deref(), expected, "{step:?}");
        assert_eq!(by.as_deref(), expected.map(|_| FILE));
        let unpriced = expected.is_none() && step.usage != Usage::default();
        assert_eq!(payload.contains(r#""unpriced":1"#), unpriced, "{payload}");
    }
    let by_caller = with(&|step| step.cost = Some(usd("0")));
    let (cost, by, _) = priced(&mut plant(prices("3", "15")), by_caller);
    assert_eq!(
        (cost.as_deref(), by.as_deref()),
        (Some("0.000000000000"), Some("caller"))
    );
    // Without a file, none and no word of it.
    let (cost, by, payload) = priced(&mut Plant::new(), used(7, 7));
    assert_eq!((cost, by, payload.contains("unpriced")), (None, None, false));
}

#[test]
pub fn costs_are_rounded_once_and_bounded() {
    // Per million tokens the last digit is a millionth of a unit of the twelfth.
    for (price, tokens, expected) in [
        ("0.000000000001", 499_999, "0.000000000000"),
        ("0.000000000001", 500_000, "0.000000000001"),
        ("0.000000000001", 1_499_999, "0.000000000001"),
        ("0.1", 3, "0.000000300000"),
        ("1000000", 1_000_000, "1000000.000000000000"),
    ] {
        let (cost, ..) = priced(&mut plant(prices(price, "0")), used(tokens, 0));
        assert_eq!(cost.as_deref(), Some(expected), "{price} {tokens}");
    }
    // Two halves are one.
    let half = prices("0.000000000001", "0.000000000001");
    let (cost, ..) = priced(&mut plant(half), used(250_000, 250_000));
    assert_eq!(cost.as_deref(), Some("0.000000000001"));
    let (cost, ..) = priced(&mut plant(prices("1000000", "0")), used(1_000_001, 0));
    assert_eq!(cost, None, "more than a step can cost");
}

#[test]
pub fn nothing_is_priced_again() {
    let mut plant = plant(prices("3", "15"));
    let id = plant.made(plant.start()).id;
    let own = NewStep {
        id: Some(Uuid::from_u128(9)),
        ..used(1_000_000, 0)
    };
    assert_eq!(plant.code(&operator(), record(id, vec![own.clone()])), "done");
    let dearer = Prices {
        file: "0".repeat(64),
        ..prices("6", "30")
    };
    plant.world = plant.world.with(|rules| rules.workflows.prices = Some(dearer));
    assert_eq!(plant.code(&operator(), record(id, vec![own.clone()])), "nothing");
    let row = &plant.world.facts.steps[&Uuid::from_u128(9)].row;
    assert_eq!(
        (row.cost_usd, row.priced_by.as_deref()),
        (Some(usd("3")), Some(FILE))
    );
    let said = NewStep {
        cost: Some(usd("3")),
        ..own
    };
    assert_eq!(plant.code(&operator(), record(id, vec![said])), "id_conflict");
}
