//! `probity governance`: what was executed last, and how it ended.

use views::{DragModeRuns, Recent, UserRuns, WorkflowRuns};

use crate::nouns::{self, ListArgs};
use crate::verb::verbs;

verbs! {
    /// What can be asked of all executions together.
    GovernanceCommand {
        /// List the executions that were started last, with their users
        #[command(after_help = "Example:\n  probity governance recent --since 7d")]
        Recent(ListArgs<Recent>) => nouns::list,
        /// Say how executions of each workflow ended
        #[command(after_help = "Example:\n  probity governance workflows --since 7d")]
        Workflows(ListArgs<WorkflowRuns>) => nouns::list,
        /// Say how executions divide into DRAG modes, and how they ended
        #[command(after_help = "Example:\n  probity governance drag-modes --since 7d")]
        DragModes(ListArgs<DragModeRuns>) => nouns::list,
        /// Say what was executed for each user
        #[command(after_help = "Example:\n  probity governance users --since 7d")]
        Users(ListArgs<UserRuns>) => nouns::list,
    }
}
