//! `probity kyc`: a file per verb.

mod check;
mod decide;
pub mod list;
mod show;
mod submit;
mod tier;

use clap::Subcommand;
use domain::Reply;
use domain::custody::kyc::{KycDocument, KycRecord, KycStatus};
use engine::custody::KycView;
use engine::{Answer, Engine};
use evidence::Timestamp;
use serde_json::{Value, json};

use crate::account::{People, so_already, unexpected};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{output, parse, table};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum KycCommand {
    /// Submit a user's documents for a tier; only their digests are kept
    #[command(
        after_help = "Kinds: passport, identity_card, driving_licence, residence_permit, proof_of_address, \
            source_of_funds, selfie, other.\n\n\
            Example:\n  probity kyc submit ann --tier 1 --document passport=scan.pdf"
    )]
    Submit(submit::SubmitArgs),
    /// List KYC records, oldest first
    #[command(after_help = "Example:\n  probity kyc list --status pending")]
    List(list::ListArgs),
    /// Show a KYC record with its documents
    #[command(after_help = "Example:\n  probity kyc show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Show(show::ShowArgs),
    /// Say whether a document was checked and is good
    #[command(
        after_help = "Not by who submitted it: what was submitted on the command line takes --as.\n\n\
            Example:\n  probity kyc check 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d \
            0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6e --verified --as cleo"
    )]
    Check(check::CheckArgs),
    /// Approve a KYC record: its user has its tier from now on
    #[command(after_help = "A person decides, and not the one who submitted it.\n\n\
            Example:\n  probity kyc approve 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --as cleo --expires 365d")]
    Approve(decide::ApproveArgs),
    /// Reject a KYC record
    #[command(
        after_help = "Example:\n  probity kyc reject 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --as cleo --reason blurred"
    )]
    Reject(decide::ReasonArgs),
    /// Take an approval back: its tier ends now
    #[command(
        after_help = "Example:\n  probity kyc revoke 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --as cleo --reason forged"
    )]
    Revoke(decide::ReasonArgs),
    /// Show the tier of a user, now or at any time
    #[command(after_help = "Example:\n  probity kyc tier ann --at 2026-11-21")]
    Tier(tier::TierArgs),
}

/// Runs a verb.
pub async fn run(context: &Context, command: KycCommand) -> Result<Exit, Failure> {
    match command {
        KycCommand::Submit(args) => submit::run(context, args).await,
        KycCommand::List(args) => list::run(context, args).await,
        KycCommand::Show(args) => show::run(context, args).await,
        KycCommand::Check(args) => check::run(context, args).await,
        KycCommand::Approve(args) => Box::pin(decide::run(context, args.asked())).await,
        KycCommand::Reject(args) => Box::pin(decide::run(context, args.reject())).await,
        KycCommand::Revoke(args) => Box::pin(decide::run(context, args.revoke())).await,
        KycCommand::Tier(args) => tier::run(context, args).await,
    }
}

/// A record as JSON, as the clock has it.
fn as_json(record: &KycRecord, version: u64, documents: &[KycDocument]) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let documents: Vec<_> = documents.iter().map(document_as_json).collect();
    json!({
        "id": record.id,
        "user_id": record.user_id,
        "tier": record.tier,
        "status": record.status.as_str(),
        "submitted_by": record.submitted_by,
        "submitted_at": record.submitted_at.to_string(),
        "decided_by": record.decided_by,
        "decided_at": time(record.decided_at),
        "reason": record.reason,
        "expires_at": time(record.expires_at),
        "ended_at": time(record.ended_at),
        "documents": documents,
        "version": version,
    })
}

/// The same of what was read for showing.
pub fn view_as_json(view: &KycView) -> Value {
    as_json(&view.record, view.version, &view.documents)
}

fn document_as_json(document: &KycDocument) -> Value {
    json!({
        "id": document.id,
        "kind": document.kind.as_str(),
        "sha256": evidence::json::hex(&document.sha256),
        "state": document.state.as_str(),
        "checked_by": document.checked_by,
        "checked_at": document.checked_at.map(|at| at.to_string()),
        "reason": document.reason,
        "added_at": document.added_at.to_string(),
    })
}

/// Says how a record stands now.
async fn say(context: &Context, engine: &Engine, answer: &Answer) -> Result<(), Failure> {
    let Reply::Kyc {
        record,
        version,
        documents,
    } = &answer.reply
    else {
        return Err(unexpected(&answer.reply));
    };
    let record = &record.clone().as_of(parse::now());
    if context.json() {
        return output::json(&as_json(record, *version, documents));
    }
    let name = People::default().name(engine, record.user_id).await?;
    let status = record.status;
    let until = match record.expires_at.filter(|_| status == KycStatus::Approved) {
        Some(at) => format!(", good until {} UTC", output::minute(at)),
        None => String::new(),
    };
    output::line(&table::paragraph(&format!(
        "The KYC record of {name} for tier {} is {}{until}.{}\nId  {}",
        record.tier,
        status.as_str(),
        so_already(answer),
        record.id
    )))
}
