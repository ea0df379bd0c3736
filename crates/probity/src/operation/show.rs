//! `probity operation show`.

use clap::Args;
use domain::custody::Amount;
use engine::Engine;
use engine::custody::OperationView;
use uuid::Uuid;

use super::view::as_json;
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, minute};
use crate::table;

/// Arguments of `probity operation show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Id of the operation
    operation: Uuid,
}

pub async fn run(context: &Context, args: ShowArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let view = engine.operation(args.operation).await?.ok_or_else(|| {
                let message = format!("there is no operation {}", args.operation);
                Failure::no(
                    "unknown_operation",
                    message,
                    "see what there is: probity operation list",
                )
            })?;
            if context.json() {
                let accounts = (view.debit, view.credit);
                let mut value = as_json(
                    &view.operation,
                    view.version,
                    &view.asset,
                    accounts,
                    (view.reversed_by, view.on_hold),
                );
                value["entry"] = view.entry.into();
                output::json(&value)?;
            } else {
                let pairs = pairs(engine, &view).await?;
                output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
            }
            Ok(Exit::Ok)
        })
        .await
}

async fn pairs(engine: &Engine, view: &OperationView) -> Result<Vec<(&'static str, String)>, Failure> {
    let operation = &view.operation;
    let words = |amount: Amount| view.asset.words(amount);
    let mut people = People::default();
    let mut pairs = vec![
        ("Id", operation.id.to_string()),
        ("Kind", operation.kind.as_str().to_owned()),
        ("Status", operation.status.as_str().to_owned()),
        ("Amount", words(operation.amount)),
        ("From", people.account(engine, view.debit).await?),
        ("To", people.account(engine, view.credit).await?),
        ("Holds", words(operation.held)),
    ];
    if let Some((then, now)) = view.on_hold {
        let text = format!("began under tier {then}, the tier is {now} now: it waits for a new KYC approval");
        pairs.push(("On hold", text));
    }
    let mut put = |name: &'static str, value: Option<String>| {
        if let Some(value) = value {
            pairs.push((name, value));
        }
    };
    put("Captured", operation.captured.map(words));
    put("From after", operation.debit_posted.map(words));
    put("To after", operation.credit_posted.map(words));
    put("Captures", operation.parent_id.map(|id| id.to_string()));
    put("Reverses", operation.reverses_id.map(|id| id.to_string()));
    put("Reversed by", view.reversed_by.map(|id| id.to_string()));
    put("Replaces", operation.replaces_id.map(|id| id.to_string()));
    put("Linked with", operation.link_id.map(|id| id.to_string()));
    put("Destination", operation.destination_id.map(|id| id.to_string()));
    put("Approval", operation.approval_id.map(|id| id.to_string()));
    put("Chain", operation.chain.clone());
    put("Transaction", operation.tx_hash.clone());
    put("Output", operation.output.map(|output| output.to_string()));
    put("Block", operation.block.map(|block| block.to_string()));
    put(
        "Confirmations",
        operation.confirmations.map(|count| count.to_string()),
    );
    for one in operation.transactions.iter().flat_map(|list| &list.0) {
        put("Also on", Some(one.chain.clone()));
        put("Transaction", Some(one.tx_hash.clone()));
        put("Output", one.output.map(|output| output.to_string()));
    }
    put("Error", operation.error.clone());
    put("Evidence", operation.evidence.clone());
    put("Reference", operation.reference.clone());
    put("Metadata", operation.metadata.clone());
    put("Made", Some(minute(operation.created_at)));
    put("Changed", Some(minute(operation.updated_at)));
    put("Expires", operation.expires_at.map(minute));
    put("Version", Some(view.version.to_string()));
    pairs.push(("Made by", people.by(engine, operation.created_by).await?));
    let history = format!("probity audit list --target operation:{}", operation.id);
    pairs.push(("History", history));
    Ok(pairs)
}
