//! What the clock ends: approvals past their time. What the clock says decides; that it is also written down is for
//! those who read, and is done by whoever comes first, an approval that would replace it or the sweeper.

use std::collections::BTreeSet;

use super::{KycRecord, KycStatus};
use crate::context::Caller;
use crate::prelude::*;

/// Whether it is past its time and not yet recorded as such.
pub(super) fn is_due(sealed: &Sealed<KycRecord>, ctx: &Context) -> bool {
    sealed.row.status == KycStatus::Approved && sealed.row.status_at(ctx.now) == KycStatus::Expired
}

/// The entry that records an expiry: the approval ended when its time had come, not now.
pub(super) fn entry(facts: &Facts, sealed: &Sealed<KycRecord>, ctx: &Context) -> Result<Draft, Refusal> {
    let clock = Caller::System { part: "expiry" };
    let clock = Principal::of(&clock, facts, ctx.now)?;
    let authority = clock.without_authority();
    let mut change = Change::new(&By::new(&clock, &authority), ctx);
    change.detail("user", sealed.row.user_id.to_string());
    change.alter(
        sealed,
        KycRecord {
            status: KycStatus::Expired,
            ended_at: sealed.row.expires_at,
            ..sealed.row.clone()
        },
    );
    Ok(change.draft(action::KYC_EXPIRE.name, "kyc_record", sealed.row.id))
}

/// Records the expiry of those of these records that are past their time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpireKyc {
    /// Which.
    pub records: Vec<Uuid>,
}

impl Act for ExpireKyc {
    act! { action: KYC_EXPIRE, changes_access: false, target: none, refusals: none }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.rows(&looks::KYC_RECORD, &self.records);
        needs.rows(&looks::DOCUMENTS_OF, &self.records);
    }

    fn decide(&self, facts: &Facts, _: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut seen = BTreeSet::new();
        let named = self.records.iter().zip(0_u32..);
        let due = named.filter_map(|(id, number)| {
            let sealed = facts.kyc_records.get(id).filter(|sealed| is_due(sealed, ctx))?;
            // An id that is named twice is one record.
            seen.insert(*id).then_some((sealed, number))
        });
        let drafts = due.map(|(sealed, number)| entry(facts, sealed, &ctx.part(number)));
        let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        Ok(Decision {
            reply: Reply::Expired(drafts.len() as u64),
            drafts,
        })
    }

    fn weight(&self) -> usize {
        self.records.len().max(1)
    }
}
