//! What a step cost.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::custody::Amount;
use crate::record::{Field, Kind, Val};

/// Digits after the point.
const SCALE: u8 = 12;

/// The most that one step can cost, in units of the last digit: a million US dollars.
const COST_MAX: i128 = 1_000_000 * 10_i128.pow(SCALE as u32);

/// US dollars, from none on, with twelve digits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Cost(Amount);

impl Cost {
    /// Reads a decimal text, as a step has it.
    pub fn parse(text: &str) -> Result<Cost, String> {
        let cost = Cost::of_sum(text)?;
        if cost.0.units() > COST_MAX {
            return Err("must be at most 1000000, which is US dollars".to_owned());
        }
        Ok(cost)
    }

    /// Reads a decimal text, as a sum has it.
    fn of_sum(text: &str) -> Result<Cost, String> {
        Amount::parse(text, SCALE)
            .map(Cost)
            .map_err(|error| error.to_string())
    }

    /// So many units of the last digit.
    pub fn of_units(units: i128) -> Option<Cost> {
        (0..=COST_MAX)
            .contains(&units)
            .then(|| Amount::new(units).map(Cost))?
    }

    /// How many units of the last digit.
    pub(super) fn units(self) -> i128 {
        self.0.units()
    }

    /// The sum of both. That of all steps of a tree is far from the bound of amounts.
    #[must_use]
    pub fn plus(self, other: Cost) -> Cost {
        Cost(self.0.plus(other.0).unwrap_or(self.0))
    }

    /// Whether it is none.
    pub fn is_none(&self) -> bool {
        self.0 == Amount::ZERO
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_decimal(SCALE))
    }
}

impl From<Cost> for String {
    fn from(cost: Cost) -> String {
        cost.to_string()
    }
}

impl TryFrom<String> for Cost {
    type Error = String;

    fn try_from(text: String) -> Result<Cost, String> {
        Cost::of_sum(&text)
    }
}

impl Field for Cost {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        Val::Text(self.to_string())
    }

    fn of_val(value: Val) -> Result<Cost, String> {
        Cost::of_sum(&String::of_val(value)?)
    }
}
