//! `probity kyc check`.

use clap::{ArgGroup, Args};
use domain::custody::kyc::CheckDocument;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity kyc check`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("verdict").args(["verified", "rejected"]).required(true))]
pub struct CheckArgs {
    /// Id of the KYC record
    record: Uuid,
    /// Id of the document
    document: Uuid,
    /// It is good
    #[arg(long)]
    verified: bool,
    /// It is not good
    #[arg(long, requires = "reason")]
    rejected: bool,
    /// Why it is not
    #[arg(long, value_name = "TEXT", conflicts_with = "verified")]
    reason: Option<String>,
    /// As this user, whose password is asked for
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
}

impl Verb for CheckArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let command = CheckDocument {
            record: self.record,
            document: self.document,
            verified: self.verified,
            reason: self.reason,
        };
        printout(work, work.act(self.user.as_deref(), command).await?).await
    }
}
