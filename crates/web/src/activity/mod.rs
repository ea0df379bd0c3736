//! The activity feed: entries as people read them.

pub(crate) mod record;
pub(crate) mod stream;
