//! The log's signing key on its way to another machine, sealed by age. It is in no backup, and without it a restored log
//! cannot go on, nor can second factors be checked, whose secrets are sealed with a key that follows from it.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use engine::{Options, guard, keyfile};
use store::db::Location;
use store::{Db, Head};
use tlog::{Checkpoint, SigningKey};

use crate::age;
use crate::error::{Error, Tried};
use crate::read::age::decrypt;

/// The longest that a sealed key is taken to be, and an opened one.
const SEALED_MAX: u64 = 1 << 16;

/// How what age encrypts begins: as bytes, and as text.
const BEGIN: [&[u8]; 2] = [b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----"];

/// Seals a key, as text: to public keys of age, or where there are none with a passphrase, for which age asks at the
/// terminal.
pub fn seal(key: &SigningKey, recipients: &[String]) -> Result<Vec<u8>, Error> {
    age::armored(recipients, format!("{}\n", key.encode()).as_bytes())
}

/// Opens a sealed key with the file of an identity; without one age asks for the passphrase at the terminal.
pub fn open(sealed: impl Read, identity: Option<&Path>) -> Result<SigningKey, Error> {
    let mut text = Vec::new();
    sealed
        .take(SEALED_MAX)
        .read_to_end(&mut text)
        .tried("read", "the sealed key")?;
    if !BEGIN.iter().any(|begin| text.starts_with(begin)) {
        let hint = "name the file that `probity key export` wrote";
        return Err(Error::refused("not_sealed", "this is not sealed by age", hint));
    }
    if let Some(identity) = identity {
        is_private(identity, 0o077, "chmod 600 it, and think of who could read it")?;
    }
    let mut opened = String::new();
    decrypt(Box::new(io::Cursor::new(text)), identity)?
        .take(SEALED_MAX)
        .read_to_string(&mut opened)
        .tried("open", "the sealed key")?;
    // What is wrong with it is not shown: it may be half a key.
    SigningKey::decode(opened.trim()).map_err(|_| {
        let hint = "name the file that `probity key export` wrote";
        Error::refused("not_a_key", "what was sealed is no signing key", hint)
    })
}

/// Puts a key into the data folder; false where it is there already. Refused where it is not that of the log which is
/// there, or where others could read it or put another in its place.
pub async fn import(options: &Options, key: &SigningKey) -> Result<bool, Error> {
    let folder = &options.data_dir;
    keyfile::make_folder(folder).tried("make the folder", folder.display())?;
    is_private(folder, 0o022, "only its owner may write there: chmod go-w it")?;
    if let Some(there) = keyfile::load(folder, options.signing_key.as_deref())? {
        if there.encode() != key.encode() {
            let message = format!("the key of {} is there already", there.name());
            return Err(Error::refused("another_key", message, ELSEWHERE));
        }
        let path = keyfile::path(folder);
        if path.exists() {
            is_private(&path, 0o077, "chmod 600 it, and think of who could read it")?;
        }
        return Ok(false);
    }
    let verifier = key.verifier();
    let of_another = |what: &str, checkpoint: &str| {
        let error = Checkpoint::open(checkpoint, &verifier).err()?;
        let message = format!(
            "{what} is not signed by this key, that of {}: {error}",
            key.name()
        );
        Some(Error::refused("other_log", message, ELSEWHERE))
    };
    let remembered = guard::read(folder)?;
    if let Some(error) =
        remembered.and_then(|text| of_another(&guard::path(folder).display().to_string(), &text))
    {
        return Err(error);
    }
    if let Some(head) = head(options).await?
        && let Some(error) = of_another(&options.database.location.shown(), &head.checkpoint)
    {
        return Err(error);
    }
    keyfile::put(folder, key)?;
    Ok(true)
}

/// What to do where the key is not the one that belongs there.
const ELSEWHERE: &str =
    "a log has one key for ever: name another data folder and database, or the key of this log";

/// The head of the log that is there; none where there is no database yet, or none that answers: a start looks again.
async fn head(options: &Options) -> Result<Option<Head>, Error> {
    if matches!(&options.database.location, Location::Sqlite(path) if !path.exists()) {
        return Ok(None);
    }
    let Ok(mut conn) = Db::new(options.database.clone())?.writer().await else {
        return Ok(None);
    };
    if store::migrate::state(&mut conn).await?.applied == 0 {
        return Ok(None);
    }
    Ok(Head::load(&mut conn).await?)
}

/// Refuses a file or folder that others may use in one of these ways.
fn is_private(path: &Path, ways: u32, hint: &'static str) -> Result<(), Error> {
    let mode = fs::metadata(path)
        .tried("read", path.display())?
        .permissions()
        .mode()
        & 0o777;
    if mode & ways == 0 {
        return Ok(());
    }
    let message = format!("{} has mode {mode:03o}: others may use it", path.display());
    Err(Error::refused("open_to_others", message, hint))
}
