//! Beginning to keep the sums of assets that were there before sums were kept.

use evidence::json::StrictObject;

use crate::prelude::*;

/// Begins to keep the sums of assets. What they are is counted where the batch is written: no other is written meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepSums {
    /// The assets.
    pub assets: Vec<Uuid>,
}

impl Act for KeepSums {
    act!(action: SUMS_KEEP, changes_access: false, target: none, refusals: none);

    fn needs(&self, _: &Rules, _: &mut Needs) {}

    fn decide(&self, _: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut payload = by.who.payload(ctx);
        let mut details = StrictObject::default();
        let assets: Vec<String> = self.assets.iter().map(Uuid::to_string).collect();
        details.0.insert("assets".into(), assets.into());
        payload.details = Some(details);
        let (id, name, salt) = (ctx.id(0), Self::ACTION.name, ctx.salt(0));
        let mut draft = Draft::new(id, by.who, by.authority, name, salt, &payload);
        draft.sums_of.clone_from(&self.assets);
        Ok(Decision::one(Reply::Done, draft))
    }
}
