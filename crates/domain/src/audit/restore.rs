//! Acknowledging that the log was put back to an older state on purpose.

use evidence::json::StrictObject;

use crate::context::Context;
use crate::decision::{Decision, Draft, Reply};
use crate::identity::{Authority, Principal};
use crate::refusal::{FieldError, Refusal};

/// Acknowledges a restore: the rollback guard remembers a log that this one does not extend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcknowledgeRestore {
    /// The signed checkpoint that the guard remembers.
    pub remembered: String,
    /// The signed checkpoint of the log as it is now.
    pub found: String,
    /// Why: 1 to 500 characters.
    pub reason: String,
}

/// Decides [`AcknowledgeRestore`].
pub fn acknowledge(
    command: &AcknowledgeRestore,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    let length = command.reason.chars().count();
    if length == 0 || length > 500 {
        return Err(FieldError::new("reason", "must be 1 to 500 characters").into());
    }
    let mut payload = who.payload(ctx);
    let mut details = StrictObject::default();
    for (key, value) in [
        ("reason", &command.reason),
        ("remembered_checkpoint", &command.remembered),
        ("found_checkpoint", &command.found),
    ] {
        details.0.insert(key.into(), value.as_str().into());
    }
    payload.details = Some(details);
    let draft = Draft::new(
        ctx.id(0),
        who,
        authority,
        "log.acknowledge_restore",
        ctx.salt(0),
        &payload,
    );
    Ok(Decision {
        reply: Reply::Done,
        drafts: vec![draft],
    })
}
