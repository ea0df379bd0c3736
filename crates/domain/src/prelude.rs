//! What commands are written with.

pub(crate) use evidence::time::Timestamp;
pub(crate) use uuid::Uuid;

pub(crate) use crate::act::{Act, By, Unmade, act};
pub(crate) use crate::action::{self, Action};
pub(crate) use crate::change::Change;
pub(crate) use crate::code::{self, Code, Codes, refusals};
pub(crate) use crate::context::Context;
pub(crate) use crate::decision::{Decision, Draft, OperationState, Reply};
pub(crate) use crate::identity::{Authority, Permission, Principal, Rules};
pub(crate) use crate::looks::{self, Needs};
pub(crate) use crate::own_id;
pub(crate) use crate::record::Sealed;
pub(crate) use crate::refusal::{BrokenRule, FieldError, Refusal, check_lines, check_text};
pub(crate) use crate::tables::Facts;
pub(crate) use crate::words::shows;
