//! Asking for a run of a job.

use evidence::json::StrictObject;

use super::Job;
use crate::prelude::*;

/// Asks for a run of a job, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunJob {
    /// Which one.
    pub job: Job,
}

impl Act for RunJob {
    act!(action: JOB_RUN, changes_access: false, target: none, refusals: none);

    fn needs(&self, _: &Rules, _: &mut Needs) {}

    fn decide(&self, _: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut payload = by.who.payload(ctx);
        let mut details = StrictObject::default();
        details.0.insert("job".to_owned(), self.job.as_str().into());
        payload.details = Some(details);
        let name = Self::ACTION.name;
        let draft = Draft::new(ctx.id(0), by.who, by.authority, name, ctx.salt(0), &payload);
        Ok(Decision::one(Reply::Done, draft))
    }
}
