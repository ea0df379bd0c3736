//! `probity kyc approve`, `reject` and `revoke`: by a person.

use clap::Args;
use domain::Command;
use domain::custody::kyc::{Approve, DecideKyc, Reject, Revoke};
use evidence::Timestamp;
use uuid::Uuid;

use super::{say, show};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{parse, person};

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

/// What is decided.
pub struct Asked<D> {
    which: WhichArgs,
    decision: D,
}

impl ApproveArgs {
    /// To approve.
    pub fn asked(self) -> Asked<Approve> {
        let decision = Approve {
            expires_at: self.expires,
        };
        let which = self.which;
        Asked { which, decision }
    }
}

impl ReasonArgs {
    /// To reject.
    pub fn reject(self) -> Asked<Reject> {
        let decision = Reject { reason: self.reason };
        let which = self.which;
        Asked { which, decision }
    }

    /// To revoke.
    pub fn revoke(self) -> Asked<Revoke> {
        let decision = Revoke { reason: self.reason };
        let which = self.which;
        Asked { which, decision }
    }
}

/// Decides.
pub async fn run<D>(context: &Context, asked: Asked<D>) -> Result<Exit, Failure>
where
    Command: From<DecideKyc<D>>,
{
    let user = asked.which.user.as_deref();
    person::check(user)?;
    context
        .with_engine(async |engine| {
            let known = show::find(engine, asked.which.record).await?;
            let command = DecideKyc {
                record: asked.which.record,
                user: known.record.user_id,
                version: None,
                decision: asked.decision,
            };
            let answer = person::decide(context, engine, user, command.into()).await?;
            say(context, engine, &answer).await?;
            Ok(Exit::Ok)
        })
        .await
}
