//! What `dry_run` answers, as the documentation has it.

use crate::openapi::{Content, Reply};

/// The answer where otherwise something is made.
pub(crate) const REPLY: Reply = Reply::new(
    "200",
    "With `dry_run`: what would be made, without the id that it does not have.",
    &[Content::new(
        "application/json",
        r##"{"$ref":"#/components/schemas/DryRun"}"##,
        r#"{"dry_run":true}"#,
    )],
);
