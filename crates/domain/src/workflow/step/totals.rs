//! What the steps of an execution used, counted once.

use serde::{Deserialize, Serialize};

use super::{Cost, ExecutionStep, StepKind};
use crate::record::{Field, Kind, Val};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What some steps used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sum {
    /// Tokens from the provider's cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_read: u64,
    /// Tokens into the provider's cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write: u64,
    /// What they cost, as far as that is known.
    #[serde(skip_serializing_if = "Cost::is_none")]
    pub cost_usd: Cost,
    /// Tokens read.
    #[serde(skip_serializing_if = "is_zero")]
    pub input: u64,
    /// Tokens written.
    #[serde(skip_serializing_if = "is_zero")]
    pub output: u64,
    /// Of these, for reasoning.
    #[serde(skip_serializing_if = "is_zero")]
    pub reasoning: u64,
    /// How many steps said what they used.
    #[serde(skip_serializing_if = "is_zero")]
    pub steps: u64,
}

impl Sum {
    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Sum) -> Sum {
        Sum {
            cache_read: self.cache_read + other.cache_read,
            cache_write: self.cache_write + other.cache_write,
            cost_usd: self.cost_usd.plus(other.cost_usd),
            input: self.input + other.input,
            output: self.output + other.output,
            reasoning: self.reasoning + other.reasoning,
            steps: self.steps + other.steps,
        }
    }

    /// What one step used; nothing where it does not say.
    fn of(step: &ExecutionStep) -> Sum {
        let usage = step.usage();
        if usage == super::Usage::default() && step.cost_usd.is_none() {
            return Sum::default();
        }
        Sum {
            cache_read: usage.cache_read.unwrap_or(0),
            cache_write: usage.cache_write.unwrap_or(0),
            cost_usd: step.cost_usd.unwrap_or_default(),
            input: usage.input.unwrap_or(0),
            output: usage.output.unwrap_or(0),
            reasoning: usage.reasoning.unwrap_or(0),
            steps: 1,
        }
    }
}

/// What the steps of an execution used: those that asked a model, and apart from these those that asked another agent,
/// which may have asked the same models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Steps that asked another agent.
    pub agent: Sum,
    /// Steps that asked a model.
    pub model: Sum,
}

impl Totals {
    /// Counts a step.
    pub fn add(&mut self, step: &ExecutionStep) {
        match step.kind {
            StepKind::Model => self.model = self.model.plus(Sum::of(step)),
            StepKind::Agent => self.agent = self.agent.plus(Sum::of(step)),
            _ => {}
        }
    }

    /// What is counted, where executions within this one count `within`: what models used, here and there. Only where
    /// nothing says what a model used, what a step says of the agent that it asked: that agent asked the models.
    #[must_use]
    pub fn counted(&self, within: Totals) -> Totals {
        let detailed = self.model.steps + within.model.steps + within.agent.steps > 0;
        Totals {
            agent: if detailed { within.agent } else { self.agent },
            model: self.model.plus(within.model),
        }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Totals) -> Totals {
        Totals {
            agent: self.agent.plus(other.agent),
            model: self.model.plus(other.model),
        }
    }
}

/// Canonical JSON.
impl Field for Totals {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        Val::Text(serde_json::to_string(self).unwrap_or_default())
    }

    fn of_val(value: Val) -> Result<Totals, String> {
        serde_json::from_str(&String::of_val(value)?).map_err(|error| error.to_string())
    }
}
