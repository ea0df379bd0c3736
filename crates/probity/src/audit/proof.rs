//! `probity audit receipt`, `checkpoint` and `key`: texts that others check.

use clap::Args;
use engine::EntryKey;
use serde_json::json;

use super::unknown;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::verb::NoArgs;
use crate::{output, parse};

/// Arguments of `probity audit receipt`.
#[derive(Debug, Args)]
pub struct ReceiptArgs {
    /// UUID or index
    #[arg(value_name = "ID|INDEX", value_parser = parse::entry_key)]
    entry: EntryKey,
}

/// Prints a receipt.
pub async fn receipt(context: &Context, args: ReceiptArgs) -> Result<Exit, Failure> {
    let receipt = context.with_engine(async |engine| Ok(engine.receipt(args.entry).await?));
    let text = receipt.await?.ok_or_else(|| unknown(args.entry))?;
    print(context, "receipt", &text)
}

/// Prints the newest checkpoint.
pub async fn checkpoint(context: &Context, _: NoArgs) -> Result<Exit, Failure> {
    let checkpoint = context.with_engine(async |engine| Ok(engine.checkpoint().await?));
    print(context, "checkpoint", &checkpoint.await?)
}

/// Prints the verifier key.
pub async fn key(context: &Context, _: NoArgs) -> Result<Exit, Failure> {
    let key = context.with_engine(async |engine| Ok(engine.verifier_key().to_string()));
    print(context, "verifier_key", &key.await?)
}

/// The text as it is, or as the member of an object.
fn print(context: &Context, name: &str, text: &str) -> Result<Exit, Failure> {
    if context.json() {
        output::json(&json!({ name: text }))?;
    } else {
        output::line(text.strip_suffix('\n').unwrap_or(text))?;
    }
    Ok(Exit::Ok)
}
