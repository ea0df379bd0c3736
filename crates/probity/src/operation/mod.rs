//! `probity operation`: making operations ([`create`]), carrying them on ([`step`]), and looking at them.

mod create;
mod import;
mod proposal;
mod statistics;
mod step;
mod transaction;
mod view;

use views::Operation;

use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::verbs;

verbs! {
    /// What can be done with operations.
    OperationCommand {
        /// Credit what came from outside
        #[command(
            after_help = "Example:\n  probity operation deposit user:ann 0.5 --asset BTC --tx-output 0 \
                --tx-hash 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
        )]
        Deposit(create::DepositArgs) is create::DepositArgs::deposit,
        /// Hold what is to go to a destination outside; it is started and completed afterwards
        #[command(
            after_help = "Example:\n  probity operation withdraw user:ann 0.1 --asset BTC \
                --destination 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
        )]
        Withdraw(create::WithdrawArgs) is create::WithdrawArgs::asked,
        /// Move between users and house accounts, or hold it with --pending
        #[command(after_help = "Example:\n  probity operation transfer user:ann house:fees 0.001 --asset BTC")]
        Transfer(create::TransferArgs) is create::TransferArgs::asked,
        /// Make something new
        #[command(after_help = "Example:\n  probity operation mint house:omnibus 1000 --asset GOLD")]
        Mint(create::DepositArgs) is create::DepositArgs::mint,
        /// Destroy something
        #[command(after_help = "Example:\n  probity operation burn house:omnibus 1000 --asset GOLD")]
        Burn(create::DepositArgs) is create::DepositArgs::burn,
        /// Undo a completed operation, once
        #[command(after_help = "Example:\n  probity operation reverse 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Reverse(create::ReverseArgs) is create::ReverseArgs::asked,
        /// Make deposits of the outputs of a block
        #[command(after_help = "Example:\n  probity operation import block.jsonl --format bitcoin-block")]
        Import(import::ImportArgs) => import::run,
        /// Show an operation
        #[command(after_help = "Example:\n  probity operation show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<Operation>) => nouns::show,
        /// List operations, the one that changed last first
        #[command(after_help = "Example:\n  probity operation list --status pending --user ann")]
        List(ListArgs<Operation>) => nouns::list,
        /// Count operations and what they move, by asset, kind and status
        #[command(after_help = "Example:\n  probity operation statistics --asset BTC --from 30d --by-day")]
        Statistics(statistics::StatisticsArgs) => statistics::run,
        /// Begin a pending one: it is being sent
        #[command(after_help = "Example:\n  probity operation start 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Start(step::StartArgs) is step::StartArgs::asked,
        /// Say what is newly known of its transaction
        #[command(
            after_help = "Example:\n  probity operation report 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --confirmations 3"
        )]
        Report(step::TransactionArgs) is step::TransactionArgs::report,
        /// It happened: the amount moves
        #[command(
            after_help = "Example:\n  probity operation complete 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d \
                --tx-hash 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
        )]
        Complete(step::TransactionArgs) is step::TransactionArgs::complete,
        /// It did not happen: what was held is free again
        #[command(
            after_help = "Example:\n  probity operation fail 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --error 'no such address'"
        )]
        Fail(step::ErrorArgs) is step::ErrorArgs::fail,
        /// Give up a pending one before it was begun
        #[command(
            after_help = "Example:\n  probity operation cancel 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --reason 'asked for'"
        )]
        Cancel(step::ReasonArgs) is step::ReasonArgs::cancel,
        /// It was sent, and nobody knows what became of it; nothing sends it again
        #[command(
            after_help = "Example:\n  probity operation mark-unknown 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --error 'no answer'"
        )]
        MarkUnknown(step::ErrorArgs) is step::ErrorArgs::mark_unknown,
        /// Say what became of an unknown one, with the approval of a second person
        #[command(
            after_help = "Example:\n  probity operation resolve 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --failed \
                --evidence 'not in any block' --request-approval 'Looked at two nodes'"
        )]
        Resolve(step::ResolveArgs) is step::ResolveArgs::asked,
        /// Move a part of what a pending transfer holds, or all of it
        #[command(after_help = "Example:\n  probity operation capture 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d 0.25")]
        Capture(step::CaptureArgs) is step::CaptureArgs::asked,
        /// End a pending transfer: what it still holds is free again
        #[command(after_help = "Example:\n  probity operation release 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Release(step::ReasonArgs) is step::ReasonArgs::release,
    }
}
