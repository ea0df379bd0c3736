//! A sum of amounts, which may have more digits than an amount.

use crate::custody::{AMOUNT_MAX, Amount};

/// What is carried from one part to the other: one more than the largest amount.
const CARRY: i128 = AMOUNT_MAX + 1;

/// A sum of amounts: `carry` times 10 to the 38th, and the rest. Both have one sign, so that there is one way to write a
/// sum, and what was added can be taken away again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How often 10 to the 38th is in it; 0 where it is an amount.
    pub carry: i64,
    /// The rest.
    pub rest: Amount,
}

impl Total {
    /// None.
    pub const ZERO: Total = Total {
        carry: 0,
        rest: Amount::ZERO,
    };

    /// The sum with an amount more.
    #[must_use]
    pub fn plus(self, amount: Amount) -> Total {
        self.with(amount.units())
    }

    /// The sum with an amount less.
    #[must_use]
    pub fn minus(self, amount: Amount) -> Total {
        self.with(-amount.units())
    }

    /// Both sums together.
    #[must_use]
    pub fn and(self, other: Total) -> Total {
        let mut sum = self.plus(other.rest);
        sum.carry += other.carry;
        sum.with(0)
    }

    fn with(self, units: i128) -> Total {
        let (mut carry, rest) = (self.carry, self.rest.units());
        // Two amounts together may be more than an i128 holds, so a carry is taken out first.
        let mut rest = match (rest.signum(), units.signum()) {
            (1, 1) => {
                carry += 1;
                rest - CARRY + units
            }
            (-1, -1) => {
                carry -= 1;
                rest + CARRY + units
            }
            _ => rest + units,
        };
        if carry > 0 && rest < 0 {
            (carry, rest) = (carry - 1, rest + CARRY);
        } else if carry < 0 && rest > 0 {
            (carry, rest) = (carry + 1, rest - CARRY);
        }
        Total {
            carry,
            rest: Amount::new(rest).unwrap_or_default(),
        }
    }

    /// The sum as an amount; `None` beyond 38 digits.
    pub fn amount(self) -> Option<Amount> {
        (self.carry == 0).then_some(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(units: i128) -> Amount {
        Amount::new(units).unwrap()
    }

    #[test]
    fn what_was_added_can_be_taken_away_again_in_any_order() {
        let most = amount(AMOUNT_MAX);
        let amounts = [
            most,
            amount(7),
            most,
            amount(-3),
            most,
            amount(-AMOUNT_MAX),
            amount(1),
        ];
        let sum = amounts.iter().fold(Total::ZERO, |sum, amount| sum.plus(*amount));
        assert_eq!(sum.amount(), None);
        // 2 * (10^38 - 1) + 5
        assert_eq!((sum.carry, sum.rest), (2, amount(3)));
        let backwards = amounts
            .iter()
            .rev()
            .fold(Total::ZERO, |sum, amount| sum.plus(*amount));
        assert_eq!(backwards, sum);
        let left = amounts.iter().fold(sum, |sum, amount| sum.minus(*amount));
        assert_eq!(left, Total::ZERO);
        let below = amounts.iter().fold(Total::ZERO, |sum, amount| sum.minus(*amount));
        assert_eq!((below.carry, below.rest), (-2, amount(-3)));
        assert_eq!(sum.and(below), Total::ZERO);
        assert_eq!(sum.and(sum).and(below), sum);
        assert_eq!(
            Total::ZERO.plus(amount(5)).minus(amount(8)).amount(),
            Some(amount(-3))
        );
        assert_eq!(
            Total::ZERO.plus(most).plus(amount(1)),
            Total {
                carry: 1,
                rest: Amount::ZERO
            }
        );
        assert_eq!(
            Total::ZERO.plus(most).plus(amount(1)).minus(amount(1)).amount(),
            Some(most)
        );
    }
}
