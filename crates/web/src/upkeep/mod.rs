//! How the service stands: its state, its jobs and its backups.

pub(crate) mod backups;
pub(crate) mod jobs;
pub(crate) mod run;
pub(crate) mod status;
