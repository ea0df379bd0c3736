//! Removing a database with all that is in it, for development.
//!
//! The signing key is put aside with it: two logs of one name and key would look like one that was changed.

use std::fs;
use std::path::{Path, PathBuf};

use store::db::Location;
use store::place::Found;

use crate::database::hold;
use crate::engine::Options;
use crate::error::Error;
use crate::{guard, keyfile, random};

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// Entries of the log; none where there was none that could be read.
    pub entries: Option<u64>,
    /// Where the log's signing key is kept.
    pub key: Option<PathBuf>,
}

/// Removes a database that nobody else uses, and forgets what is remembered of its log.
pub async fn clear(options: &Options) -> Result<Cleared, Error> {
    if options.signing_key.is_some() {
        return Err(Error::problem(
            "the signing key is given as PROBITY_SIGNING_KEY: the next log would be signed with it too, under the same name",
            "remove the variable, or work with another database",
        ));
    }
    if let Location::Sqlite(path) = &options.database.location
        && !path.exists()
        && !options.data_dir.exists()
    {
        return Ok(Cleared {
            entries: None,
            key: None,
        });
    }
    let mut place = hold(&options.database).await?;
    let entries = match place.found().await? {
        Found::Log(head) => Some(head.edge.size()),
        Found::Nothing | Found::Unreadable(_) => None,
        Found::Foreign(part) => {
            return Err(Error::problem(
                format!("the database holds {part}, which is another program's: nothing was removed"),
                "remove it by hand, or give Probity a database or schema of its own",
            ));
        }
    };
    // The database goes last: what is broken off is done by doing it again.
    let removed = match fs::remove_file(guard::path(&options.data_dir)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    removed.map_err(|error| failed("remove", &guard::path(&options.data_dir), &error))?;
    let key = put_aside(&keyfile::path(&options.data_dir))?;
    place.empty().await?;
    Ok(Cleared { entries, key })
}

fn put_aside(key: &Path) -> Result<Option<PathBuf>, Error> {
    let kept = PathBuf::from(format!("{}.cleared-{}", key.display(), random::now().micros()));
    match fs::rename(key, &kept) {
        Ok(()) => Ok(Some(kept)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("rename", key, &error)),
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::problem(
        format!("cannot {what} {}: {error}", path.display()),
        "check the permissions of the file and its folder",
    )
}
