//! Beginning to keep the sums of assets that were there before sums were kept.

use crate::custody::Asset;
use crate::prelude::*;

/// Begins to keep the sums of assets. What they are is counted where the batch is written: no other is written meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepSums {
    /// The assets.
    pub assets: Vec<Uuid>,
}

impl Act for KeepSums {
    act!(action: SUMS_KEEP, changes_access: false, target: none, refusals: none);

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.rows(&looks::ASSET_TO_COUNT, self.assets.iter().copied());
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut change = Change::new(by, ctx);
        // Another process may have been faster.
        let found = self.assets.iter().filter_map(|id| facts.assets.get(id));
        let uncounted: Vec<_> = found.filter(|asset| asset.row.summed.is_none()).collect();
        if uncounted.is_empty() {
            return Ok(Decision::nothing(Reply::Done));
        }
        for asset in uncounted {
            let summed = Some(true);
            change.alter(
                asset,
                Asset {
                    summed,
                    ..asset.row.clone()
                },
            );
        }
        Ok(Decision::one(Reply::Done, change.untargeted(Self::ACTION.name)))
    }
}
