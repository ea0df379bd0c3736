//! `probity kyc`: a file per verb.

mod check;
mod decide;
pub mod list;
mod show;
mod submit;
mod tier;

use domain::custody::kyc::{Approve, KycDocument, KycRecord, KycStatus, Reject, Revoke};
use engine::Answer;
use engine::custody::KycView;
use evidence::Timestamp;
use serde_json::{Value, json};

use crate::account::People;
use crate::failure::Failure;
use crate::verb::{Told, Work, verbs};
use crate::{output, parse};

verbs! {
    /// What can be done about KYC.
    KycCommand {
        /// Submit a user's documents for a tier; only their digests are kept
        #[command(
            after_help = "Kinds: passport, identity_card, driving_licence, residence_permit, proof_of_address, \
                source_of_funds, selfie, other.\n\n\
                Example:\n  probity kyc submit ann --tier 1 --document passport=scan.pdf"
        )]
        Submit(submit::SubmitArgs),
        /// List KYC records, oldest first
        #[command(after_help = "Example:\n  probity kyc list --status pending")]
        List(list::ListArgs) => list::run,
        /// Show a KYC record with its documents
        #[command(after_help = "Example:\n  probity kyc show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(show::ShowArgs) => show::run,
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
        Approve(decide::ApproveArgs) is decide::Decide::<Approve>::from,
        /// Reject a KYC record
        #[command(
            after_help = "Example:\n  probity kyc reject 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --as cleo --reason blurred"
        )]
        Reject(decide::ReasonArgs) is decide::Decide::<Reject>::from,
        /// Take an approval back: its tier ends now
        #[command(
            after_help = "Example:\n  probity kyc revoke 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --as cleo --reason forged"
        )]
        Revoke(decide::ReasonArgs) is decide::Decide::<Revoke>::from,
        /// Show the tier of a user, now or at any time
        #[command(after_help = "Example:\n  probity kyc tier ann --at 2026-11-21")]
        Tier(tier::TierArgs),
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

/// How a record stands now.
async fn told(work: &Work<'_>, answer: Answer<KycView>) -> Result<Told, Failure> {
    let KycView {
        record,
        version,
        documents,
    } = &answer.reply;
    let record = &record.clone().as_of(parse::now());
    let name = People::default().name(work.engine, record.user_id).await?;
    let status = record.status;
    let until = match record.expires_at.filter(|_| status == KycStatus::Approved) {
        Some(at) => format!(", good until {} UTC", output::minute(at)),
        None => String::new(),
    };
    let tier = record.tier;
    let sentence = format!(
        "The KYC record of {name} for tier {tier} is {}{until}.",
        status.as_str()
    );
    let told = Told::sentence(&answer, as_json(record, *version, documents), &sentence);
    Ok(told.with(&[("Id", record.id.to_string())]))
}
