//! Checks of what is asked for in a new operation that need no facts.

use evidence::time::Timestamp;

use super::OperationKind;
use super::new::{CreateOperation, METADATA_LEN_MAX, REFERENCE_LEN_MAX};
use super::row::REMARK_LEN_MAX;
use super::transactions::{Transactions, check_counts};
use crate::custody::Amount;
use crate::custody::chain::{canonical_hash, check_chain};
use crate::own_id;
use crate::refusal::{FieldError, check_text};

/// Checks what needs no facts: the shape of the input, and whether it goes with the kind; `again` where an output was
/// credited and reversed before.
pub(super) fn check(command: &CreateOperation, again: bool, now: Timestamp) -> Result<(), FieldError> {
    let error = |field: &str, message: &str| Err(FieldError::new(field, message));
    own_id::check("id", command.id)?;
    let on_chain = command.chain.is_some() && command.tx_hash.is_some();
    if command.amount < Amount::ZERO || command.amount == Amount::ZERO && !on_chain {
        return error(
            "amount",
            "must be more than 0; only an output of a transaction may be of 0",
        );
    }
    if command.debit.asset != command.credit.asset {
        return error("credit", "is of another asset than the debit");
    }
    if command.debit == command.credit {
        return error("credit", "is the same balance as the debit");
    }
    check_kind(command)?;
    if command.chain.is_some() != command.tx_hash.is_some() {
        return error("tx_hash", "chain and tx_hash go together");
    }
    if command.tx_hash.is_none() && (command.output.is_some() || command.block.is_some()) {
        return error(
            "output",
            "output and block belong to a transaction: give chain and tx_hash",
        );
    }
    check_counts(command.output, command.block, command.confirmations)?;
    if let (Some(chain), Some(tx_hash)) = (&command.chain, &command.tx_hash) {
        check_chain(chain)?;
        canonical_hash(chain, tx_hash)?;
    }
    Transactions::check(&command.transactions, command.first_output().as_ref())?;
    let bounded = |field, text: &Option<String>, max| {
        text.as_deref()
            .map_or(Ok(()), |text| check_text(field, text, max))
    };
    bounded("evidence", &command.evidence, REMARK_LEN_MAX)?;
    if command.evidence.is_some() && !again {
        let message = "is for an output that was credited and reversed, to credit it again";
        return error("evidence", message);
    }
    bounded("reference", &command.reference, REFERENCE_LEN_MAX)?;
    if command
        .metadata
        .as_ref()
        .is_some_and(|text| text.len() > METADATA_LEN_MAX)
    {
        let message = format!("must have at most {METADATA_LEN_MAX} bytes as canonical JSON");
        return Err(FieldError::new("metadata", message));
    }
    match command.expires_at {
        Some(_) if !command.waits => error("expires_at", "only a pending operation expires"),
        Some(expires) if expires <= now => error("expires_at", "must be in the future"),
        _ => Ok(()),
    }
}

/// Checks that a kind of operation has the balances that it must have.
fn check_kind(command: &CreateOperation) -> Result<(), FieldError> {
    use OperationKind::{Burn, Deposit, Mint, Reversal, Transfer, Withdrawal};
    let error = |field: &str, message: &str| Err(FieldError::new(field, message));
    let (debit, credit) = (command.debit.is_external(), command.credit.is_external());
    match command.kind {
        Deposit | Mint if !debit => error("debit", "a deposit or mint comes from the external balance"),
        Withdrawal | Burn if !credit => error("credit", "a withdrawal or burn goes to the external balance"),
        Transfer if debit || credit => {
            let field = if debit { "debit" } else { "credit" };
            error(
                field,
                "a transfer stays inside: use a deposit, withdrawal, mint or burn",
            )
        }
        Withdrawal if !command.waits => error("pending", "a withdrawal is always pending first"),
        Withdrawal if command.tx_hash.is_some() => error(
            "tx_hash",
            "a withdrawal has its transaction when it is started or completed",
        ),
        Withdrawal if command.debit.user().is_some() && command.destination.is_none() => {
            error("destination", "a user's withdrawal needs a destination")
        }
        Reversal if command.reverses.is_none() => error("reverses", "a reversal names what it reverses"),
        Reversal if command.waits => error("pending", "a reversal is done at once"),
        _ if command.kind != Withdrawal && command.destination.is_some() => {
            error("destination", "only a withdrawal has a destination")
        }
        _ if command.kind != Reversal && command.reverses.is_some() => {
            error("reverses", "only a reversal reverses")
        }
        _ => Ok(()),
    }
}
