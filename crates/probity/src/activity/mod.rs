//! `probity activity`: the feed, a file per verb.

mod record;

use views::Activity;

use crate::audit::meant;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::nouns::{self, ListArgs};
use crate::verb::verbs;

verbs! {
    /// What can be done with the activity feed.
    ActivityCommand {
        /// Record what happened, in words
        #[command(
            after_help = "Example:\n  probity activity record order.ship 'Sent the parcel' --user ann --entity A-42"
        )]
        Record(Box<record::RecordArgs>),
        /// List what happened, a sentence each, newest first
        #[command(after_help = "Example:\n  probity activity list --user ann --since 7d")]
        List(ListArgs<Activity>) => list,
    }
}

/// Lists. A user or an agent may be named.
async fn list(context: &Context, args: ListArgs<Activity>) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let mut asked = args.filters.asked(context, engine).await?;
            let user = asked.text("user").unwrap_or_default();
            // A user is found under all that names it.
            if engine.users_meant([user.as_str()]).await?.is_empty() {
                meant(context, engine, &mut asked, "user", "actor").await?;
            }
            nouns::page::<Activity>(context, engine, &asked, args.paging).await
        })
        .await
}
