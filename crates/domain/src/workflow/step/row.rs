//! The row of a step.

use evidence::Salt;
use evidence::commitment::commit;
use evidence::leaf::Outcome;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::Cost;
use crate::record::{Field, Kind, Val};
use crate::{record, words};

/// Most steps of a request.
pub const STEPS_MAX: usize = 1_000;

/// Most steps of an execution.
pub const STEPS_OF_EXECUTION_MAX: u64 = 10_000;

/// Longest name of a step and of a model, in characters.
pub const NAME_LEN_MAX: usize = 200;

/// Longest name of a provider, in characters.
pub const PROVIDER_LEN_MAX: usize = 100;

/// Longest id of a call, in characters.
pub const CALL_ID_LEN_MAX: usize = 256;

/// Most reasons why a model finished.
pub const FINISH_REASONS_MAX: usize = 10;

/// Longest of them, in characters.
pub const FINISH_REASON_LEN_MAX: usize = 50;

/// Most tokens of a kind that a step can have used.
pub const TOKENS_MAX: u64 = 1_000_000_000;

/// Who priced a step whose caller said what it cost.
pub const PRICED_BY_CALLER: &str = "caller";

words! {
    /// What sort of step it is.
    StepKind {
        /// A model was asked.
        Model = "model",
        /// A tool was called.
        Tool = "tool",
        /// Something was looked up for the model.
        Retrieval = "retrieval",
        /// Another agent was asked.
        Agent = "agent",
        /// What to do next was decided.
        Plan = "plan",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What is kept of the inputs and outputs of steps.
    Keeps {
        /// All of it.
        Full = "full",
        /// A commitment, by which whoever kept it can prove it.
        Digest = "digest",
        /// Nothing.
        None = "none",
    }
}

impl Field for Outcome {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        self.as_str().into()
    }

    fn of_val(value: Val) -> Result<Outcome, String> {
        let word = String::of_val(value)?;
        Outcome::parse(&word).ok_or_else(|| format!("{word:?} is not an outcome"))
    }
}

/// How many tokens of each kind a step used, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read by the model.
    pub input: Option<u64>,
    /// Written by the model.
    pub output: Option<u64>,
    /// Of those read, taken from the provider's cache.
    pub cache_read: Option<u64>,
    /// Of those read, put into the provider's cache.
    pub cache_write: Option<u64>,
    /// Of those written, for reasoning.
    pub reasoning: Option<u64>,
}

record! {
    /// A step of an execution. What went in and came out is in no entry, so that it can be erased with the user; the
    /// entry has commitments to it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ExecutionStep in "execution_steps" {
        /// Id.
        pub id: id,
        /// The execution.
        pub execution_id: Uuid [fixed],
        /// For whom the execution is.
        pub user_id: Uuid [fixed],
        /// Its number in the execution, from 0 without gaps.
        pub number: u64 [fixed],
        /// What sort of step it is.
        pub kind: StepKind [fixed],
        /// What was called: a model, a tool, an agent.
        pub name: String [fixed],
        /// Whose model or tool it is.
        pub provider: Option<String> [sparse] [fixed],
        /// The model that was asked for.
        pub request_model: Option<String> [sparse] [fixed],
        /// The model that answered.
        pub response_model: Option<String> [sparse] [fixed],
        /// Why the model finished, with commas.
        pub finish_reasons: Option<String> [sparse] [fixed],
        /// The id of the call where it was made.
        pub call_id: Option<String> [sparse] [fixed],
        /// When it began.
        pub started_at: Option<Timestamp> [sparse] [fixed],
        /// When it ended.
        pub finished_at: Option<Timestamp> [sparse] [fixed],
        /// How it ended.
        pub outcome: Outcome [fixed],
        /// What sort of error it ended with.
        pub error_type: Option<String> [sparse] [fixed],
        /// Tokens that the model read.
        pub input_tokens: Option<u64> [sparse] [fixed],
        /// Tokens that the model wrote.
        pub output_tokens: Option<u64> [sparse] [fixed],
        /// Of those read, from the provider's cache.
        pub cache_read_tokens: Option<u64> [sparse] [fixed],
        /// Of those read, into the provider's cache.
        pub cache_write_tokens: Option<u64> [sparse] [fixed],
        /// Of those written, for reasoning.
        pub reasoning_tokens: Option<u64> [sparse] [fixed],
        /// What it cost, in US dollars.
        pub cost_usd: Option<Cost> [sparse] [fixed],
        /// Who priced it: the caller, or the file of prices with this SHA-256.
        pub priced_by: Option<String> [sparse] [fixed],
        /// The approval that it had.
        pub approval_id: Option<Uuid> [sparse] [fixed],
        /// What is kept of its input and output.
        pub content: Keeps [fixed],
        /// What went in, as canonical JSON.
        pub input: Option<String> [secret] [sparse],
        /// What came out, as canonical JSON.
        pub output: Option<String> [secret] [sparse],
        /// SHA-256 of the salt and what went in.
        pub input_commitment: Option<Vec<u8>> [sparse] [fixed],
        /// SHA-256 of the salt and what came out.
        pub output_commitment: Option<Vec<u8>> [sparse] [fixed],
        /// The salt of both; without it nobody can guess what they commit to.
        pub content_salt: Option<Vec<u8>> [secret] [sparse],
        /// When it was recorded.
        pub recorded_at: Timestamp [fixed],
    }
}

/// A step as the answer names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedStep {
    /// Its id.
    pub id: Uuid,
    /// Its number in the execution.
    pub number: u64,
    /// True where the same had been recorded before: by another request, or further ahead in this one.
    pub replayed: bool,
}

impl ExecutionStep {
    /// How many tokens it used.
    pub fn usage(&self) -> Usage {
        Usage {
            input: self.input_tokens,
            output: self.output_tokens,
            cache_read: self.cache_read_tokens,
            cache_write: self.cache_write_tokens,
            reasoning: self.reasoning_tokens,
        }
    }

    /// The salt of what it commits to, unless that was erased or there is nothing.
    pub fn salt(&self) -> Option<Salt> {
        let bytes = self.content_salt.as_deref()?;
        bytes.try_into().ok().map(Salt)
    }

    /// Whether a text in canonical JSON is what it commits to as its input, or as its output; none where it commits to
    /// nothing, or that was erased.
    pub fn holds(&self, commitment: Option<&[u8]>, text: &str) -> Option<bool> {
        let (commitment, salt) = (commitment?, self.salt()?);
        Some(commit(&salt, text.as_bytes()) == commitment)
    }

    /// The same step without what is forgotten with the user.
    #[must_use]
    pub fn erased(&self) -> ExecutionStep {
        ExecutionStep {
            input: None,
            output: None,
            content_salt: None,
            ..self.clone()
        }
    }
}
