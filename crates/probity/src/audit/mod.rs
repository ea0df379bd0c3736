//! `probity audit`: a file per verb.

mod acknowledge_restore;
mod append;
mod consistency;
mod erase;
mod export;
mod filter;
mod hold;
mod import;
mod import_report;
mod proof;
mod retention;
mod tail;
mod verify;

pub use append::{outcome, read, recorded};
pub use filter::meant;
use views::Entry;

use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::{NoArgs, verbs};

verbs! {
    /// What can be done with the audit log.
    AuditCommand {
        /// Record an entry
        #[command(
            after_help = "Example:\n  probity audit append --actor user:al --action order.ship --target order:42"
        )]
        Append(Box<append::AppendArgs>),
        /// Import a log: our own export, one of the known formats, or any JSON with a mapping
        #[command(
            after_help = "A second import of the same file adds nothing. Lines that cannot be imported go to \
            FILE.rejected, each with its reason; the exit code is then 1. Mended, that file can be imported. \
            JSON lines, arrays, indented documents, gzip and UTF-16 are read as they are; see docs/import.md.\n\n\
            SIGTERM and Ctrl-C stop it after what was read is recorded: exit code 0 for a stream, 2 for a file that \
            was not read to its end.\n\n\
            Example:\n  probity audit import trail.jsonl --format cloudtrail"
        )]
        Import(import::ImportArgs) => import::run,
        /// List entries, newest first
        #[command(after_help = "Example:\n  probity audit list --action 'user.*' --outcome refused --from 7d")]
        List(ListArgs<Entry>) => filter::list,
        /// Show one entry with all its fields
        #[command(after_help = "Example:\n  probity audit show 4711 --output json > 4711.json")]
        Show(ShowArgs<Entry>) => nouns::show,
        /// Show the newest entries and, with -f, those to come
        #[command(after_help = "Example:\n  probity audit tail -f --outcome refused")]
        Tail(tail::TailArgs) => tail::run,
        /// Write all entries that fulfil a filter, oldest first
        #[command(
            after_help = "A bundle holds a proof for each entry; probity-verify checks it offline.\n\n\
            Example:\n  probity audit export --format bundle --from 2026-11-01 --to-file november.jsonl"
        )]
        Export(export::ExportArgs) => export::run,
        /// Print the receipt of an entry: proof that the log holds it
        #[command(
            after_help = "Check it offline: probity-verify receipt FILE --entry ENTRY.json --key KEY\n\n\
            Example:\n  probity audit receipt 4711 > 4711.tlog-proof"
        )]
        Receipt(ShowArgs<Entry>) => proof::receipt,
        /// Print the signed checkpoint: size and root of the log now
        #[command(after_help = "Example:\n  probity audit checkpoint > monday.checkpoint")]
        Checkpoint(NoArgs) => proof::checkpoint,
        /// Print the proof that a log of TO entries extends that of FROM entries
        #[command(after_help = "Example:\n  probity audit consistency 1000 4711 > proof.json")]
        Consistency(consistency::ConsistencyArgs) => consistency::run,
        /// Print the log's verifier key, which checks receipts, checkpoints and bundles
        #[command(after_help = "Example:\n  probity audit key > log.vkey")]
        Key(NoArgs) => proof::key,
        /// Print verify.html, a page that checks receipts and bundles in a browser, without a network
        #[command(after_help = "docs/verify.md says how, and has its SHA-256.\n\n\
            Example:\n  probity audit verifier > verify.html")]
        Verifier(NoArgs) => proof::verifier,
        /// Check every entry, every proof and every row; names what was changed by hand
        #[command(after_help = "Exit codes: 0 intact, 1 tampered, 2 could not be checked.\n\n\
            Example:\n  probity audit verify")]
        Verify(verify::VerifyArgs) => verify::run,
        /// Erase what is personal in entries, for ever; every proof stays valid
        #[command(
            after_help = "Example:\n  probity audit erase 17 18 --reason 'request of the person, ticket 93'"
        )]
        Erase(erase::EraseArgs),
        /// Prune the payloads that the settings (audit.retention_days, retention) no longer keep; every proof stays valid
        #[command(after_help = "What is under a legal hold stays. Leaves, and which rows entries changed, stay too.\n\n\
            Example:\n  probity audit retention --dry-run")]
        Retention(retention::RetentionArgs),
        /// Legal holds: what is neither erased nor pruned
        #[command(subcommand, after_help = "Example:\n  probity audit hold list")]
        Hold(hold::HoldCommand) by run,
        /// Say that an older state of the log was restored on purpose; recorded in the log
        #[command(
            after_help = "Example:\n  probity audit acknowledge-restore --reason 'disk failure, backup of Monday'"
        )]
        AcknowledgeRestore(acknowledge_restore::AcknowledgeRestoreArgs) => acknowledge_restore::run,
    }
}
