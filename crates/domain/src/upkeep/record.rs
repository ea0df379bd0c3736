//! Recording what came of a backup, a prune, a verification.

use evidence::json::StrictObject;
use evidence::leaf::Outcome;

use super::Job;
use crate::prelude::*;

/// Records what came of a run of a job, or of the same by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordJob {
    /// What was done.
    pub job: Job,
    /// Whether it did what it is for.
    pub outcome: Outcome,
    /// What there is to say: files, numbers, why it failed.
    pub details: StrictObject,
}

impl Act for RecordJob {
    act!(action: JOB_RECORD, changes_access: false, target: none, refusals: none);

    fn needs(&self, _: &Rules, _: &mut Needs) {}

    fn decide(&self, _: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut payload = by.who.payload(ctx);
        payload.details = (!self.details.0.is_empty()).then(|| self.details.clone());
        let name = self.job.recorded_as().unwrap_or(Self::ACTION.name);
        let mut draft = Draft::new(ctx.id(0), by.who, by.authority, name, ctx.salt(0), &payload);
        draft.outcome = self.outcome;
        Ok(Decision::one(Reply::Done, draft))
    }
}
