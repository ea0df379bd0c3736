//! `probity key import`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output;

/// Arguments of `probity key import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What probity key export wrote, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// The file of the age identity that opens it; without one age asks for the passphrase at the terminal
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

pub async fn run(context: &Context, args: ImportArgs) -> Result<Exit, Failure> {
    let options = context.options()?;
    let sealed: Box<dyn Read> = if args.file.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let file = File::open(&args.file).map_err(|error| Failure::file("read", &args.file, &error))?;
        Box::new(file)
    };
    let key = tokio::task::block_in_place(|| ::backup::key::open(sealed, args.identity.as_deref()))?;
    let made = ::backup::key::import(&options, &key).await?;
    let path = engine::keyfile::path(&options.data_dir);
    if context.json() {
        let verifier = key.verifier().to_string();
        output::json(&json!({ "origin": key.name(), "verifier_key": verifier, "changed": made }))?;
    } else if made {
        output::line(&format!("The key of {} is at {}.", key.name(), path.display()))?;
    } else {
        output::line(&format!("The key of {} was there already.", key.name()))?;
    }
    Ok(Exit::Ok)
}
