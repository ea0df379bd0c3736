//! A file for each page.

pub(crate) mod approval;
pub(crate) mod change;
pub(crate) mod custody;
pub(crate) mod entry;
pub(crate) mod execution;
pub(crate) mod export;
pub(crate) mod installation;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod operation;
pub(crate) mod overview;
pub(crate) mod preferences;
pub(crate) mod problem;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod status;
