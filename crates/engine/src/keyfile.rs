//! The signing key: a file that only its owner may read, or text from the environment.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tlog::SigningKey;

use crate::error::Error;
use crate::random;

/// Name of the key file in the data folder.
pub const FILE_NAME: &str = "signing.key";

/// Path of the key file.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE_NAME)
}

/// Reads the key from `text` (the environment) or else from the file; `None` when there is neither.
pub fn load(data_dir: &Path, text: Option<&str>) -> Result<Option<SigningKey>, Error> {
    let path = path(data_dir);
    let (text, source) = match text {
        Some(text) => (text.to_owned(), "PROBITY_SIGNING_KEY".to_owned()),
        None => match fs::read_to_string(&path) {
            Ok(text) => (text, path.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Error::problem(
                    format!("cannot read {}: {error}", path.display()),
                    "check its permissions",
                ));
            }
        },
    };
    SigningKey::decode(text.trim()).map(Some).map_err(|error| {
        Error::problem(
            format!("the signing key in {source} does not read: {error}"),
            "it must be one line: PRIVATE+KEY+<name>+<id>+<base64>; put back the right file",
        )
    })
}

/// Makes a key named `origin` and writes it to the file, readable by its owner only.
pub fn create(data_dir: &Path, origin: &str) -> Result<SigningKey, Error> {
    let key = SigningKey::from_seed(origin, &random::array()?).map_err(|error| {
        Error::problem(
            format!("{origin:?} cannot name a log: {error}"),
            "use a name such as log.example.org/audit, without spaces and '+'",
        )
    })?;
    let path = path(data_dir);
    write_private(&path, format!("{}\n", key.encode()).as_bytes()).map_err(|error| {
        Error::problem(
            format!("cannot write {}: {error}", path.display()),
            "check the data folder",
        )
    })?;
    Ok(key)
}

/// Writes a new file of mode 0600 and flushes it to disk; fails when there is one.
fn write_private(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}
