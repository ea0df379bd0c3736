//! `probity key`: a file per verb.

mod create;
mod export;
mod import;
mod revoke;
mod rotate;

use views::{ApiKey, ApiKeyMade};

use crate::failure::Failure;
use crate::nouns::{self, ListArgs, ShowArgs};
use crate::output::{moment, plain};
use crate::verb::{Printout, Work, json, verbs};

verbs! {
    /// What can be done about API keys, and about the log's own key.
    KeyCommand {
        /// Create an API key; its secret is printed once
        #[command(after_help = "Example:\n  probity key create --name ci --scopes read,write --expires 90d")]
        Create(create::CreateArgs),
        /// List API keys, without their secrets
        #[command(after_help = "Example:\n  probity key list")]
        List(ListArgs<ApiKey>) => nouns::list,
        /// Show what an API key may do and did
        #[command(after_help = "Example:\n  probity key show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<ApiKey>) => nouns::show,
        /// Put a new API key in the place of another, which goes on for a while
        #[command(
            after_help = "Example:\n  probity key rotate 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --overlap 7d"
        )]
        Rotate(rotate::RotateArgs),
        /// Revoke an API key, at once and for ever
        #[command(after_help = "Example:\n  probity key revoke 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Revoke(revoke::RevokeArgs),
        /// Seal the log's signing key, without which a restored log cannot go on, and hand it out
        #[command(
            after_help = "The program age seals it; it asks for a passphrase at a terminal only.\n\n\
            Example:\n  probity key export --recipient age1qyqszqgpqyqszqgpqyqszqgp --to signing.key.age"
        )]
        Export(export::ExportArgs) => export::run,
        /// Put a sealed signing key into the data folder, before a restore on another machine
        #[command(after_help = "Example:\n  probity key import signing.key.age --identity backup.key")]
        Import(import::ImportArgs) => import::run,
    }
}

/// A key that was just made, with what else to know of it, and what to do.
fn made(
    work: &Work<'_>,
    made: &ApiKeyMade,
    more: &[(&str, String)],
    then: &str,
) -> Result<Printout, Failure> {
    let key = &made.api_key;
    let expires = key.expires_at.map_or("never".to_owned(), moment);
    let mut pairs = vec![
        ("Id", key.id.to_string()),
        ("Name", plain(&key.name)),
        ("Owner", plain(&key.owner)),
        ("Scopes", key.scopes()),
        ("Expires", expires),
    ];
    pairs.extend_from_slice(more);
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name:<9}{value}"))
        .collect();
    let pairs = pairs.join("\n");
    let text = format!("This secret is shown now and never again.\n\n{pairs}\n\n{then}");
    Ok(Printout::secret(work, json(made)?, &made.key, &text))
}
