//! `probity operation deposit`, `withdraw`, `transfer`, `mint`, `burn` and `reverse`.

use clap::Args;
use domain::custody::OperationKind;
use engine::custody::{NewOperation, Proposal, named};
use evidence::Timestamp;
use evidence::json::StrictObject;
use uuid::Uuid;

use super::transaction::ChainArgs;
use super::{proposal, view};
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Options of every new operation.
#[derive(Debug, Args)]
pub struct CommonArgs {
    /// An id of your own: the same id with the same content is the same operation
    #[arg(long)]
    id: Option<Uuid>,
    /// Your own words for it
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// Your own data: a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    metadata: Option<StrictObject>,
    /// The approval to use, where the amount needs one
    #[arg(long, value_name = "ID")]
    approval: Option<Uuid>,
    /// Ask for the approval of exactly this, for this reason, and do nothing else; a time is
    /// then given as such, not as how long
    #[arg(long, value_name = "REASON", conflicts_with_all = ["approval", "dry_run"])]
    request_approval: Option<String>,
    /// Say what would come of it, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Whether it waits.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Let it wait for another step
    #[arg(long)]
    pending: bool,
    /// From when a pending one no longer holds anything: 1h, 2d, a date or a time
    #[arg(long, value_name = "TIME", value_parser = parse::future)]
    expires: Option<Timestamp>,
}

/// Arguments of `probity operation deposit`, `mint` and `burn`.
#[derive(Debug, Args)]
pub struct DepositArgs {
    /// user:NAME, house:NAME, or the id of a balance
    account: String,
    /// How much: a decimal
    amount: String,
    /// Of this asset: code or id; not needed with the id of a balance
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
    /// Why an output that was credited and reversed is credited again: needs an approval
    #[arg(long, value_name = "TEXT")]
    evidence: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    chain: ChainArgs,
}

/// Arguments of `probity operation withdraw`.
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// user:NAME, house:NAME, or the id of a balance
    account: String,
    /// How much: a decimal
    amount: String,
    /// Of this asset: code or id; not needed with the id of a balance
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// The id of the user's destination: probity destination list
    #[arg(long, value_name = "ID")]
    destination: Option<Uuid>,
    /// From when it no longer holds anything, unless started: 1h, 2d, a date or a time
    #[arg(long, value_name = "TIME", value_parser = parse::future)]
    expires: Option<Timestamp>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Arguments of `probity operation transfer`.
#[derive(Debug, Args)]
pub struct TransferArgs {
    /// From: user:NAME, house:NAME, or the id of a balance
    from: String,
    /// To: the same
    to: String,
    /// How much: a decimal
    amount: String,
    /// Of this asset: code or id; not needed with the id of a balance
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    common: CommonArgs,
}

/// Arguments of `probity operation reverse`.
#[derive(Debug, Args)]
pub struct ReverseArgs {
    /// Id of the operation
    operation: Uuid,
    #[command(flatten)]
    common: CommonArgs,
}

/// What is to be made, and how.
pub struct Asked {
    new: NewOperation,
    request_approval: Option<String>,
    dry_run: bool,
}

impl CommonArgs {
    fn asked(self, mut new: NewOperation) -> Asked {
        new.id = self.id;
        new.reference = self.reference;
        new.metadata = self.metadata;
        new.approval = self.approval;
        Asked {
            new,
            request_approval: self.request_approval,
            dry_run: self.dry_run,
        }
    }
}

impl DepositArgs {
    /// A deposit, which credits the account.
    pub fn deposit(self) -> Asked {
        self.asked(OperationKind::Deposit)
    }

    /// A mint, which credits the account.
    pub fn mint(self) -> Asked {
        self.asked(OperationKind::Mint)
    }

    /// A burn, which debits the account.
    pub fn burn(self) -> Asked {
        self.asked(OperationKind::Burn)
    }

    fn asked(self, kind: OperationKind) -> Asked {
        let account = Some(self.account);
        let (debit, credit) = match kind {
            OperationKind::Burn => (account, None),
            _ => (None, account),
        };
        self.common.asked(NewOperation {
            asset: self.asset,
            amount: Some(self.amount),
            debit,
            credit,
            pending: Some(self.wait.pending),
            expires_at: self.wait.expires,
            transaction: self.chain.input(),
            evidence: self.evidence,
            ..NewOperation::new(kind)
        })
    }
}

impl WithdrawArgs {
    /// What it asks for.
    pub fn asked(self) -> Asked {
        self.common.asked(NewOperation {
            asset: self.asset,
            amount: Some(self.amount),
            debit: Some(self.account),
            destination: self.destination,
            expires_at: self.expires,
            ..NewOperation::new(OperationKind::Withdrawal)
        })
    }
}

impl TransferArgs {
    /// What it asks for.
    pub fn asked(self) -> Asked {
        self.common.asked(NewOperation {
            asset: self.asset,
            amount: Some(self.amount),
            debit: Some(self.from),
            credit: Some(self.to),
            pending: Some(self.wait.pending),
            expires_at: self.wait.expires,
            ..NewOperation::new(OperationKind::Transfer)
        })
    }
}

impl ReverseArgs {
    /// What it asks for.
    pub fn asked(self) -> Asked {
        self.common.asked(NewOperation {
            reverses: Some(self.operation),
            ..NewOperation::new(OperationKind::Reversal)
        })
    }
}

impl Verb for Asked {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        if let Some(reason) = self.request_approval {
            return proposal::request(work, Proposal::Operation(Box::new(self.new)), reason).await;
        }
        let command = work.engine.prepare_operation(self.new, None).await?;
        let named = named([&command]);
        view::printout(work, command, Some(named), self.dry_run).await
    }
}
