//! Amounts: whole numbers of an asset's smallest unit, never a float.
//!
//! In memory `i128`, bounded by 38 digits; in the database `numeric(38,0)` or a text; on the wire
//! a decimal string with at most as many digits after the point as the asset has.

use std::fmt;

/// The largest amount: 38 nines, what `numeric(38,0)` holds.
pub const AMOUNT_MAX: i128 = 10_i128.pow(38) - 1;

/// Most digits after the point that an asset can have.
pub const SCALE_MAX: u8 = 18;

/// A signed whole number of an asset's smallest unit, of at most 38 digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// It is not a decimal number in its one spelling.
    #[error("must be a decimal number such as 12.5, without sign, exponent or leading zeros")]
    Malformed,
    /// It has more digits after the point than the asset.
    #[error("has more than {0} digits after the point")]
    Scale(u8),
    /// It has more than 38 digits.
    #[error("has more than 38 digits")]
    TooLarge,
}

impl Amount {
    /// None.
    pub const ZERO: Amount = Amount(0);

    /// An amount of so many smallest units; `None` beyond 38 digits.
    pub fn new(units: i128) -> Option<Amount> {
        (-AMOUNT_MAX..=AMOUNT_MAX)
            .contains(&units)
            .then_some(Amount(units))
    }

    /// The number of smallest units.
    pub fn units(self) -> i128 {
        self.0
    }

    /// Whether it is more than none.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The sum; `None` beyond 38 digits.
    pub fn plus(self, other: Amount) -> Option<Amount> {
        Amount::new(self.0.checked_add(other.0)?)
    }

    /// The difference; `None` beyond 38 digits.
    pub fn minus(self, other: Amount) -> Option<Amount> {
        Amount::new(self.0.checked_sub(other.0)?)
    }

    /// Reads a number of smallest units in its one spelling, as [`Amount`]'s `Display` writes it.
    pub fn from_units_text(text: &str) -> Option<Amount> {
        let units: i128 = text.parse().ok()?;
        Amount::new(units).filter(|amount| amount.to_string() == text)
    }

    /// Reads a decimal string without a sign, of an asset with `scale` digits after the point.
    ///
    /// Digits after the point may be fewer than the asset has, also trailing zeros, never more: nothing is rounded.
    pub fn parse(text: &str, scale: u8) -> Result<Amount, AmountError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = digits(whole) && (whole == "0" || !whole.starts_with('0'));
        if !canonical || !fraction.is_none_or(digits) {
            return Err(AmountError::Malformed);
        }
        let fraction = fraction.unwrap_or_default();
        let missing = usize::from(scale)
            .checked_sub(fraction.len())
            .ok_or(AmountError::Scale(scale))?;
        if whole.len() + usize::from(scale) > 38 && whole != "0" {
            return Err(AmountError::TooLarge);
        }
        let all = whole.bytes().chain(fraction.bytes());
        let units = all.fold(0_i128, |units, digit| units * 10 + i128::from(digit - b'0'));
        let power = 10_i128.pow(u32::try_from(missing).unwrap_or(u32::MAX));
        Amount::new(units * power).ok_or(AmountError::TooLarge)
    }

    /// The decimal string, with every digit after the point that the asset has.
    pub fn to_decimal(self, scale: u8) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let width = usize::from(scale) + 1;
        let digits = format!("{:0width$}", self.0.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }
}

impl fmt::Display for Amount {
    /// Smallest units.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
#[path = "amount_tests.rs"]
mod tests;
