//! `probity audit receipt`, `checkpoint` and `key`: texts that others check; and `verifier`, by which they do.

use std::future::{Ready, ready};

use engine::EntryKey;
use serde_json::json;
use views::Entry;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::nouns::{self, ShowArgs};
use crate::output;
use crate::verb::NoArgs;

/// Prints a receipt.
pub async fn receipt(context: &Context, args: ShowArgs<Entry>) -> Result<Exit, Failure> {
    let unknown = || nouns::unknown::<Entry>(&args.name);
    let key = EntryKey::parse(&args.name).ok_or_else(unknown)?;
    let receipt = context.with_engine(async |engine| Ok(engine.receipt(key).await?));
    let text = receipt.await?.ok_or_else(unknown)?;
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

/// Prints the page that checks evidence in a browser.
pub fn verifier(context: &Context, _: NoArgs) -> Ready<Result<Exit, Failure>> {
    ready(print(context, "verifier", &evidence::verifier::page()))
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
