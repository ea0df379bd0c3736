//! Rules of workflows that an installation sets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::step::{Keeps, Prices};

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRules {
    /// What is kept of the inputs and outputs of steps, where nothing else is said of the workflow.
    pub content: Keeps,
    /// The same of these workflows.
    pub content_of: BTreeMap<String, Keeps>,
    /// What tokens cost, where callers do not say what a step cost.
    pub prices: Option<Prices>,
}

impl Default for WorkflowRules {
    fn default() -> WorkflowRules {
        WorkflowRules {
            content: Keeps::Full,
            content_of: BTreeMap::new(),
            prices: None,
        }
    }
}

impl WorkflowRules {
    /// What is kept of the inputs and outputs of the steps of a workflow.
    pub fn keeps(&self, workflow: &str) -> Keeps {
        self.content_of.get(workflow).copied().unwrap_or(self.content)
    }

    /// The rules as the log records them.
    pub(crate) fn recorded(&self) -> Value {
        let mut recorded = json!({"content": self.content, "content_of": self.content_of});
        if let Some(prices) = &self.prices {
            recorded["prices"] = json!(prices.file);
        }
        recorded
    }
}
