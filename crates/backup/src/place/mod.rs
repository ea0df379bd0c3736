//! Where backups are kept.
//!
//! A place blocks its caller: it is used from threads of its own, beside any runtime.

mod bucket;
mod credentials;
mod folder;

use std::io::{self, Read, Write};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{Error, Tried};

pub use bucket::{Bucket, S3};
pub use credentials::Credentials;
pub(crate) use folder::BROKEN_OFF_AFTER;
pub use folder::Folder;

/// The place of this name, a bucket or a folder, to be read.
pub fn open(name: &str, s3: &S3) -> Result<Box<dyn Place>, Error> {
    opened(name, s3, |folder| Ok(Folder::at(folder)))
}

/// The place of this name to be written to: a folder is made where it is missing.
pub fn make(name: &str, s3: &S3) -> Result<Box<dyn Place>, Error> {
    opened(name, s3, Folder::new)
}

fn opened(
    name: &str,
    s3: &S3,
    folder: impl FnOnce(&Path) -> Result<Folder, Error>,
) -> Result<Box<dyn Place>, Error> {
    if name.starts_with("s3://") {
        return Ok(Box::new(Bucket::new(name, s3, Credentials::find()?)?));
    }
    if name.contains("://") {
        let message = format!("{name} is no place for backups that this program knows");
        return Err(engine::Error::problem(message, "name a folder, or s3://BUCKET/PREFIX").into());
    }
    Ok(Box::new(folder(Path::new(name))?))
}

/// The longest document of a backup, or beside one: what a command erased that changed much takes some hundred kB.
pub(crate) const DOCUMENT_MAX: u64 = 16 << 20;

/// A document of a place. One that does not read is invalid data, also where it ends too early.
pub(crate) fn document<T: DeserializeOwned>(place: &dyn Place, name: &str) -> Result<T, Error> {
    let mut text = Vec::new();
    place
        .read(name)?
        .take(DOCUMENT_MAX)
        .read_to_end(&mut text)
        .tried("read", name)?;
    serde_json::from_slice(&text)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        .tried("read", name)
}

/// Keeps files by name.
pub trait Place: Send + Sync {
    /// What people call it.
    fn shown(&self) -> String;

    /// A folder beside it where something can be held aside; none where there is none.
    fn folder(&self) -> Option<&Path> {
        None
    }

    /// Names of the whole files there, in no order. What is still being written is not among them.
    fn names(&self) -> Result<Vec<String>, Error>;

    /// How long a file is, in bytes; none where there is none.
    fn length(&self, name: &str) -> Result<Option<u64>, Error>;

    /// Reads a file.
    fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, Error>;

    /// Begins a file, which is not to be read before it is whole; an error where there is one of this name, or one is on its
    /// way, if the place knows it so early.
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
