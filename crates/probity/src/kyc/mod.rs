//! `probity kyc`: a file per verb.

mod check;
mod decide;
mod submit;
mod tier;

use domain::custody::kyc::{Approve, KycStatus, Reject, Revoke};
use engine::Answer;
use engine::custody::KycView;
use views::{KycRecord, KycRecordView};

use crate::account::People;
use crate::failure::Failure;
use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::{Printout, Work, json, verbs};
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
        List(ListArgs<KycRecord>) => nouns::list,
        /// Show a KYC record with its documents
        #[command(after_help = "Example:\n  probity kyc show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<KycRecord>) => nouns::show,
        /// Say whether a document was checked and is good
        #[command(
            after_help = "Not by the one who submitted it: what was submitted on the command line takes --as.\n\n\
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

/// How a record stands now.
async fn printout(work: &Work<'_>, mut answer: Answer<KycView>) -> Result<Printout, Failure> {
    answer.reply.record = answer.reply.record.as_of(parse::now());
    let view = KycRecordView::of(answer.reply.clone());
    let name = People::default().name(work.engine, view.user).await?;
    let status = view.status;
    let until = match view.expires_at.filter(|_| status == KycStatus::Approved) {
        Some(at) => format!(", good until {}", output::moment(at)),
        None => String::new(),
    };
    let tier = view.tier;
    let sentence = format!(
        "The KYC record of {name} for tier {tier} is {}{until}.",
        status.as_str()
    );
    let printout = Printout::sentence(&answer, json(&view)?, &sentence);
    Ok(printout.with(&[("Id", view.id.to_string())]))
}
