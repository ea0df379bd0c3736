//! What `dry_run` answers, as the documentation has it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::openapi::{Content, Reply, Shown};

/// What would be there, as it would be shown, without its id.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DryRun {
    #[schemars(extend("const" = true))]
    dry_run: bool,
}

impl Shown for DryRun {
    fn example() -> DryRun {
        DryRun { dry_run: true }
    }
}

/// The answer where otherwise something is made.
pub(crate) const REPLY: Reply = Reply::new(
    "200",
    "With `dry_run`: what would be made, without the id that it does not have.",
    &[Content::shown::<DryRun>()],
);
