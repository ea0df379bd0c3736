//! `probity kyc show`.

use clap::Args;
use domain::custody::kyc::KycDocument;
use engine::Engine;
use engine::custody::KycView;
use uuid::Uuid;

use super::as_json;
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, minute};
use crate::table;

/// Arguments of `probity kyc show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Id of the KYC record
    record: Uuid,
}

/// The record of an id.
pub async fn find(engine: &Engine, id: Uuid) -> Result<KycView, Failure> {
    engine.kyc_record(id).await?.ok_or_else(|| {
        let message = format!("there is no KYC record {id}");
        Failure::no(
            "unknown_kyc_record",
            message,
            "see what there is: probity kyc list",
        )
    })
}

/// Shows.
pub async fn run(context: &Context, args: ShowArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let view = find(&engine, args.record).await?;
    if context.json() {
        output::json(&as_json(&view.record, view.version, &view.documents))?;
    } else {
        let mut pairs = pairs(&engine, &view).await?;
        for (number, document) in view.documents.iter().enumerate() {
            pairs.push(("", String::new()));
            let name = if number == 0 { "Documents" } else { "" };
            pairs.push((name, words(document)));
        }
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

async fn pairs(engine: &Engine, view: &KycView) -> Result<Vec<(&'static str, String)>, Failure> {
    let record = &view.record;
    let mut people = People::default();
    let mut pairs = vec![
        ("Id", record.id.to_string()),
        ("User", people.name(engine, record.user_id).await?),
        ("Tier", record.tier.to_string()),
        ("Status", record.status.as_str().to_owned()),
        ("Submitted", minute(record.submitted_at)),
        ("By", people.by(engine, record.submitted_by).await?),
    ];
    if let Some(at) = record.decided_at {
        pairs.push(("Decided", minute(at)));
        pairs.push(("By", people.by(engine, record.decided_by).await?));
    }
    if let Some(reason) = &record.reason {
        pairs.push(("Reason", reason.clone()));
    }
    let times = [("Expires", record.expires_at), ("Ended", record.ended_at)];
    let known = times
        .into_iter()
        .filter_map(|(name, at)| Some((name, minute(at?))));
    pairs.extend(known);
    pairs.push(("Version", view.version.to_string()));
    Ok(pairs)
}

/// A document on a few lines.
fn words(document: &KycDocument) -> String {
    let reason = document.reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!(": {}", reason.replace('\n', " ")));
    format!(
        "{}, {}{reason}\nid {}\n{}",
        document.kind.as_str(),
        document.state.as_str(),
        document.id,
        evidence::json::hex(&document.sha256)
    )
}
