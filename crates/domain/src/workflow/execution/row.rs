//! The row of an execution.

use evidence::payload::DragMode;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::told::Told;
use crate::record::{Field, Kind, Val};
use crate::workflow::step::{ExecutionStep, Totals};
use crate::{record, words};

/// Longest name of a workflow, in characters.
pub const WORKFLOW_LEN_MAX: usize = 200;

/// Longest trace id, in characters.
pub const TRACE_LEN_MAX: usize = 64;

/// Longest input and result, in bytes of canonical JSON.
pub const CONTENT_LEN_MAX: usize = 262_144;

/// Longest error, in characters.
pub const ERROR_LEN_MAX: usize = 1_000;

/// Longest type of an error, in characters.
pub const ERROR_TYPE_LEN_MAX: usize = 100;

/// How deep executions are within each other at most.
pub const DEPTH_MAX: u64 = 16;

/// The shortest and the longest lease, in seconds.
pub const LEASE_S: std::ops::RangeInclusive<u64> = 10..=86_400;

/// How long a lease is unless something else is asked for, in seconds.
pub const LEASE_S_USUAL: u64 = 300;

/// The type of the error of an execution whose lease was not renewed in time.
pub const LEASE_LAPSED: &str = "lease_lapsed";

/// The type of the error of a trace's execution whose root did not come in time.
pub const ROOT_MISSING: &str = "root_missing";

/// What the clock says, and nobody else.
pub const BY_CLOCK: [&str; 2] = [LEASE_LAPSED, ROOT_MISSING];

/// The type of the error of an execution whose agent was disabled.
pub const AGENT_DISABLED: &str = "agent_disabled";

words! {
    /// Where an execution stands.
    ExecutionStatus {
        /// It goes on, as long as its lease is renewed.
        Running = "running",
        /// It did what it was for.
        Completed = "completed",
        /// It did not.
        Failed = "failed",
        /// Somebody stopped it.
        Cancelled = "cancelled",
    }
}

impl Field for DragMode {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        self.as_str().into()
    }

    fn of_val(value: Val) -> Result<DragMode, String> {
        let word = String::of_val(value)?;
        DragMode::parse(&word).ok_or_else(|| format!("{word:?} is not a DRAG mode"))
    }
}

record! {
    /// An execution of a workflow. What it was given and what it gave is in no entry, so that it can be erased with the
    /// user.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Execution in "executions" {
        /// Id.
        pub id: id,
        /// The name of the workflow.
        pub workflow: String,
        /// For whom.
        pub user_id: Uuid [fixed],
        /// The conversation that it belongs to.
        pub conversation_id: Option<Uuid>,
        /// The execution that it is a part of.
        pub parent_id: Option<Uuid> [fixed],
        /// How deep it is within others: 1 where it is a part of none.
        pub depth: u64 [fixed],
        /// The trace that it belongs to.
        pub trace_id: Option<String> [fixed],
        /// What sort of work it is.
        pub drag_mode: Option<DragMode>,
        /// The agent that started it.
        pub agent_id: Option<Uuid> [fixed],
        /// The release of the agent when it did.
        pub agent_version: Option<String> [fixed],
        /// Who or what it is done by (AIM).
        pub actor: Option<String> [secret],
        /// What it was given (AIM), as canonical JSON: an object.
        pub input: Option<String> [secret],
        /// What it is for (AIM).
        pub mission: Option<String> [secret],
        /// How long a lease is, in seconds.
        pub lease_s: u64 [fixed],
        /// When the lease ends that its start or its last step gave it.
        pub expires_at: Timestamp,
        /// Where it stands; whether its lease has lapsed is a matter of the clock, see [`Execution::as_of`].
        pub status: ExecutionStatus,
        /// What it gave, as canonical JSON: an object.
        pub result: Option<String> [secret],
        /// What sort of error it ended with.
        pub error_type: Option<String>,
        /// The error in words.
        pub error: Option<String> [secret],
        /// The user who started it; none for someone on the server's own machine.
        pub created_by: Option<Uuid> [fixed],
        /// When it was started.
        pub started_at: Timestamp,
        /// When it ended.
        pub finished_at: Option<Timestamp>,
        /// How many steps it has; none where it has none.
        pub steps: Option<u64> [added],
        /// What they used; none where none of them says.
        pub usage: Option<Totals> [added],
        /// What the spans say that it was made of; none where somebody started it.
        pub told: Option<Told> [added] [secret],
    }
}

impl Execution {
    /// How many steps it has.
    pub fn steps(&self) -> u64 {
        self.steps.unwrap_or(0)
    }

    /// Takes in its next step.
    pub(crate) fn count(&mut self, step: &ExecutionStep) {
        self.steps = Some(self.steps() + 1);
        let mut usage = self.usage.unwrap_or_default();
        usage.add(step);
        self.usage = Some(usage).filter(|usage| *usage != Totals::default());
    }

    /// When its lease ends, which was last renewed until `renewed`.
    pub fn lapses_at(&self, renewed: Option<Timestamp>) -> Timestamp {
        renewed.map_or(self.expires_at, |until| until.max(self.expires_at))
    }

    /// The execution as the clock has it, written down or not.
    #[must_use]
    pub fn as_of(self, renewed: Option<Timestamp>, now: Timestamp) -> Execution {
        let lapses_at = self.lapses_at(renewed);
        if self.status != ExecutionStatus::Running || lapses_at > now {
            return self;
        }
        let why = if self.told.is_some() {
            ROOT_MISSING
        } else {
            LEASE_LAPSED
        };
        Execution {
            status: ExecutionStatus::Failed,
            error_type: Some(why.to_owned()),
            finished_at: Some(lapses_at),
            ..self
        }
    }
}
