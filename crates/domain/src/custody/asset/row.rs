//! The row of an asset.

use crate::{code, record};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::custody::amount::{Amount, SCALE_MAX};
use crate::refusal::{FieldError, Refusal};

/// Longest code of an asset, in characters.
pub const CODE_LEN_MAX: usize = 16;

/// Longest name of an asset, in characters.
pub const NAME_LEN_MAX: usize = 100;

record! {
    /// An asset. What it is never changes: amounts mean what they meant.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Asset in "assets" {
        /// Id.
        pub id: id,
        /// Code, such as `BTC`; unique in any case.
        pub code: String,
        /// Name.
        pub name: String,
        /// Digits after the point, 0 to 18: one unit is so many powers of ten of the smallest one.
        pub scale: u64,
        /// The chain that it lives on, such as `bitcoin`.
        pub chain: Option<String> [sparse],
        /// When it was made.
        pub created_at: Timestamp,
        /// Whether its sums are kept; empty where it is older than they are, until they are counted.
        pub summed: Option<bool> [sparse],
    }
}

impl Asset {
    /// Digits after the point.
    pub fn digits(&self) -> u8 {
        u8::try_from(self.scale).unwrap_or(SCALE_MAX)
    }

    /// An amount in words, such as `0.50000000 BTC`.
    pub fn words(&self, amount: Amount) -> String {
        format!("{} {}", amount.to_decimal(self.digits()), self.code)
    }
}

/// Checks the code of an asset.
pub fn check_code(code: &str) -> Result<(), FieldError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if code.is_empty() || code.len() > CODE_LEN_MAX || !code.chars().all(allowed) {
        let message = format!("must be 1 to {CODE_LEN_MAX} characters of A-Z, a-z, 0-9, '.', '_' and '-'");
        return Err(FieldError::new("code", message));
    }
    Ok(())
}

pub(crate) fn unknown(id: Uuid) -> Refusal {
    code::UNKNOWN_ASSET.absent(format_args!("asset {id}"), "asset")
}
