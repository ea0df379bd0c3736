//! `probity operation`: making operations ([`create`]), carrying them on ([`step`]), and looking at them.

mod create;
mod import;
mod list;
mod proposal;
mod show;
mod statistics;
mod step;
mod transaction;
mod view;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum OperationCommand {
    /// Credit what came from outside
    #[command(
        after_help = "Example:\n  probity operation deposit user:ann 0.5 --asset BTC --tx-output 0 \
            --tx-hash 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
    )]
    Deposit(create::DepositArgs),
    /// Hold what is to go to a destination outside; it is started and completed afterwards
    #[command(
        after_help = "Example:\n  probity operation withdraw user:ann 0.1 --asset BTC \
            --destination 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
    )]
    Withdraw(create::WithdrawArgs),
    /// Move between users and house accounts, or hold it with --pending
    #[command(after_help = "Example:\n  probity operation transfer user:ann house:fees 0.001 --asset BTC")]
    Transfer(create::TransferArgs),
    /// Make something new
    #[command(after_help = "Example:\n  probity operation mint house:omnibus 1000 --asset GOLD")]
    Mint(create::DepositArgs),
    /// Destroy something
    #[command(after_help = "Example:\n  probity operation burn house:omnibus 1000 --asset GOLD")]
    Burn(create::DepositArgs),
    /// Undo a completed operation, once
    #[command(after_help = "Example:\n  probity operation reverse 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Reverse(create::ReverseArgs),
    /// Make deposits of the outputs of a block
    #[command(after_help = "Example:\n  probity operation import block.jsonl --format bitcoin-block")]
    Import(import::ImportArgs),
    /// Show an operation
    #[command(after_help = "Example:\n  probity operation show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Show(show::ShowArgs),
    /// List operations, the one that changed last first
    #[command(after_help = "Example:\n  probity operation list --status pending --user ann")]
    List(list::ListArgs),
    /// Count operations and what they move, by asset, kind and status
    #[command(after_help = "Example:\n  probity operation statistics --asset BTC --from 30d --by-day")]
    Statistics(statistics::StatisticsArgs),
    /// Begin a pending one: it is being sent
    #[command(after_help = "Example:\n  probity operation start 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Start(step::StartArgs),
    /// Say what is newly known of its transaction
    #[command(
        after_help = "Example:\n  probity operation report 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --confirmations 3"
    )]
    Report(step::TransactionArgs),
    /// It happened: the amount moves
    #[command(
        after_help = "Example:\n  probity operation complete 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d \
            --tx-hash 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
    )]
    Complete(step::TransactionArgs),
    /// It did not happen: what was held is free again
    #[command(
        after_help = "Example:\n  probity operation fail 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --error 'no such address'"
    )]
    Fail(step::ErrorArgs),
    /// Give up a pending one before it was begun
    #[command(
        after_help = "Example:\n  probity operation cancel 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --reason 'asked for'"
    )]
    Cancel(step::CancelArgs),
    /// It was sent, and nobody knows what became of it; nothing sends it again
    #[command(
        after_help = "Example:\n  probity operation mark-unknown 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --error 'no answer'"
    )]
    MarkUnknown(step::ErrorArgs),
    /// Say what became of an unknown one, with the approval of a second person
    #[command(
        after_help = "Example:\n  probity operation resolve 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --failed \
            --evidence 'not in any block' --request-approval 'Looked at two nodes'"
    )]
    Resolve(step::ResolveArgs),
    /// Move a part of what a pending transfer holds, or all of it
    #[command(after_help = "Example:\n  probity operation capture 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d 0.25")]
    Capture(step::CaptureArgs),
    /// End a pending transfer: what it still holds is free again
    #[command(after_help = "Example:\n  probity operation release 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Release(step::ReleaseArgs),
}

/// Runs a verb.
pub async fn run(context: &Context, command: OperationCommand) -> Result<Exit, Failure> {
    use domain::custody::OperationKind as Kind;
    match command {
        OperationCommand::Deposit(args) => create::run(context, args.asked(Kind::Deposit)).await,
        OperationCommand::Mint(args) => create::run(context, args.asked(Kind::Mint)).await,
        OperationCommand::Burn(args) => create::run(context, args.asked(Kind::Burn)).await,
        OperationCommand::Withdraw(args) => create::run(context, args.asked()).await,
        OperationCommand::Transfer(args) => create::run(context, args.asked()).await,
        OperationCommand::Reverse(args) => create::run(context, args.asked()).await,
        OperationCommand::Import(args) => import::run(context, args).await,
        OperationCommand::Show(args) => show::run(context, args).await,
        OperationCommand::List(args) => list::run(context, args).await,
        OperationCommand::Statistics(args) => statistics::run(context, args).await,
        OperationCommand::Start(args) => step::run(context, args.asked()).await,
        OperationCommand::Report(args) => step::run(context, args.report()).await,
        OperationCommand::Complete(args) => step::run(context, args.complete()).await,
        OperationCommand::Fail(args) => step::run(context, args.fail()).await,
        OperationCommand::Cancel(args) => step::run(context, args.asked()).await,
        OperationCommand::MarkUnknown(args) => step::run(context, args.mark_unknown()).await,
        OperationCommand::Resolve(args) => step::run(context, args.asked()).await,
        OperationCommand::Capture(args) => step::run(context, args.asked()).await,
        OperationCommand::Release(args) => step::run(context, args.asked()).await,
    }
}
