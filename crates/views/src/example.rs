//! What examples are made of.

use domain::custody::{Account, Owner};
use evidence::Timestamp;
use uuid::Uuid;

/// An id that ends with these digits.
pub const fn id(end: u64) -> Uuid {
    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 | end as u128)
}

/// The user that examples are about.
pub const ANN: Uuid = id(0xab);

/// An account of that user.
pub const ACCOUNT: Account = Account {
    asset: id(0xba),
    owner: Owner::User(ANN),
};

/// A moment of November 2026: day, hour.
pub fn at(day: i64, hour: i64) -> Timestamp {
    /// The end of October.
    const OCTOBER: i64 = 20_757;
    Timestamp::EPOCH.plus_seconds((OCTOBER + day) * 86_400 + hour * 3_600)
}
