//! Changing the bounds of a balance, closing and opening it.

use super::row::{Balance, House, unknown};
use crate::custody::{Amount, operation};
use crate::prelude::*;

/// Changes the bounds of a balance, or closes or opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigureBalance {
    /// Which.
    pub balance: Uuid,
    /// Its asset, which never changes.
    pub asset: Uuid,
    /// Its version, where the change depends on it.
    pub version: Option<u64>,
    /// The new minimum; `Some(None)` for no bound.
    pub minimum: Option<Option<Amount>>,
    /// The new maximum; `Some(None)` for no bound.
    pub maximum: Option<Option<Amount>>,
    /// Whether it is to be closed or open.
    pub closed: Option<bool>,
}

fn outside(balance: &Balance, asset: &crate::custody::Asset) -> Option<Refusal> {
    if let (Some(minimum), Some(maximum)) = (balance.minimum, balance.maximum)
        && minimum > maximum
    {
        let message = "the minimum is above the maximum";
        return Some(Refusal::invalid("minimum", message));
    }
    if let Some(minimum) = balance.minimum.filter(|minimum| balance.available() < *minimum) {
        let message = format!(
            "{} are available, less than a minimum of {}",
            asset.words(balance.available()),
            asset.words(minimum)
        );
        return Some(code::BELOW_MINIMUM.because(message).field("minimum"));
    }
    if let Some(maximum) = balance.maximum.filter(|maximum| balance.posted > *maximum) {
        let message = format!(
            "{} are posted, more than a maximum of {}",
            asset.words(balance.posted),
            asset.words(maximum)
        );
        return Some(code::ABOVE_MAXIMUM.because(message).field("maximum"));
    }
    None
}

impl Act for ConfigureBalance {
    act! {
        action: BALANCE_CONFIGURE, changes_access: false, target: "balance" = balance,
        refusals: INVALID_FIELD, UNKNOWN_BALANCE, UNKNOWN_ASSET, VERSION_MISMATCH, FUNDS_HELD, BELOW_MINIMUM,
            ABOVE_MAXIMUM
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::BALANCE, self.balance);
        needs.row(&looks::DUE_OF, self.balance);
        needs.row(&looks::ASSET, self.asset);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = facts
            .balances
            .get(&self.balance)
            .ok_or_else(|| unknown(self.balance, "id"))?;
        code::check_version("balance", before.version, self.version)?;
        // What the clock has released holds nothing any more.
        let (mut drafts, facts) = operation::due(facts, self.balance, ctx);
        let before = facts
            .balances
            .get(&self.balance)
            .ok_or_else(|| unknown(self.balance, "id"))?;
        let asset = facts
            .assets
            .get(&before.row.asset_id)
            .ok_or_else(|| crate::custody::asset::unknown(before.row.asset_id))?;
        let mut after = before.row.clone();
        after.minimum = self.minimum.unwrap_or(after.minimum);
        after.maximum = self.maximum.unwrap_or(after.maximum);
        if after.minimum.is_none() && after.house != Some(House::External) {
            let message = "only the external balance can be without a minimum";
            return Err(Refusal::invalid("minimum", message));
        }
        match self.closed {
            Some(true) if after.held != Amount::ZERO => {
                let message = format!(
                    "pending operations hold {} of it: finish or release them first",
                    asset.row.words(after.held)
                );
                return Err(code::FUNDS_HELD.because(message));
            }
            Some(true) => after.closed_at = after.closed_at.or(Some(ctx.now)),
            Some(false) => after.closed_at = None,
            None => {}
        }
        if let Some(refusal) = outside(&after, &asset.row) {
            return Err(refusal);
        }
        let reply = |balance: Balance, version| Reply::Balance { balance, version };
        if after == before.row {
            return Ok(Decision {
                reply: reply(after, before.version),
                drafts,
            });
        }
        let mut change = Change::new(by, ctx);
        change.alter(before, after.clone());
        drafts.push(change.draft(Self::ACTION.name, "balance", after.id));
        Ok(Decision {
            reply: reply(after, before.version + 1),
            drafts,
        })
    }
}
