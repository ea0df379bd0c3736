//! `probity operation import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::custody::DepositsReport;
use serde_json::json;

use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted, plain};
use crate::progress::Progress;
use crate::source;

/// Arguments of `probity operation import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file; - is standard input
    file: PathBuf,
    /// Shape of the file: a decoded transaction of a block a line
    #[arg(long, value_enum, value_name = "bitcoin-block", hide_possible_values = true)]
    format: FormatName,
    /// The asset; made if there is none of this code, of 8 digits on the chain bitcoin
    #[arg(long, value_name = "CODE", default_value = "BTC")]
    asset: String,
}

/// Shape of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// The transactions of a block of Bitcoin.
    BitcoinBlock,
}

pub async fn run(context: &Context, args: ImportArgs) -> Result<Exit, Failure> {
    let FormatName::BitcoinBlock = args.format;
    let (reader, total) = source::open(&args.file)?;
    let progress = Progress::new(context);
    let mut show = |bytes: u64, at: &DepositsReport| {
        let text = format!("{} outputs, {} users", count(at.outputs), count(at.users));
        progress.at(bytes, total, &text);
    };
    let imported = context.with_engine(async |engine| {
        let report = engine
            .import_bitcoin_block(&caller(), &args.asset, reader, &mut show)
            .await;
        progress.finish();
        Ok((report?, engine.asset_named(&args.asset).await?))
    });
    let (report, asset) = imported.await?;
    print(context, &report, &asset.words(report.amount))?;
    Ok(if report.rejected == 0 { Exit::Ok } else { Exit::No })
}

fn print(context: &Context, report: &DepositsReport, amount: &str) -> Result<(), Failure> {
    if context.json() {
        let first = report.rejections.iter();
        let first: Vec<_> = first
            .map(|(line, reason)| json!({ "line": line, "reason": reason }))
            .collect();
        return output::json(&json!({
            "transactions": report.transactions,
            "outputs": report.outputs,
            "added": report.added,
            "already_there": report.already_there,
            "rejected": report.rejected,
            "users": report.users,
            "amount": amount,
            "first_rejections": first,
        }));
    }
    let mut lines = vec![
        format!(
            "Read           {} with {}",
            counted(report.transactions, "transaction", "transactions"),
            counted(report.outputs, "output", "outputs")
        ),
        format!(
            "Added          {}: {amount}",
            counted(report.added, "operation", "operations")
        ),
        format!("Users made     {}", count(report.users)),
        format!("Already there  {}", count(report.already_there)),
        format!("Rejected       {}", count(report.rejected)),
    ];
    let first = report.rejections.iter();
    lines.extend(first.map(|(line, reason)| format!("  line {line}: {}", plain(reason))));
    output::line(&lines.join("\n"))
}
