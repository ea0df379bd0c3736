//! The steps of an operation: `probity operation start`, `complete`, `fail` and the others.

use clap::{ArgGroup, Args};
use domain::custody::operation::Step;
use domain::custody::operation::steps::{
    Cancel, Complete, Fail, MarkUnknown, Release, Report, Resolve, Start,
};
use engine::custody::{NewStep, Proposal, StepKind};
use uuid::Uuid;

use super::transaction::ChainArgs;
use super::{proposal, view};
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Which operation, and how.
#[derive(Debug, Args)]
pub struct WhichArgs {
    /// Id of the operation
    operation: Uuid,
    /// Only while it is at this version
    #[arg(long, value_name = "N")]
    at_version: Option<u64>,
    /// Say what would come of it, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// An approval to use, or to ask for.
#[derive(Debug, Args)]
pub struct ApprovalArgs {
    /// The approval to use
    #[arg(long, value_name = "ID")]
    approval: Option<Uuid>,
    /// Ask for the approval of exactly this, for this reason, and do nothing else
    #[arg(long, value_name = "REASON", conflicts_with_all = ["approval", "dry_run"])]
    request_approval: Option<String>,
}

/// Arguments of `probity operation start`.
#[derive(Debug, Args)]
pub struct StartArgs {
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    approval: ApprovalArgs,
    #[command(flatten)]
    chain: ChainArgs,
}

/// Arguments of `probity operation report` and `complete`.
#[derive(Debug, Args)]
pub struct TransactionArgs {
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    chain: ChainArgs,
}

/// Arguments of `probity operation fail` and `mark-unknown`.
#[derive(Debug, Args)]
pub struct ErrorArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// What happened
    #[arg(long, value_name = "TEXT")]
    error: String,
}

/// Arguments of `probity operation cancel` and `release`.
#[derive(Debug, Args)]
pub struct ReasonArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Arguments of `probity operation resolve`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("outcome").args(["completed", "failed"]).required(true))]
pub struct ResolveArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// It happened
    #[arg(long)]
    completed: bool,
    /// It did not happen
    #[arg(long)]
    failed: bool,
    /// What shows it
    #[arg(long, value_name = "TEXT")]
    evidence: String,
    #[command(flatten)]
    approval: ApprovalArgs,
    #[command(flatten)]
    chain: ChainArgs,
}

/// Arguments of `probity operation capture`.
#[derive(Debug, Args)]
pub struct CaptureArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// How much; all that is held unless given
    amount: Option<String>,
    /// An id of your own for the capture, which is an operation of its own
    #[arg(long)]
    id: Option<Uuid>,
}

/// What is to be done, and how.
pub struct Asked {
    step: NewStep,
    request_approval: Option<String>,
    dry_run: bool,
}

impl WhichArgs {
    fn asked(self, kind: StepKind) -> Asked {
        Asked {
            step: NewStep {
                operation: self.operation,
                version: self.at_version,
                kind,
            },
            request_approval: None,
            dry_run: self.dry_run,
        }
    }

    fn step(self, step: Step) -> Asked {
        self.asked(StepKind::Other(step))
    }
}

impl StartArgs {
    /// What it asks for.
    pub fn asked(self) -> Asked {
        let step = Step::Start(Start {
            transaction: self.chain.transaction(),
            approval: self.approval.approval,
        });
        Asked {
            request_approval: self.approval.request_approval,
            ..self.which.step(step)
        }
    }
}

impl TransactionArgs {
    /// To say what is newly known.
    pub fn report(self) -> Asked {
        self.which.step(Step::Report(Report {
            transaction: self.chain.transaction(),
        }))
    }

    /// To complete.
    pub fn complete(self) -> Asked {
        self.which.step(Step::Complete(Complete {
            transaction: self.chain.transaction(),
        }))
    }
}

impl ErrorArgs {
    /// To fail.
    pub fn fail(self) -> Asked {
        self.which.step(Step::Fail(Fail { error: self.error }))
    }

    /// To leave open what became of it.
    pub fn mark_unknown(self) -> Asked {
        self.which
            .step(Step::MarkUnknown(MarkUnknown { error: self.error }))
    }
}

impl ReasonArgs {
    /// To cancel.
    pub fn cancel(self) -> Asked {
        self.which.step(Step::Cancel(Cancel { reason: self.reason }))
    }

    /// To release.
    pub fn release(self) -> Asked {
        self.which.step(Step::Release(Release { reason: self.reason }))
    }
}

impl ResolveArgs {
    /// What it asks for.
    pub fn asked(self) -> Asked {
        let step = Step::Resolve(Resolve {
            completed: self.completed,
            evidence: self.evidence,
            transaction: self.chain.transaction(),
            approval: self.approval.approval,
        });
        Asked {
            request_approval: self.approval.request_approval,
            ..self.which.step(step)
        }
    }
}

impl CaptureArgs {
    /// What it asks for.
    pub fn asked(self) -> Asked {
        let kind = StepKind::Capture {
            id: self.id,
            amount: self.amount,
        };
        self.which.asked(kind)
    }
}

impl Verb for Asked {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        if let Some(reason) = self.request_approval {
            return proposal::request(work, Proposal::Step(self.step), reason).await;
        }
        let command = work.engine.prepare_step(self.step).await?.command();
        view::printout(work, command, None, self.dry_run).await
    }
}
