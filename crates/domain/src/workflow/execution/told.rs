//! What the spans of a trace say of the execution that they are of.
//!
//! Spans come in any order, and more than once. Of each thing that is said, the word of the span that stands first
//! counts, however late it comes: so any order, split and repetition of the same spans leaves the same row.

use evidence::json::canonical;
use evidence::payload::DragMode;
use evidence::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record::{Field, Kind, Val};

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
