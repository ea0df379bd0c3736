//! Operations as they are shown.

use domain::Command;
use domain::custody::operation::Transactions;
use domain::custody::{Account, Amount, Asset, Operation, OperationStatus};
use domain::decision::OperationState;
use evidence::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::account::{People, words};
use crate::failure::Failure;
use crate::output;
use crate::verb::{Printout, Work};

/// Carries out a command about an operation, or tries it, and says what became of the operation, or would.
pub async fn printout(
    work: &Work<'_>,
    command: impl Into<Command>,
    (debit, credit): (Account, Account),
    dry: bool,
) -> Result<Printout, Failure> {
    // A list is for other commands: this is about one operation, or a capture, which answers with itself.
    let answer = work.submit_or_try::<Vec<OperationState>>(command, dry).await?;
    let mut states = answer.reply;
    let unanswered = || engine::Error::problem("an operation was answered with none", "report this as a bug");
    let state = states.pop().ok_or_else(unanswered)?;
    let operation = &state.operation;
    let asset = work.engine.asset_named(&operation.asset_id.to_string()).await?;
    let mut json = as_json(operation, state.version, &asset, (debit, credit), (None, None));
    json["replayed"] = state.replayed.into();
    if dry {
        json["dry_run"] = true.into();
    }
    let mut people = People::default();
    let sentence = format!(
        "{} of {} from {} to {} {} {}.",
        output::capital(operation.kind.as_str()),
        asset.words(operation.amount),
        people.account(work.engine, debit).await?,
        people.account(work.engine, credit).await?,
        if dry { "would be" } else { "is" },
        operation.status.as_str()
    );
    let mut pairs = Vec::new();
    if operation.held.is_positive() {
        pairs.push(("Holds", asset.words(operation.held)));
        let until = operation
            .expires_at
            .filter(|_| operation.status == OperationStatus::Pending);
        pairs.extend(until.map(|until| ("Until", format!("{} UTC", output::minute(until)))));
    }
    pairs.push(if dry {
        ("Id", "none: nothing is written".to_owned())
    } else {
        ("Id", operation.id.to_string())
    });
    Ok(Printout::noted(state.replayed, json, &sentence).with(&pairs))
}

/// The transactions beside the first one as JSON.
fn transactions(list: &Transactions) -> Value {
    let shown = list.0.iter().map(|one| {
        let mut members = json!({ "chain": one.chain, "tx_hash": one.tx_hash });
        let numbers = [
            ("output", one.output),
            ("block", one.block),
            ("confirmations", one.confirmations),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                members[name] = number.into();
            }
        }
        members
    });
    shown.collect()
}

/// An operation as JSON; what there is nothing of is left out.
pub fn as_json(
    operation: &Operation,
    version: u64,
    asset: &Asset,
    (debit, credit): (Account, Account),
    (reversed_by, on_hold): (Option<Uuid>, Option<(u64, u64)>),
) -> Value {
    let side = |account: Account| json!({ "balance": account.id(), "account": words(account) });
    let decimal = |amount: Amount| Value::from(amount.to_decimal(asset.digits()));
    let time = |time: Timestamp| Value::from(time.to_string());
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    put("id", Some(json!(operation.id)));
    put("kind", Some(operation.kind.as_str().into()));
    put("status", Some(operation.status.as_str().into()));
    put("asset", Some(asset.code.as_str().into()));
    put("amount", Some(decimal(operation.amount)));
    put("debit", Some(side(debit)));
    put("credit", Some(side(credit)));
    put("held", Some(decimal(operation.held)));
    put("captured", operation.captured.map(decimal));
    put("debit_posted", operation.debit_posted.map(decimal));
    put("credit_posted", operation.credit_posted.map(decimal));
    put("parent", operation.parent_id.map(|id| json!(id)));
    put("reverses", operation.reverses_id.map(|id| json!(id)));
    put("reversed_by", reversed_by.map(|id| json!(id)));
    put("replaces", operation.replaces_id.map(|id| json!(id)));
    put("link", operation.link_id.map(|id| json!(id)));
    put("destination", operation.destination_id.map(|id| json!(id)));
    put("approval", operation.approval_id.map(|id| json!(id)));
    put("chain", text(&operation.chain));
    put("tx_hash", text(&operation.tx_hash));
    put("output", operation.output.map(Value::from));
    put("block", operation.block.map(Value::from));
    put("confirmations", operation.confirmations.map(Value::from));
    put("transactions", operation.transactions.as_ref().map(transactions));
    put("error", text(&operation.error));
    put("evidence", text(&operation.evidence));
    put("reference", text(&operation.reference));
    let metadata = operation.metadata.as_deref();
    put(
        "metadata",
        metadata.and_then(|text| serde_json::from_str(text).ok()),
    );
    put("created_by", operation.created_by.map(|id| json!(id)));
    put("created_at", Some(time(operation.created_at)));
    put("updated_at", Some(time(operation.updated_at)));
    put("expires_at", operation.expires_at.map(time));
    let on_hold = on_hold.map(|(then, now)| json!({ "tier_then": then, "tier_now": now }));
    put("on_hold", on_hold);
    put("version", Some(version.into()));
    Value::Object(members)
}
