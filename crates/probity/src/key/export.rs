//! `probity key export`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::Command;
use domain::audit::export_key::ExportKey;
use serde_json::json;

use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::output;

/// Arguments of `probity key export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A public key of age to which it is sealed; may be repeated
    #[arg(long, value_name = "KEY", value_parser = recipient, required_unless_present = "passphrase")]
    recipient: Vec<String>,
    /// Seal it with a passphrase, for which age asks at the terminal
    #[arg(long, conflicts_with = "recipient")]
    passphrase: bool,
    /// A new file for it; standard output unless given
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

fn recipient(text: &str) -> Result<String, String> {
    ::backup::recipient(text).map(|()| text.to_owned())
}

pub async fn run(context: &Context, args: ExportArgs) -> Result<Exit, Failure> {
    let options = context.options()?;
    if args.passphrase && fs::File::open("/dev/tty").is_err() {
        let hint = "run it at a terminal, or seal the key to a public key: --recipient age1…";
        let message = "age asks for a passphrase at a terminal only, and there is none";
        return Err(Failure::could_not_run("terminal", message, hint));
    }
    let key = engine::keyfile::load(&options.data_dir, options.signing_key.as_deref())?.ok_or_else(|| {
        let path = engine::keyfile::path(&options.data_dir);
        let message = format!("there is no signing key at {}", path.display());
        Failure::could_not_run("no_signing_key", message, "name the log's data folder")
    })?;
    let sealed = tokio::task::block_in_place(|| ::backup::key::seal(&key, &args.recipient))?;
    if let Some(path) = &args.to {
        write(path, &sealed).map_err(|error| Failure::file("write", path, &error))?;
    }
    let command = ExportKey {
        recipients: args.recipient,
    };
    let recorded = context.with_engine(async |engine| {
        let command = Command::ExportKey(command);
        Ok(engine.submit(&caller(), origin(), command).await?.entry)
    });
    let recorded = recorded.await;
    if let (Err(_), Some(path)) = (&recorded, &args.to) {
        // What is not recorded is not handed out.
        fs::remove_file(path).map_err(|error| Failure::file("remove", path, &error))?;
    }
    let entry = recorded?.unwrap_or_default();
    let text = String::from_utf8_lossy(&sealed);
    match &args.to {
        None if context.json() => {
            output::json(&json!({ "origin": key.name(), "entry": entry, "sealed": text }))?;
        }
        None => output::line(text.trim_end())?,
        Some(path) if context.json() => {
            output::json(&json!({ "origin": key.name(), "entry": entry, "file": path }))?;
        }
        Some(path) => output::line(&format!(
            "Sealed the key of {} into {}.",
            key.name(),
            path.display()
        ))?,
    }
    let aside = "Keep it apart from the backups, and what opens it apart from both";
    context.remark(&format!("{aside}. Recorded as entry {entry}."));
    Ok(Exit::Ok)
}

/// Writes a new file, readable by its owner only.
fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(contents).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}
