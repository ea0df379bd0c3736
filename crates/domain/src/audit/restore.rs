//! Acknowledging that the log was put back to an older state on purpose.

use evidence::json::StrictObject;

use crate::prelude::*;

/// Acknowledges a restore: the rollback guard remembers a log that this one does not extend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcknowledgeRestore {
    /// The signed checkpoint that the guard remembers, where it remembers one.
    pub remembered: Option<String>,
    /// The signed checkpoint of the log as it is now.
    pub found: String,
    /// Why: 1 to 500 characters.
    pub reason: String,
}

impl Act for AcknowledgeRestore {
    act! { action: LOG_ACKNOWLEDGE_RESTORE, changes_access: false, target: none, refusals: INVALID_FIELD }

    fn needs(&self, _: &Rules, _: &mut Needs) {}

    fn decide(&self, _: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let length = self.reason.chars().count();
        if length == 0 || length > 500 {
            return Err(FieldError::new("reason", "must be 1 to 500 characters").into());
        }
        let mut payload = by.who.payload(ctx);
        let mut details = StrictObject::default();
        for (key, value) in [
            ("reason", Some(&self.reason)),
            ("remembered_checkpoint", self.remembered.as_ref()),
            ("found_checkpoint", Some(&self.found)),
        ] {
            if let Some(value) = value {
                details.0.insert(key.into(), value.as_str().into());
            }
        }
        payload.details = Some(details);
        let draft = Draft::new(
            ctx.id(0),
            by.who,
            by.authority,
            Self::ACTION.name,
            ctx.salt(0),
            &payload,
        );
        Ok(Decision {
            reply: Reply::Done,
            drafts: vec![draft],
        })
    }
}
