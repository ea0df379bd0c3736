//! A file for each page.

pub(crate) mod change;
pub(crate) mod entry;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod overview;
pub(crate) mod preferences;
pub(crate) mod problem;
pub(crate) mod search;
pub(crate) mod sign_in;
