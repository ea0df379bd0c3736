//! `probity kyc check`.

use clap::{ArgGroup, Args};
use domain::Command;
use domain::custody::kyc::CheckDocument;
use uuid::Uuid;

use super::say;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::person;

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

/// Checks.
pub async fn run(context: &Context, args: CheckArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let command = Command::CheckDocument(CheckDocument {
                record: args.record,
                document: args.document,
                verified: args.verified,
                reason: args.reason,
            });
            let answer = person::act(context, engine, args.user.as_deref(), command).await?;
            say(context, engine, &answer).await?;
            Ok(Exit::Ok)
        })
        .await
}
