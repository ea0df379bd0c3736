//! Recording that the log's signing key was exported.

use evidence::json::StrictObject;

use crate::prelude::*;

/// Records that the log's signing key was exported, sealed: whoever opens it can continue the log, and write it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportKey {
    /// The public keys that it is sealed to; none where it is sealed with a passphrase.
    pub recipients: Vec<String>,
}

impl Act for ExportKey {
    act!(action: LOG_EXPORT_KEY, changes_access: false, target: none, refusals: none);

    fn needs(&self, _: &Rules, _: &mut Needs) {}

    fn decide(&self, _: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let sealed = if self.recipients.is_empty() {
            "passphrase".into()
        } else {
            self.recipients.clone().into()
        };
        let mut payload = by.who.payload(ctx);
        let mut details = StrictObject::default();
        details.0.insert("sealed_to".to_owned(), sealed);
        payload.details = Some(details);
        let name = Self::ACTION.name;
        let draft = Draft::new(ctx.id(0), by.who, by.authority, name, ctx.salt(0), &payload);
        Ok(Decision {
            reply: Reply::Done,
            drafts: vec![draft],
        })
    }
}
