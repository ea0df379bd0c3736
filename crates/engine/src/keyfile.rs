//! The signing key: a file that only its owner may read, or text from the environment.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tlog::SigningKey;

use crate::error::Error;
use crate::random;

/// Name of the key file in the data folder.
pub const FILE_NAME: &str = "signing.key";

/// Makes a folder for the key or the database where there is none: its owner alone may look into it.
pub fn make_folder(path: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

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
    put(data_dir, &key)?;
    Ok(key)
}

/// Writes a key to the file, readable by its owner only. One that is there is never replaced.
pub fn put(data_dir: &Path, key: &SigningKey) -> Result<(), Error> {
    let path = path(data_dir);
    write_private(&path, format!("{}\n", key.encode()).as_bytes()).map_err(|error| {
        Error::problem(
            format!("cannot write {}: {error}", path.display()),
            "check the data folder",
        )
    })
}

/// Writes a new file of mode 0600 and flushes it to disk; fails when there is one.
///
/// Written aside and linked into place, so that a crash leaves the whole file or none: half a key would keep every
/// later start from working.
fn write_private(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&aside).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_all()?;
        fs::hard_link(&aside, path)
    });
    fs::remove_file(&aside)?;
    written?;
    // The name is on disk only once the folder is.
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_once_and_whole() {
        let dir = testkit::temp_dir("keyfile");
        let key = create(dir.path(), "log.example/one").unwrap();
        let read = load(dir.path(), None).unwrap().unwrap();
        assert_eq!(read.encode(), key.encode());
        assert!(
            create(dir.path(), "log.example/two").is_err(),
            "a key is never replaced"
        );
        assert_eq!(load(dir.path(), None).unwrap().unwrap().name(), "log.example/one");
        let names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, [FILE_NAME], "nothing is left beside it");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(path(dir.path())).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
