//! The row of a balance, and whose it is.

use crate::{code, record, words};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::custody::Amount;
use crate::own_id::derived_id;
use crate::refusal::Refusal;

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

pub(crate) fn unknown(id: Uuid, field: &str) -> Refusal {
    code::UNKNOWN_BALANCE.absent(format_args!("balance {id}"), field)
}
