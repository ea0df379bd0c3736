//! Balances: what a user or the house owns of an asset, and what of it is held.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::act::{Act, By};
use crate::action::Action;
use crate::change::Change;
use crate::context::Context;
use crate::custody::{Amount, derived_id, operation};
use crate::decision::{Decision, Reply};
use crate::facts::{Facts, Needs};
use crate::identity::Rules;
use crate::refusal::{Refusal, RefusalKind};
use crate::{action, record, words};

words! {
    /// A house account, of which each asset has one.
    House {
        /// What the house itself holds.
        Omnibus = "omnibus",
        /// Fees that were taken.
        Fees = "fees",
        /// What came in and nobody could be given.
        Suspense = "suspense",
        /// The world outside: as far below zero as everyone together is above it.
        External = "external",
    }
}

record! {
    /// A balance.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Balance in "balances" {
        /// Id; follows from asset and owner, see [`Balance::id_of`].
        pub id: id,
        /// The asset.
        pub asset_id: Uuid [fixed],
        /// Whose it is, unless it is a house account.
        pub user_id: Option<Uuid> [sparse] [fixed],
        /// Which house account it is.
        pub house: Option<House> [sparse] [fixed],
        /// What was given less what was taken.
        pub posted: Amount,
        /// What pending operations hold of it.
        pub held: Amount,
        /// What posted less held may not go below; none for no bound.
        pub minimum: Option<Amount> [sparse],
        /// What posted may not go above; none for no bound.
        pub maximum: Option<Amount> [sparse],
        /// When it was opened.
        pub opened_at: Timestamp [fixed],
        /// Since when nothing moves on it.
        pub closed_at: Option<Timestamp> [sparse],
    }
}

/// Whose a balance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A user's.
    User(Uuid),
    /// The house's.
    House(House),
}

/// A balance by what it is of; it need not be open yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// The asset.
    pub asset: Uuid,
    /// Whose.
    pub owner: Owner,
}

impl Account {
    /// The balance's id.
    pub fn id(&self) -> Uuid {
        Balance::id_of(self.asset, self.owner)
    }

    /// The user whose it is.
    pub fn user(&self) -> Option<Uuid> {
        match self.owner {
            Owner::User(id) => Some(id),
            Owner::House(_) => None,
        }
    }

    /// Whose it is, as programs read it: `house:fees`, `user:<id>`.
    pub fn words(&self) -> String {
        match self.owner {
            Owner::User(id) => format!("user:{id}"),
            Owner::House(house) => format!("house:{}", house.as_str()),
        }
    }

    /// Whether it is the world outside.
    pub fn is_external(&self) -> bool {
        self.owner == Owner::House(House::External)
    }
}

impl Balance {
    /// The id of the balance of an asset and owner: there is never another.
    pub fn id_of(asset: Uuid, owner: Owner) -> Uuid {
        match owner {
            Owner::User(id) => derived_id("balance.user", &[asset.as_bytes(), id.as_bytes()]),
            Owner::House(house) => {
                derived_id("balance.house", &[asset.as_bytes(), house.as_str().as_bytes()])
            }
        }
    }

    /// A new, empty balance: users' and the house's own may not go below zero, the world outside may.
    pub fn open(asset: Uuid, owner: Owner, now: Timestamp) -> Balance {
        let (user_id, house) = match owner {
            Owner::User(id) => (Some(id), None),
            Owner::House(house) => (None, Some(house)),
        };
        Balance {
            id: Balance::id_of(asset, owner),
            asset_id: asset,
            user_id,
            house,
            posted: Amount::ZERO,
            held: Amount::ZERO,
            minimum: (house != Some(House::External)).then_some(Amount::ZERO),
            maximum: None,
            opened_at: now,
            closed_at: None,
        }
    }

    /// Asset and owner.
    pub fn account(&self) -> Account {
        let owner = match (self.user_id, self.house) {
            (Some(id), _) => Owner::User(id),
            (None, house) => Owner::House(house.unwrap_or(House::Suspense)),
        };
        Account {
            asset: self.asset_id,
            owner,
        }
    }

    /// Posted less held: what can be taken down to the minimum.
    pub fn available(&self) -> Amount {
        self.posted.minus(self.held).unwrap_or(Amount::ZERO)
    }

    /// Whose it is, in words: `house:fees`, `user:<id>`.
    pub fn words(&self) -> String {
        self.account().words()
    }
}

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
    let conflict = |code, message| Refusal::new(RefusalKind::Conflict, code, message);
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
        return Some(conflict("below_minimum", message).field("minimum"));
    }
    if let Some(maximum) = balance.maximum.filter(|maximum| balance.posted > *maximum) {
        let message = format!(
            "{} are posted, more than a maximum of {}",
            asset.words(balance.posted),
            asset.words(maximum)
        );
        return Some(conflict("above_maximum", message).field("maximum"));
    }
    None
}

impl Act for ConfigureBalance {
    const ACTION: &'static Action = &action::BALANCE_CONFIGURE;
    const CHANGES_ACCESS: bool = false;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("balance", self.balance))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.balances.insert(self.balance);
        needs.due_of.insert(self.balance);
        needs.assets.insert(self.asset);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = facts
            .balances
            .get(&self.balance)
            .ok_or_else(|| unknown(self.balance, "id"))?;
        crate::refusal::check_version("balance", before.version, self.version)?;
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
                return Err(Refusal::new(RefusalKind::Conflict, "funds_held", message));
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

pub(crate) fn unknown(id: Uuid, field: &str) -> Refusal {
    let message = format!("there is no balance {id}");
    Refusal::new(RefusalKind::NotFound, "unknown_balance", message).field(field)
}
