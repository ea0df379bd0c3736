//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Check evidence of an audit log, offline.
///
/// All it needs are the files and the verifier key of the log, which you should
/// have from a source that you trust.
///
/// Exit codes: 0 the evidence holds, 1 it does not, 2 it could not be checked.
#[derive(Debug, Parser)]
#[command(
    name = "probity-verify",
    version,
    verbatim_doc_comment,
    disable_help_subcommand = true
)]
pub struct Args {
    #[command(subcommand)]
    pub check: Check,

    /// How to print the result (default: text)
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = Output::Text,
        value_name = "text|json",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub output: Output,
}

/// How to print the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Plain lines for people
    Text,
    /// One JSON object
    Json,
}

// Lines of help are broken by hand: they fit 80 columns, and clap's own wrapping would need a further crate.
#[derive(Debug, Subcommand)]
pub enum Check {
    /// Check that the log holds an entry, by the entry's receipt
    ///
    /// Checks that all that the entry shows is what its leaf says or commits to,
    /// and that the signed log holds this leaf at the entry's index.
    #[command(
        verbatim_doc_comment,
        override_usage = "probity-verify receipt RECEIPT.tlog-proof --entry ENTRY.json --key VKEY",
        after_help = "Example:\n  \
            probity-verify receipt 4711.tlog-proof --entry 4711.json --key @log.vkey"
    )]
    Receipt {
        /// The receipt; - reads standard input
        #[arg(value_name = "RECEIPT.tlog-proof")]
        receipt: PathBuf,
        /// The entry: answer of GET /v1/audit/entries/{id},
        /// or one line of an export; - reads standard input
        #[arg(long, value_name = "ENTRY.json", verbatim_doc_comment)]
        entry: PathBuf,
        #[command(flatten)]
        key: Key,
    },
    /// Check that a later checkpoint extends an earlier one
    ///
    /// If so, nothing that the log held at the old checkpoint was changed or
    /// removed until the new one.
    #[command(
        verbatim_doc_comment,
        override_usage = "probity-verify consistency --old CHECKPOINT --new CHECKPOINT \\\n           \
            --proof PROOF.json --key VKEY",
        after_help = "Example:\n  \
            probity-verify consistency --old january.txt --new february.txt \\\n      \
            --proof proof.json --key @log.vkey"
    )]
    Consistency {
        /// The older signed checkpoint; - reads standard input
        #[arg(long, value_name = "CHECKPOINT")]
        old: PathBuf,
        /// The newer signed checkpoint; - reads standard input
        #[arg(long, value_name = "CHECKPOINT")]
        new: PathBuf,
        /// Answer of GET /v1/audit/consistency;
        /// - reads standard input
        #[arg(long, value_name = "PROOF.json", verbatim_doc_comment)]
        proof: PathBuf,
        #[command(flatten)]
        key: Key,
    },
    /// Check an evidence bundle: many entries, each with its proof
    #[command(
        override_usage = "probity-verify bundle FILE --key VKEY [--review]",
        after_help = "Example:\n  \
            probity-verify bundle 2026-q3.jsonl --key @log.vkey\n  \
            zcat 2026-q3.jsonl.gz | probity-verify bundle - --key @log.vkey\n  \
            probity-verify bundle approval.jsonl --key @log.vkey --review"
    )]
    Bundle {
        /// The bundle, a JSON Lines file; - reads standard input
        file: PathBuf,
        /// Say also what it is worth as evidence of an
        /// agent's work: six questions, each answered
        /// as independently re-checkable, assertion
        /// or no information
        #[arg(long, verbatim_doc_comment)]
        review: bool,
        #[command(flatten)]
        key: Key,
    },
    /// Check the signature of a checkpoint
    #[command(
        override_usage = "probity-verify checkpoint FILE --key VKEY",
        after_help = "Example:\n  \
            probity-verify checkpoint checkpoint.txt --key @log.vkey"
    )]
    Checkpoint {
        /// The signed checkpoint; - reads standard input
        file: PathBuf,
        #[command(flatten)]
        key: Key,
    },
}

/// The key of the log.
#[derive(Debug, clap::Args)]
pub struct Key {
    /// Verifier key of the log, as in
    /// example.com/log+0ea4c1d3+AQ…; @FILE reads a file
    #[arg(long, value_name = "VKEY", verbatim_doc_comment)]
    pub key: String,
}
