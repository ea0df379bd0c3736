//! `probity kyc list`.

use clap::Args;
use domain::custody::kyc::KycStatus;
use engine::custody::KycView;
use serde_json::json;

use super::as_json;
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column, number};
use crate::{parse, user};

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

/// Lists.
pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let of = match &args.user {
        Some(name) => Some(user::find(&engine, name).await?.row.id),
        None => None,
    };
    let now = parse::now();
    // An approval past its time may not be written down as expired yet: the clock decides.
    let stored = args.status.filter(|status| *status != KycStatus::Expired);
    let mut views: Vec<KycView> = Vec::new();
    let mut after = None;
    loop {
        let page = engine.kyc_records(of, stored, after, CHUNK).await?;
        let last = page.len() < CHUNK as usize;
        after = page.last().map(|view| view.record.id);
        let fits = |view: &KycView| {
            args.status
                .is_none_or(|status| view.record.status_at(now) == status)
        };
        views.extend(page.into_iter().filter(fits));
        if last {
            break;
        }
    }
    if context.json() {
        let views = views.iter();
        let records: Vec<_> = views
            .map(|view| as_json(&view.record, view.version, &view.documents))
            .collect();
        output::json(&json!({ "kyc_records": records }))?;
    } else {
        let mut people = People::default();
        let mut rows = Vec::new();
        for view in &views {
            let record = &view.record;
            rows.push(vec![
                record.id.to_string(),
                people.name(&engine, record.user_id).await?,
                record.tier.to_string(),
                record.status_at(now).as_str().to_owned(),
                view.documents.len().to_string(),
            ]);
        }
        if !rows.is_empty() {
            output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
        }
        context.remark(&counted(rows.len() as u64, "KYC record", "KYC records"));
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

const COLUMNS: [Column; 5] = [
    column("id", Elide::Never),
    column("user", Elide::End),
    number("tier"),
    column("status", Elide::Never),
    number("documents"),
];
