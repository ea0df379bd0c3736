//! What is summed over operations and over balances.

use std::collections::BTreeMap;

use domain::custody::{House, OperationKind, OperationStatus};
use engine::custody::{Figures, Supply};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cell::{Cell, Titled, count};
use crate::example::at;
use crate::noun::Shown;
use crate::value::Units;

/// How many operations of a kind and status there are, and what they move together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Figure {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date"))]
    day: Option<String>,
    asset: String,
    kind: OperationKind,
    status: OperationStatus,
    count: u64,
    amount: Units,
}

/// Statistics of operations.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StatisticsView {
    figures: Vec<Figure>,
}

/// The day of a time, as RFC 3339 has it.
pub fn day(time: Timestamp) -> String {
    time.to_string().chars().take("2026-11-21".len()).collect()
}

impl StatisticsView {
    /// Shows figures.
    pub fn of(found: &[Figures]) -> StatisticsView {
        let figures = found.iter().map(|figures| Figure {
            day: figures.day.map(day),
            asset: figures.asset.code.clone(),
            kind: figures.kind,
            status: figures.status,
            count: figures.count,
            amount: Units::of(figures.amount, &figures.asset),
        });
        StatisticsView {
            figures: figures.collect(),
        }
    }
}

impl Shown for StatisticsView {
    fn example() -> StatisticsView {
        StatisticsView {
            figures: vec![Figure {
                day: Some(day(at(21, 8))),
                asset: "BTC".to_owned(),
                kind: OperationKind::Transfer,
                status: OperationStatus::Completed,
                count: 2,
                amount: Units::example(50_050_000),
            }],
        }
    }
}

/// What there is of an asset.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SupplyView {
    /// Code of the asset.
    asset: String,
    supply: Units,
    users: Units,
    houses: BTreeMap<&'static str, Units>,
    held: Units,
    /// How many balances.
    balances: u64,
    sum: Units,
    /// Size of the log at that moment.
    size: u64,
}

impl SupplyView {
    /// Shows a supply.
    pub fn of(supply: &Supply) -> SupplyView {
        let units = |amount| Units::of(amount, &supply.asset);
        let houses = supply.houses.iter();
        SupplyView {
            asset: supply.asset.code.clone(),
            supply: units(supply.supply),
            users: units(supply.users),
            houses: houses
                .map(|(house, amount)| (house.as_str(), units(*amount)))
                .collect(),
            held: units(supply.held),
            balances: supply.balances,
            sum: units(supply.sum),
            size: supply.size,
        }
    }
}

impl SupplyView {
    /// Who holds how much of it: users together, each house account, and the world outside, which is below zero by what is
    /// inside.
    pub fn parts(&self) -> Vec<(String, Units)> {
        let houses = self.houses.iter();
        let houses = houses.map(|(house, units)| (format!("house:{house}"), *units));
        std::iter::once(("users".to_owned(), self.users))
            .chain(houses)
            .collect()
    }

    /// The sum of these: zero, or something is wrong.
    pub fn sum(&self) -> Units {
        self.sum
    }

    /// The same for people.
    pub fn details(&self) -> Vec<Titled> {
        let words = |units: &Units| Cell::from(format!("{units} {}", self.asset));
        vec![
            ("In circulation", words(&self.supply)),
            ("Held by pending operations", words(&self.held)),
            ("Balances", count(self.balances).into()),
            ("As of entry", count(self.size.saturating_sub(1)).into()),
        ]
    }
}

impl Shown for SupplyView {
    fn example() -> SupplyView {
        let houses = [
            (House::Omnibus, 0),
            (House::Fees, 10_000_000),
            (House::Suspense, 0),
            (House::External, -250_000_000),
        ];
        SupplyView {
            asset: "BTC".to_owned(),
            supply: Units::example(250_000_000),
            users: Units::example(240_000_000),
            houses: houses
                .map(|(house, units)| (house.as_str(), Units::example(units)))
                .into(),
            held: Units::example(50_000_000),
            balances: 6,
            sum: Units::example(0),
            size: 4711,
        }
    }
}
