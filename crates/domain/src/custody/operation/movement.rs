//! What an operation does to its two balances, and every reason not to.

use crate::code;
use crate::context::Context;
use crate::custody::{AMOUNT_MAX, Account, Amount, Asset, Balance};
use crate::record::Sealed;
use crate::refusal::{BrokenRule, Refusal};
use crate::tables::Facts;

/// A balance as it is, or as it will be opened.
#[derive(Clone, Debug)]
pub(super) enum Found<'a> {
    /// It is there.
    There(&'a Sealed<Balance>),
    /// It is opened by what is being decided.
    New(Box<Balance>),
}

impl Found<'_> {
    pub fn row(&self) -> &Balance {
        match self {
            Found::There(sealed) => &sealed.row,
            Found::New(row) => row,
        }
    }
}

/// The balance of an account; a user's is opened when it is first needed.
pub(super) fn find<'a>(
    facts: &'a Facts,
    account: Account,
    field: &str,
    ctx: &Context,
) -> Result<Found<'a>, Refusal> {
    if let Some(sealed) = facts.balances.get(&account.id()) {
        return Ok(Found::There(sealed));
    }
    let user = account.user().and_then(|id| facts.users.get(&id));
    match user {
        Some(user) if user.row.erased_at.is_none() => Ok(Found::New(Box::new(Balance::open(
            account.asset,
            account.owner,
            ctx.now,
        )))),
        _ => {
            let message = "there is no such user, so no balance can be opened";
            Err(code::UNKNOWN_USER.because(message).field(field))
        }
    }
}

/// Refuses when a balance is closed.
pub(super) fn check_open(balance: &Balance, field: &str) -> Result<(), Refusal> {
    let Some(since) = balance.closed_at else {
        return Ok(());
    };
    let code = if field == "debit" {
        &code::DEBIT_CLOSED
    } else {
        &code::CREDIT_CLOSED
    };
    let message = format!("balance {} is closed since {since}", balance.words());
    let rule = BrokenRule {
        rule: "nothing moves on a closed balance".to_owned(),
        lifted_by: "who holds custody:configure: open the balance".to_owned(),
        ..BrokenRule::default()
    };
    Err(code.because(message).field(field).by(rule))
}

fn overflow(field: &str) -> Refusal {
    let message = "the balance would have more than 38 digits";
    code::AMOUNT_OVERFLOW.because(message).field(field)
}

/// What can be taken from a balance: available less its minimum; none where there is no minimum.
fn spendable(balance: &Balance) -> Option<Amount> {
    let minimum = balance.minimum?;
    // Beyond 38 digits there is more than any amount asks for; the other way round nothing is left.
    let most = Amount::new(AMOUNT_MAX).filter(|_| balance.available() > minimum);
    let left = balance.available().minus(minimum);
    Some(left.unwrap_or(most.unwrap_or(Amount::ZERO)))
}

/// Refuses when more than what is available above the minimum is asked for.
fn check_funds(balance: &Balance, asset: &Asset, amount: Amount) -> Result<(), Refusal> {
    let Some(spendable) = spendable(balance).filter(|spendable| *spendable < amount) else {
        return Ok(());
    };
    let decimal = |amount: Amount| amount.to_decimal(asset.digits());
    let minimum = balance.minimum.unwrap_or(Amount::ZERO);
    let message = format!(
        "{} has {} available ({} posted, {} held), {} are needed",
        balance.words(),
        asset.words(balance.available()),
        decimal(balance.posted),
        decimal(balance.held),
        decimal(amount),
    );
    let rule = BrokenRule {
        rule: format!("{} may not go below {}", balance.words(), asset.words(minimum)),
        limit: Some(decimal(minimum)),
        remaining: Some(decimal(spendable.max(Amount::ZERO))),
        lifted_by: "a credit to the balance, or the release of what is held".to_owned(),
    };
    Err(code::INSUFFICIENT_FUNDS.because(message).field("amount").by(rule))
}

/// Holds an amount of a balance.
pub(super) fn hold(balance: &Balance, asset: &Asset, amount: Amount) -> Result<Balance, Refusal> {
    check_funds(balance, asset, amount)?;
    let held = balance.held.plus(amount).ok_or_else(|| overflow("amount"))?;
    // Available must be an amount too, so that it can be said.
    balance.posted.minus(held).ok_or_else(|| overflow("amount"))?;
    Ok(Balance {
        held,
        ..balance.clone()
    })
}

/// Releases what was held of a balance.
pub(super) fn release(balance: &Balance, amount: Amount) -> Balance {
    Balance {
        held: balance.held.minus(amount).unwrap_or(Amount::ZERO),
        ..balance.clone()
    }
}

/// Moves an amount; the balances as they are after it.
pub(super) fn transfer(
    debit: &Balance,
    credit: &Balance,
    asset: &Asset,
    amount: Amount,
) -> Result<(Balance, Balance), Refusal> {
    check_funds(debit, asset, amount)?;
    let posted = credit.posted.plus(amount);
    // More than 38 digits are above any maximum.
    let above = |maximum: &Amount| posted.is_none_or(|posted| posted > *maximum);
    if let Some(maximum) = credit.maximum.filter(above) {
        return Err(above_maximum(credit, asset, amount, maximum));
    }
    let posted = posted.ok_or_else(|| overflow("amount"))?;
    let after = Balance {
        posted: debit.posted.minus(amount).ok_or_else(|| overflow("amount"))?,
        ..debit.clone()
    };
    after.posted.minus(after.held).ok_or_else(|| overflow("amount"))?;
    let credited = Balance {
        posted,
        ..credit.clone()
    };
    Ok((after, credited))
}

fn above_maximum(balance: &Balance, asset: &Asset, amount: Amount, maximum: Amount) -> Refusal {
    let decimal = |amount: Amount| amount.to_decimal(asset.digits());
    let message = format!(
        "{} has {} posted, {} more would be above its maximum",
        balance.words(),
        asset.words(balance.posted),
        decimal(amount),
    );
    let remaining = maximum.minus(balance.posted).unwrap_or(Amount::ZERO);
    let rule = BrokenRule {
        rule: format!("{} may not go above {}", balance.words(), asset.words(maximum)),
        limit: Some(decimal(maximum)),
        remaining: Some(decimal(remaining)),
        lifted_by: "who holds custody:configure: raise the maximum".to_owned(),
    };
    code::ABOVE_MAXIMUM.because(message).field("amount").by(rule)
}
