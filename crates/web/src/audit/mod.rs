//! The audit log: recording, reading, proving, exporting.

pub(crate) mod append;
pub(crate) mod checkpoint;
pub(crate) mod consistency;
pub(crate) mod export;
pub(crate) mod page;
pub(crate) mod receipt;
