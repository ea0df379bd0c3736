//! `probity kyc list`.

use clap::Args;
use domain::custody::kyc::KycStatus;
use engine::Engine;
use engine::custody::KycView;
use serde_json::json;
use uuid::Uuid;

use super::view_as_json;
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column, number};
use crate::user;

/// Records that are read at once.
const CHUNK: u32 = 500;

/// Arguments of `probity kyc list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Of this user: name, id or e-mail address
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// pending, approved, rejected, expired or revoked
    #[arg(long, value_parser = status)]
    status: Option<KycStatus>,
}

fn status(text: &str) -> Result<KycStatus, String> {
    KycStatus::read("status", text).map_err(|error| error.message)
}

/// Every KYC record that stands here, of everybody or of one user.
pub async fn all(
    engine: &Engine,
    of: Option<Uuid>,
    status: Option<KycStatus>,
) -> Result<Vec<KycView>, Failure> {
    let mut views: Vec<KycView> = Vec::new();
    let mut after = None;
    loop {
        let page = engine.kyc_records(of, status, after, CHUNK).await?;
        let last = page.len() < CHUNK as usize;
        after = page.last().map(|view| view.record.id);
        views.extend(page);
        if last {
            return Ok(views);
        }
    }
}

/// Lists.
pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let of = match &args.user {
        Some(name) => Some(user::find(&engine, name).await?.row.id),
        None => None,
    };
    let views = all(&engine, of, args.status).await?;
    if context.json() {
        let records: Vec<_> = views.iter().map(view_as_json).collect();
        output::json(&json!({ "kyc_records": records }))?;
    } else {
        let mut people = People::default();
        let mut rows = Vec::new();
        for view in &views {
            let name = people.name(&engine, view.record.user_id).await?;
            rows.push(row(view, name));
        }
        if !rows.is_empty() {
            output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
        }
        context.remark(&counted(rows.len() as u64, "KYC record", "KYC records"));
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

/// A record of the user of this name.
pub fn row(view: &KycView, name: String) -> Vec<String> {
    let record = &view.record;
    vec![
        record.id.to_string(),
        name,
        record.tier.to_string(),
        record.status.as_str().to_owned(),
        view.documents.len().to_string(),
    ]
}

/// The columns of a list of records.
pub const COLUMNS: [Column; 5] = [
    column("id", Elide::Never),
    column("user", Elide::End),
    number("tier"),
    column("status", Elide::Never),
    number("documents"),
];
