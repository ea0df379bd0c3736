//! `probity metric`: a file per verb.

mod figures;
mod record;

use views::Metric;

use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::verbs;

verbs! {
    /// What can be done with metrics.
    MetricCommand {
        /// Record a number; it never changes
        #[command(after_help = "Example:\n  probity metric record reward 0.5 --workflow triage")]
        Record(record::RecordArgs),
        /// List metrics, newest first
        #[command(after_help = "Example:\n  probity metric list --name reward --since 7d")]
        List(ListArgs<Metric>) => nouns::list,
        /// Show a metric
        #[command(after_help = "Example:\n  probity metric show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<Metric>) => nouns::show,
        /// Say how many there are, and their sum, mean, bounds and percentiles
        #[command(after_help = "Example:\n  probity metric figures --name reward --since 7d --by day")]
        Figures(figures::FiguresArgs) => figures::run,
    }
}
