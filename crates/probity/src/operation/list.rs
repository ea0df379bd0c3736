//! `probity operation list`.

use clap::{Args, ValueEnum};
use domain::custody::{OperationKind, OperationStatus};
use engine::Engine;
use engine::custody::OperationView;
use engine::list::Order;
use engine::list::{OperationFilter, OperationPlace};
use evidence::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::view::as_json;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column, number};
use crate::{account, parse};

/// Arguments of `probity operation list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// deposit, withdrawal, transfer, mint, burn or reversal
    #[arg(long, value_parser = kind)]
    kind: Option<OperationKind>,
    /// pending, processing, completed, failed, cancelled or unknown
    #[arg(long, value_parser = status)]
    status: Option<OperationStatus>,
    /// Of this asset: code or id
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// From or to a balance of this user: name, id or e-mail address
    #[arg(long, value_name = "NAME", conflicts_with = "balance")]
    user: Option<String>,
    /// From or to this balance: its id, or user:NAME or house:NAME with --asset
    #[arg(long, value_name = account::ACCOUNT)]
    balance: Option<String>,
    /// Of this transaction, in any spelling
    #[arg(long, value_name = "HASH")]
    tx_hash: Option<String>,
    /// Those that were reversed, or with false only others
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    reversed: Option<bool>,
    /// Captures of this pending transfer
    #[arg(long, value_name = "ID")]
    parent: Option<Uuid>,
    /// The reversal of this operation
    #[arg(long, value_name = "ID")]
    reverses: Option<Uuid>,
    /// With exactly this reference
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// Made at this time or later: 2026-11-21T08:30:00Z, 2026-11-21, or 7d ago
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    from: Option<Timestamp>,
    /// Made before this time
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    to: Option<Timestamp>,
    /// newest or oldest change first
    #[arg(long, value_enum, default_value_t = By::Newest, value_name = "newest|oldest", hide_possible_values = true)]
    order: By,
    /// Most operations to list: 1 to 10000
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Go on there, as the page before says
    #[arg(long, value_name = "ENTRY:ID", value_parser = place)]
    cursor: Option<OperationPlace>,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Newest,
    Oldest,
}

fn kind(text: &str) -> Result<OperationKind, String> {
    OperationKind::read("kind", text).map_err(|error| error.message)
}

fn status(text: &str) -> Result<OperationStatus, String> {
    OperationStatus::read("status", text).map_err(|error| error.message)
}

fn place(text: &str) -> Result<OperationPlace, String> {
    let parts = text.split_once(':').and_then(|(entry, id)| {
        Some(OperationPlace {
            entry: entry.parse().ok()?,
            id: domain::own_id::parse(id)?,
        })
    });
    parts.ok_or_else(|| "must be what the page before says".to_owned())
}

impl ListArgs {
    async fn filter(&self, engine: &Engine) -> Result<OperationFilter, Failure> {
        let asset = match &self.asset {
            Some(code) => Some(engine.asset_named(code).await?.id),
            None => None,
        };
        let balances = match (&self.balance, &self.user) {
            (Some(text), _) => {
                let (account, _) = account::find(engine, text, self.asset.as_deref()).await?;
                Some(vec![account.id()])
            }
            (None, Some(name)) => {
                let id = account::user(engine, name).await?.row.id;
                Some(engine.balances_of(id).await?)
            }
            (None, None) => None,
        };
        Ok(OperationFilter {
            kind: self.kind,
            status: self.status,
            asset,
            balances,
            tx_hash: self.tx_hash.clone(),
            reversed: self.reversed,
            parent: self.parent,
            reverses: self.reverses,
            reference: self.reference.clone(),
            made: (self.from, self.to),
            moved: false,
            since: 0,
        })
    }
}

pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let filter = args.filter(engine).await?;
            let order = match args.order {
                By::Newest => Order::Descending,
                By::Oldest => Order::Ascending,
            };
            let (views, next) = engine.operations(&filter, order, args.cursor, args.limit).await?;
            let next = next.map(|place| format!("{}:{}", place.entry, place.id));
            if context.json() {
                let views: Vec<_> = views
                    .iter()
                    .map(|view| {
                        let accounts = (view.debit, view.credit);
                        as_json(
                            &view.operation,
                            view.version,
                            &view.asset,
                            accounts,
                            (view.reversed_by, view.on_hold),
                        )
                    })
                    .collect();
                output::json(&json!({ "operations": views, "next": next }))?;
            } else {
                let rows: Vec<_> = views.iter().map(row).collect();
                if !rows.is_empty() {
                    output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
                }
                let found = counted(rows.len() as u64, "operation", "operations");
                context.remark(&match next {
                    Some(next) => format!("{found}; more with\n--cursor {next}"),
                    None => found,
                });
            }
            Ok(Exit::Ok)
        })
        .await
}

const COLUMNS: [Column; 4] = [
    column("id", Elide::Never),
    column("kind", Elide::End),
    column("status", Elide::End),
    number("amount"),
];

fn row(view: &OperationView) -> Vec<String> {
    let operation = &view.operation;
    let status = if view.on_hold.is_some() {
        "on hold"
    } else {
        operation.status.as_str()
    };
    vec![
        operation.id.to_string(),
        operation.kind.as_str().to_owned(),
        status.to_owned(),
        view.asset.words(operation.amount),
    ]
}
