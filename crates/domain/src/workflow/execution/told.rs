//! What the spans of a trace say of the execution that they are of.
//!
//! Spans come in any order, and more than once. Of each thing that is said, the word of the span that stands first
//! counts, however late it comes: so any order, split and repetition of the same spans leaves the same row.

use evidence::json::canonical;
use evidence::payload::{DragMode, NAME_LEN_MAX, TEXT_LEN_MAX};
use evidence::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{WORKFLOW_LEN_MAX, check_error, check_optional, check_optional_lines};
use crate::record::{Field, Kind, Val};
use crate::refusal::FieldError;

/// What a span says, and where that span stands among those of its trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said<T> {
    /// Where the span stands: the text that is less counts.
    pub by: String,
    /// What it says.
    pub is: T,
}

/// How the root of a trace ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootEnd {
    /// When.
    pub at: Timestamp,
    /// Whether it failed.
    pub failed: bool,
    /// What sort of error it ended with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// The error in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a span says of the agent that it is of. Who acted is the agent of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidAgent {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

fn first<T>(known: &mut Option<Said<T>>, other: Option<Said<T>>) {
    if let Some(other) = other
        && known.as_ref().is_none_or(|known| other.by < known.by)
    {
        *known = Some(other);
    }
}

macro_rules! told {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// What spans say of an execution, each as the first of them says it.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Told { $(
            $(#[$doc])*
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $name: Option<Said<$type>>,
        )* }

        impl Told {
            /// Takes in what other spans say.
            pub fn take(&mut self, other: Told) {
                $(first(&mut self.$name, other.$name);)*
            }
        }
    };
}

told! {
    /// Who or what it is done by (AIM).
    actor: String,
    /// The agent.
    agent: SaidAgent,
    /// The conversation.
    conversation: Uuid,
    /// What sort of work it is.
    drag_mode: DragMode,
    /// How its root ended.
    end: RootEnd,
    /// What it is for (AIM).
    mission: String,
    /// The user.
    user: String,
    /// The workflow.
    workflow: String,
}

impl Told {
    /// Checks it against the bounds of executions.
    pub fn check(&self) -> Result<(), FieldError> {
        let is = |said: &Option<Said<String>>| said.as_ref().map(|said| said.is.clone());
        let agent = self
            .agent
            .as_ref()
            .map(|said| said.is.clone())
            .unwrap_or_default();
        for (field, text) in [
            ("aim.actor", is(&self.actor)),
            ("user", is(&self.user)),
            ("agent.id", agent.id),
            ("agent.name", agent.name),
            ("agent.version", agent.version),
        ] {
            check_optional(field, text.as_deref(), NAME_LEN_MAX)?;
        }
        check_optional_lines("aim.mission", is(&self.mission).as_deref(), TEXT_LEN_MAX)?;
        check_optional("workflow", is(&self.workflow).as_deref(), WORKFLOW_LEN_MAX)?;
        match &self.end {
            Some(end) => check_error(end.is.error_type.as_deref(), end.is.error.as_deref()),
            None => Ok(()),
        }
    }
}

/// Canonical JSON.
impl Field for Told {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        let value = serde_json::to_value(self).unwrap_or_default();
        Val::Text(canonical(&value))
    }

    fn of_val(value: Val) -> Result<Told, String> {
        serde_json::from_str(&String::of_val(value)?).map_err(|error| error.to_string())
    }
}
