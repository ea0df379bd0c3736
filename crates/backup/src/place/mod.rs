//! Where backups are kept.
//!
//! A place blocks its caller: it is used from threads of its own, beside any runtime.

mod folder;

use std::io::{Read, Write};

use crate::error::Error;

pub use folder::Folder;

/// Keeps files by name.
pub trait Place: Send + Sync {
    /// What people call it.
    fn shown(&self) -> String;

    /// Names of the files there, in no order.
    fn names(&self) -> Result<Vec<String>, Error>;

    /// Reads a file.
    fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, Error>;

    /// Begins a file, of which nothing is seen before it is whole.
    fn create(&self, name: &str) -> Result<Box<dyn Upload>, Error>;

    /// Adds a small file; false where there is one of this name, which stays as it is.
    fn add(&self, name: &str, contents: &[u8]) -> Result<bool, Error>;

    /// Puts a small file in the place of the one of this name.
    fn replace(&self, name: &str, contents: &[u8]) -> Result<(), Error>;

    /// Removes a file; one that is not there is removed already.
    fn remove(&self, name: &str) -> Result<(), Error>;

    /// Removes what runs that were broken off more than a day ago left of files whose name begins so.
    fn tidy(&self, prefix: &str) -> Result<(), Error>;
}

/// A file on its way. Dropped before it is finished, it leaves nothing.
pub trait Upload: Write + Send {
    /// Makes the file be there, whole and on disk; an error where there is one of this name.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}
