//! Outputs of transactions: which an operation is of, and whose an output is now.
//!
//! Each time an operation begins to name an output, it claims it: a row of its own, never changed, whose id follows from
//! the output and the number of the claim. So two transactions that claim the same output at once make the same row, and
//! one of them fails. Whether an output is free follows from the operations that name it, and from the clock.

use crate::code;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::row::{Operation, OperationKind};
use super::transactions::ChainOutput;
use crate::change::Change;
use crate::custody::chain::OutputKey;
use crate::record::Sealed;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// Whose an output is.
pub(super) enum Holder<'a> {
    /// Nobody's; the last operation that came to nothing with it, if there is one.
    Nobody(Option<Uuid>),
    /// Of an operation that was completed and reversed.
    Reversed(&'a Sealed<Operation>),
    /// Of an operation.
    Taken(&'a Sealed<Operation>),
}

/// Whose an output is now. That it was reversed is known only where reversals were asked for.
pub(super) fn holder<'a>(facts: &'a Facts, key: &OutputKey, now: Timestamp) -> Holder<'a> {
    let mut of: Vec<_> = facts.operations.of_output(key).collect();
    of.sort_unstable_by_key(|sealed| std::cmp::Reverse((sealed.row.created_at, sealed.row.id)));
    let reversed = |sealed: &Sealed<Operation>| facts.operations.reversal_of(sealed.row.id).is_some();
    let in_force = || of.iter().filter(|sealed| !sealed.row.is_void(now));
    if let Some(sealed) = in_force().find(|sealed| !reversed(sealed)) {
        return Holder::Taken(sealed);
    }
    match in_force().next() {
        Some(sealed) => Holder::Reversed(sealed),
        None => Holder::Nobody(of.first().map(|sealed| sealed.row.id)),
    }
}

/// Refuses to credit a transaction as a whole beside one of its outputs, or the other way round: both would be of the same
/// coins. What was reversed counts too: it is credited again by the name that it was credited by.
pub(super) fn check_overlap(
    facts: &Facts,
    key: &OutputKey,
    kind: OperationKind,
    now: Timestamp,
) -> Result<(), Refusal> {
    if !matches!(kind, OperationKind::Deposit | OperationKind::Mint) {
        return Ok(());
    }
    let whole = OutputKey {
        output: None,
        ..key.clone()
    };
    let counts = |sealed: &&Sealed<Operation>| sealed.row.kind == kind && !sealed.row.is_void(now);
    let other = if key.output.is_some() {
        facts.operations.of_output(&whole).find(counts)
    } else {
        let is_part =
            |part: &OutputKey| part.chain == key.chain && part.tx_hash == key.tx_hash && *part != whole;
        let mut all = facts.operations.values();
        all.find(|sealed| counts(sealed) && sealed.row.outputs().iter().any(is_part))
    };
    let Some(other) = other else { return Ok(()) };
    let message = format!(
        "operation {} is of transaction {} already, {} the number of an output",
        other.row.id,
        key.tx_hash,
        if key.output.is_some() { "without" } else { "with" }
    );
    Err(code::OUTPUT_CONFLICT.because(message).field("output"))
}

/// The refusal of an output that another operation is of.
pub(super) fn taken(key: &OutputKey, other: &Sealed<Operation>, field: &'static str, what: &str) -> Refusal {
    let message = format!(
        "operation {} is of this output of transaction {} already{what}",
        other.row.id, key.tx_hash
    );
    code::OUTPUT_CONFLICT.because(message).field(field)
}

/// Claims what an operation names and did not name before.
pub(super) fn claim(change: &mut Change<'_>, facts: &Facts, before: Option<&Operation>, after: &Operation) {
    let before = before.map(Operation::outputs).unwrap_or_default();
    for key in after.outputs() {
        if before.contains(&key) {
            continue;
        }
        let mut number = 1;
        while facts.chain_outputs.contains_key(&key.claim_id(number)) {
            number += 1;
        }
        change.insert(ChainOutput {
            id: key.claim_id(number),
            chain: key.chain,
            tx_hash: key.tx_hash,
            output: key.output,
            number,
            operation_id: after.id,
        });
    }
}
