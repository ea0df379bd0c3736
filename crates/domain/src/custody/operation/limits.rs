//! What a user's tier allows within a window of time, decided together with the movement itself.

use crate::code;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::{Operation, OperationKind};
use crate::custody::rules::LimitRule;
use crate::custody::{Account, Amount, Asset, kyc};
use crate::refusal::{BrokenRule, Refusal};
use crate::tables::Facts;

/// The user's account whose limits an operation counts against: whoever sends, or for what comes from outside whoever
/// receives.
pub fn subject(kind: OperationKind, debit: Account, credit: Account) -> Option<(Uuid, Account)> {
    let account = match kind {
        OperationKind::Withdrawal | OperationKind::Transfer | OperationKind::Burn => debit,
        OperationKind::Deposit | OperationKind::Mint => credit,
        OperationKind::Reversal => return None,
    };
    account.user().map(|user| (user, account))
}

/// What an operation counts for: all of it, unless only parts of it were captured before it ended.
fn counted(operation: &Operation) -> Amount {
    match operation.captured {
        Some(captured) if operation.status.is_final() => captured,
        _ => operation.amount,
    }
}

/// A length of time in words: `24 hours`, `30 days`.
pub(super) fn duration(seconds: i64) -> String {
    let (count, unit) = match seconds {
        s if s % 86_400 == 0 && s >= 2 * 86_400 => (s / 86_400, "day"),
        s if s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// Checks an amount against every limit of the user's tier; gives the balance that it counts against, where the
/// installation limits such operations at all.
pub(super) fn check(
    facts: &Facts,
    asset: &Asset,
    kind: OperationKind,
    accounts: (Account, Account),
    amount: Amount,
    now: Timestamp,
) -> Result<Option<Uuid>, Refusal> {
    let Some((user, account)) = subject(kind, accounts.0, accounts.1) else {
        return Ok(None);
    };
    let rules = facts.rules.custody.limits_on(&asset.code, kind);
    // All are read before one is applied: a limit that cannot be read comes first.
    let limits = rules.map(|rule| Ok((rule, read(asset, rule)?)));
    let limits = limits.collect::<Result<Vec<_>, Refusal>>()?;
    if limits.is_empty() {
        return Ok(None);
    }
    let balance = account.id();
    let tier = kyc::tier_of(facts, user, now);
    for (rule, limit) in limits.iter().filter(|(rule, _)| rule.tier == tier) {
        check_one(facts, asset, (rule, *limit), balance, amount, now)?;
    }
    Ok(Some(balance))
}

fn read(asset: &Asset, rule: &LimitRule) -> Result<Amount, Refusal> {
    Amount::parse(&rule.amount, asset.digits()).map_err(|error| {
        let message = format!(
            "the limit of {} {} in the configuration {error}",
            rule.amount, rule.asset
        );
        code::LIMIT_UNREADABLE.because(message)
    })
}

fn check_one(
    facts: &Facts,
    asset: &Asset,
    (rule, limit): (&LimitRule, Amount),
    balance: Uuid,
    amount: Amount,
    now: Timestamp,
) -> Result<(), Refusal> {
    let since = now.plus_seconds(-rule.window_s);
    let earlier = facts.operations.limited(balance);
    let mut in_window = earlier
        .filter(|earlier| earlier.kind == rule.kind && earlier.counts() && earlier.created_at > since)
        .map(counted);
    let used = in_window.try_fold(Amount::ZERO, Amount::plus).unwrap_or(limit);
    let remaining = limit.minus(used).unwrap_or(Amount::ZERO).max(Amount::ZERO);
    if amount <= remaining {
        return Ok(());
    }
    let decimal = |amount: Amount| amount.to_decimal(asset.digits());
    let words = format!(
        "tier {}: at most {} in operations of kind {} within {}",
        rule.tier,
        asset.words(limit),
        rule.kind.as_str(),
        duration(rule.window_s),
    );
    let message = format!(
        "{words}; {} of it are used, {} remain, {} are asked for",
        decimal(used),
        decimal(remaining),
        decimal(amount),
    );
    let rule = BrokenRule {
        rule: words,
        limit: Some(decimal(limit)),
        remaining: Some(decimal(remaining)),
        lifted_by: "a higher KYC tier, which who holds kyc:review approves; or the end of the window"
            .to_owned(),
    };
    Err(code::TIER_LIMIT.because(message).field("amount").by(rule))
}

/// Refuses to carry on what is in flight once the tier under which it began has expired or was revoked.
pub(super) fn check_in_flight(
    facts: &Facts,
    operation: &Operation,
    accounts: (Account, Account),
    now: Timestamp,
) -> Result<(), Refusal> {
    match held_up(facts, operation, accounts, now) {
        None => Ok(()),
        Some((then, tier)) => {
            let message = format!(
                "the operation began under KYC tier {then}, the user's tier is {tier} now: it is on hold until tier {then} \
                 is approved again"
            );
            let rule = BrokenRule {
                rule: "what is in flight waits while the tier that it began under is not good".to_owned(),
                limit: Some(then.to_string()),
                remaining: Some(tier.to_string()),
                lifted_by: "who holds kyc:review: approve a new KYC record of the user".to_owned(),
            };
            Err(code::KYC_EXPIRED.because(message).by(rule))
        }
    }
}

/// The tier under which an unfinished operation began, and the one of now, where that is lower.
pub(crate) fn held_up(
    facts: &Facts,
    operation: &Operation,
    accounts: (Account, Account),
    now: Timestamp,
) -> Option<(u64, u64)> {
    let (user, _) = subject(operation.kind, accounts.0, accounts.1)?;
    let records = facts.kyc_records.values().map(|record| &record.row);
    let records = records.filter(|record| record.user_id == user);
    kyc::tier_lost(records, operation.created_at, now)
}
