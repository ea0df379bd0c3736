//! `probity kyc approve`, `reject` and `revoke`: by a person.

use clap::Args;
use domain::Command;
use domain::custody::kyc::{Approve, DecideKyc, Reject, Revoke};
use evidence::Timestamp;
use uuid::Uuid;
use views::KycRecord;

use super::printout;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};
use crate::{nouns, parse, person};

/// Which record, and who decides.
#[derive(Debug, Args)]
pub struct WhichArgs {
    /// Id of the KYC record
    record: Uuid,
    /// Who decides: a user, whose password is asked for
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
}

/// Arguments of `probity kyc approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// From when it is no longer good; custody.kyc_expires_d of the settings unless given
    #[arg(long, value_name = "TIME", value_parser = parse::future)]
    expires: Option<Timestamp>,
}

/// Arguments of `probity kyc reject` and `revoke`.
#[derive(Debug, Args)]
pub struct ReasonArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What a person decides.
pub struct Decide<D> {
    which: WhichArgs,
    decision: D,
}

impl From<ApproveArgs> for Decide<Approve> {
    fn from(args: ApproveArgs) -> Decide<Approve> {
        let decision = Approve {
            expires_at: args.expires,
        };
        Decide {
            which: args.which,
            decision,
        }
    }
}

impl From<ReasonArgs> for Decide<Reject> {
    fn from(args: ReasonArgs) -> Decide<Reject> {
        let decision = Reject { reason: args.reason };
        Decide {
            which: args.which,
            decision,
        }
    }
}

impl From<ReasonArgs> for Decide<Revoke> {
    fn from(args: ReasonArgs) -> Decide<Revoke> {
        let decision = Revoke { reason: args.reason };
        Decide {
            which: args.which,
            decision,
        }
    }
}

impl<D> Verb for Decide<D>
where
    Command: From<DecideKyc<D>>,
{
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = person::needed(self.which.user.as_deref())?;
        let known = work.engine.kyc_record(self.which.record).await?;
        let known = known.ok_or_else(|| nouns::unknown::<KycRecord>(self.which.record))?;
        let command = DecideKyc {
            record: self.which.record,
            user: known.record.user_id,
            version: None,
            decision: self.decision,
        };
        printout(work, work.act(Some(user), command).await?).await
    }
}
