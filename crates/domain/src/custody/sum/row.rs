//! The row of a sum.

use evidence::time::Timestamp;
use uuid::Uuid;

use super::Total;
use crate::custody::{Amount, OperationKind, OperationStatus};
use crate::own_id::derived_id;
use crate::{record, words};

words! {
    /// What a sum is over.
    SumOf {
        /// Operations of a kind that stand at a status: how many, and what they move.
        Operations = "operations",
        /// Users' balances: how many, and what is posted of them. It also says how many sums its asset has, so that none
        /// can be taken away unnoticed.
        Posted = "posted",
        /// Users' balances of which something is held: how many, and how much is held.
        Held = "held",
    }
}

record! {
    /// A sum. It is changed with the rows that it is over, once for all that are written at a time.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Sum in "sums" {
        /// Id; follows from what it is the sum of, see [`SumKey::id`].
        pub id: id,
        /// The asset.
        pub asset_id: Uuid [fixed],
        /// What it is over.
        pub covers: SumOf [fixed],
        /// The kind of its operations.
        pub kind: Option<OperationKind> [sparse] [fixed],
        /// The status of its operations, as it is stored.
        pub status: Option<OperationStatus> [sparse] [fixed],
        /// The day, in UTC, on which its operations were made; none where they are all days'.
        pub day: Option<Timestamp> [sparse] [fixed],
        /// How many.
        pub count: u64,
        /// How much, less what is carried.
        pub amount: Amount,
        /// How often 10 to the 38th is to be added.
        pub carry: Option<i64> [sparse],
        /// On what is posted: how many sums over operations of all days its asset has.
        pub totals: Option<u64> [sparse],
        /// On what is posted: how many sums over operations of single days its asset has.
        pub days: Option<u64> [sparse],
    }
}

/// What a sum is the sum of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SumKey {
    /// The asset.
    pub asset: Uuid,
    /// What it is over.
    pub covers: SumOf,
    /// Kind and status of its operations.
    pub of: Option<(OperationKind, OperationStatus)>,
    /// The day on which they were made; none for all days.
    pub day: Option<Timestamp>,
}

/// The beginning of a time's day, in UTC.
pub fn day_of(time: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400_000_000;
    Timestamp::from_micros(time.micros().div_euclid(DAY) * DAY).unwrap_or(time)
}

impl SumKey {
    /// The sum over users' balances of an asset.
    pub fn of_balances(asset: Uuid, covers: SumOf) -> SumKey {
        SumKey {
            asset,
            covers,
            of: None,
            day: None,
        }
    }

    /// The sum over operations of an asset, of a day or of all.
    pub fn of_operations(
        asset: Uuid,
        kind: OperationKind,
        status: OperationStatus,
        day: Option<Timestamp>,
    ) -> SumKey {
        SumKey {
            asset,
            covers: SumOf::Operations,
            of: Some((kind, status)),
            day,
        }
    }

    /// The id of its row: there is never another.
    pub fn id(&self) -> Uuid {
        let (kind, status) = self
            .of
            .map_or(("", ""), |(kind, status)| (kind.as_str(), status.as_str()));
        let day = self
            .day
            .map_or_else(Vec::new, |day| day.micros().to_be_bytes().to_vec());
        let parts: [&[u8]; 5] = [
            self.asset.as_bytes(),
            self.covers.as_str().as_bytes(),
            kind.as_bytes(),
            status.as_bytes(),
            &day,
        ];
        derived_id("sum", &parts)
    }

    /// Its row with these values.
    pub fn row(&self, count: u64, total: Total) -> Sum {
        Sum {
            id: self.id(),
            asset_id: self.asset,
            covers: self.covers,
            kind: self.of.map(|(kind, _)| kind),
            status: self.of.map(|(_, status)| status),
            day: self.day,
            count,
            amount: total.rest,
            carry: (total.carry != 0).then_some(total.carry),
            totals: None,
            days: None,
        }
    }
}

impl Sum {
    /// What it is the sum of.
    pub fn key(&self) -> SumKey {
        SumKey {
            asset: self.asset_id,
            covers: self.covers,
            of: self.kind.zip(self.status),
            day: self.day,
        }
    }

    /// How many sums over operations its asset has, of all days and of single ones, where it says so.
    pub fn of_asset(&self) -> Option<[u64; 2]> {
        Some([self.totals?, self.days?])
    }

    /// How much.
    pub fn total(&self) -> Total {
        Total {
            carry: self.carry.unwrap_or_default(),
            rest: self.amount,
        }
    }
}
