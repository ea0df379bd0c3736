//! Secrets: a variable has one, or the file that it names with `_FILE`, or the folder of credentials that systemd gives a
//! service. What a process has in its environment, its children have too, and whoever may look at them.

use std::path::Path;

use super::{variable, wrong};
use crate::failure::Failure;

/// A secret, and where it came from.
pub struct Secret {
    /// The secret.
    pub text: String,
    /// Where it came from, for people.
    pub source: String,
}

/// What a variable has, or the file that it names with `_FILE`.
pub fn of_variable(name: &str) -> Result<Option<Secret>, Failure> {
    let file = format!("{name}_FILE");
    match (variable(name), variable(&file)) {
        (Some(_), Some(_)) => Err(wrong(format!("{name} and {file} are both set: set one of them"))),
        (Some(text), None) => Ok(Some(Secret {
            text,
            source: name.to_owned(),
        })),
        (None, Some(path)) => read(Path::new(&path), file).map(Some),
        (None, None) => Ok(None),
    }
}

/// What a file has in the folder of credentials.
pub fn credential(name: &str) -> Result<Option<Secret>, Failure> {
    let folder = variable("CREDENTIALS_DIRECTORY");
    let path = folder.map(|folder| Path::new(&folder).join(name));
    let path = path.filter(|path| path.exists());
    path.map(|path| read(&path, format!("$CREDENTIALS_DIRECTORY/{name}")))
        .transpose()
}

/// The log's signing key, where it is not in the data folder.
pub fn signing_key() -> Result<Option<Secret>, Failure> {
    match of_variable("PROBITY_SIGNING_KEY")? {
        Some(found) => Ok(Some(found)),
        None => credential("signing.key"),
    }
}

fn read(path: &Path, source: String) -> Result<Secret, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Err(wrong(format!("{source}: {} is empty", path.display())));
    }
    Ok(Secret { text, source })
}
