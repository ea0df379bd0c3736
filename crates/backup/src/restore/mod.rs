//! Putting a backup in the place of a database: it is read into a new one beside the old, which is verified in full, records
//! that it was restored, erases again what was erased since, and only then takes the place.

mod again;
mod known;
mod later;
mod load;
mod source;

use std::path::Path;

use domain::audit::restore::AcknowledgeRestore;
use domain::{Caller, Command, Origin};
use engine::verify::{Progress, Report, VerifyOptions, verify_by};
use engine::{Engine, Options, guard, keyfile};
use evidence::time::Timestamp;
use store::db::Location;
use store::place::Place as Held;
use store::{Db, ErrorKind};
use tempfile::TempDir;
use tlog::VerifierKey;
use tokio::runtime::Runtime;

use crate::error::{Error, Tried};
use crate::fault::Fault;
use crate::format::{self, MANIFEST, Manifest};
use crate::place::{BROKEN_OFF_AFTER, Place};
use crate::read::Contents;

use known::{Remembered, remembered};

pub use again::{Again, NotErased};
pub use later::Unproven;
pub use source::newest;

/// How to restore.
pub struct How<'a> {
    /// Who restores.
    pub caller: &'a Caller,
    /// Why: 1 to 500 characters, kept in the entry that records it.
    pub reason: &'a str,
    /// Whether a database that is there is replaced.
    pub replace: bool,
    /// Whether a log is restored that lacks entries of the one that is remembered, or is another one.
    pub shorter: bool,
    /// The file of the identity that opens the backup, where it is encrypted.
    pub identity: Option<&'a Path>,
    /// Another place that may know what was erased since: that of the server's backups, where the file is a copy elsewhere.
    pub also: Option<&'a dyn Place>,
    /// What is done with erasures that the log does not prove; without it they are refused.
    pub unproven: Option<Unproven>,
}

/// What came of a restore.
#[derive(Debug)]
pub struct Restored {
    /// What was restored.
    pub contents: Contents,
    /// What the database was found to be before it took its place.
    pub report: Report,
    /// Index of the entry that records it.
    pub entry: u64,
    /// Size of the log that was remembered, or was there, where that has entries which the backup has not.
    pub known: Option<u64>,
    /// What was erased again.
    pub again: Again,
    /// Who told of erasures that the log does not prove.
    pub unproven: Vec<String>,
    /// Why the old database, which is of the same log, could not be asked what it erased.
    pub not_asked: Option<Error>,
    /// Where the old database is kept.
    pub kept: Option<String>,
}

/// Restores a backup of a place. It blocks its thread, which must not be one of a runtime.
pub fn restore(
    place: &dyn Place,
    name: &str,
    options: &Options,
    how: &How<'_>,
    progress: Progress<'_>,
) -> Result<Restored, Error> {
    let length = how.reason.chars().count();
    if length == 0 || length > 500 {
        return Err(
            engine::Error::from(domain::FieldError::new("reason", "must be 1 to 500 characters")).into(),
        );
    }
    let key = keyfile::load(&options.data_dir, options.signing_key.as_deref())?;
    let key = key.ok_or_else(|| no_key(&options.data_dir))?.verifier();
    let sidecar = source::sidecar(place, name)?;
    if let Some(sidecar) = &sidecar {
        is_of(&sidecar.manifest, &key)?;
    }
    // Before the work and not after it: what was erased since, and whether the guard can be told.
    let mut told = later::of_places([Some(place), how.also], &key)?;
    if options.guard {
        keyfile::make_folder(&options.data_dir).tried("make the folder", options.data_dir.display())?;
        tempfile::tempfile_in(&options.data_dir).tried("write in", options.data_dir.display())?;
    }
    let runtime = runtime()?;
    let mut held = runtime.block_on(hold(options))?;
    let (remembered, same) =
        runtime.block_on(remembered(&mut held, options, (how.replace, how.shorter), &key))?;
    let enough = |entries: u64| match &remembered {
        Some(known) if known.size > entries && !how.shorter => Err(shorter(known.size, entries)),
        _ => Ok(()),
    };
    let at_least = sidecar.as_ref().map_or(0, |sidecar| sidecar.entries);
    let mut not_asked = None;
    if same {
        match runtime.block_on(later::of_old(&mut held, &key, at_least)) {
            Ok(old) => told.extend(old),
            Err(error) => not_asked = Some(error),
        }
    }
    if sidecar.is_some() {
        enough(at_least)?;
        later::to_erase(&told, at_least, how.unproven)?;
    }
    let aside = Options {
        database: held.aside(),
        guard: false,
        ..options.clone()
    };
    let made = (|| {
        let check = |manifest: &Manifest| is_of(manifest, &key);
        let source = source::Source {
            file: place.read(name)?,
            sidecar,
            identity: how.identity,
            check: &check,
        };
        let contents = load::load(source, &aside.database, &runtime, progress)?;
        enough(contents.end.entries)?;
        let report = runtime.block_on(verified(&contents, &aside, progress))?;
        let (again, unproven) = later::to_erase(&told, contents.end.entries, how.unproven)?;
        let continued = continue_log(&aside, how, (&contents, remembered.as_ref(), &key), again);
        let (entry, known, again, checkpoint) = runtime.block_on(continued)?;
        Ok((
            Restored {
                contents,
                report,
                entry,
                known,
                again,
                unproven,
                not_asked,
                kept: None,
            },
            checkpoint,
        ))
    })();
    let (mut restored, checkpoint) = match made {
        Ok(made) => made,
        Err(error) => {
            // What failed is said; what is left of it goes with the next restore.
            let _ = runtime.block_on(held.give_up());
            return Err(error);
        }
    };
    restored.kept = runtime
        .block_on(held.take(&stamp(engine::now())))
        .map_err(in_use)?;
    if options.guard {
        let path = guard::path(&options.data_dir);
        guard::write(&options.data_dir, &checkpoint)
            .and_then(|()| store::place::own(&path, &std::fs::metadata(&options.data_dir)?))
            .tried("write", path.display())?;
    }
    Ok(restored)
}

/// What came of checking a backup.
#[derive(Debug)]
pub struct Checked {
    /// What it holds.
    pub contents: Contents,
    /// What the temporary database was found to be, where it was restored into one.
    pub report: Option<Report>,
    /// Why it could not be noted beside the backup that it was checked.
    pub not_noted: Option<Error>,
}

/// Checks a backup without a database; with `full` it is restored into a temporary one in this folder and verified there.
/// That it was checked is noted beside it, where that can be written. It blocks its thread, which must not be one of a runtime.
pub fn check(
    place: &dyn Place,
    name: &str,
    (identity, full): (Option<&Path>, Option<&Path>),
    progress: Progress<'_>,
) -> Result<Checked, Error> {
    let sidecar = source::sidecar(place, name)?;
    let noted = sidecar.clone();
    let check = |_: &Manifest| Ok(());
    let source = source::Source {
        file: place.read(name)?,
        sidecar,
        identity,
        check: &check,
    };
    let (contents, report) = match full {
        None => (source.read(progress, &mut |_| Ok(()))?, None),
        Some(folder) => {
            let folder = unpacked_in(folder).tried("make a folder in", folder.display())?;
            let database = Location::Sqlite(folder.path().join("probity.db"));
            let options = Options {
                guard: false,
                ..Options::new(folder.path().to_owned(), database)
            };
            let runtime = runtime()?;
            let contents = load::load(source, &options.database, &runtime, progress)?;
            let report = runtime.block_on(verified(&contents, &options, progress))?;
            (contents, Some(report))
        }
    };
    let noted = noted.map_or(Ok(()), |mut sidecar| {
        sidecar.verified_at = Some(engine::now());
        place.replace(&format::sidecar_name(name), &format::document(&sidecar))
    });
    Ok(Checked {
        contents,
        report,
        not_noted: noted.err(),
    })
}

/// How the names of folders begin into which a backup is unpacked to be verified.
const UNPACKED: &str = ".probity-verify-";

/// A folder of one's own: what is unpacked may be what was encrypted. One that a killed run left goes a day later.
fn unpacked_in(folder: &Path) -> std::io::Result<TempDir> {
    for found in std::fs::read_dir(folder)?.flatten() {
        let is_one = found.file_name().to_string_lossy().starts_with(UNPACKED);
        let modified = found.metadata()?.modified()?;
        if is_one && modified.elapsed().is_ok_and(|age| age > BROKEN_OFF_AFTER) {
            std::fs::remove_dir_all(found.path())?;
        }
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNPACKED);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(folder)
}

fn runtime() -> Result<Runtime, Error> {
    // An engine reads SQLite on the threads of its runtime.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.tried("start", "a thread")
}

fn no_key(data_dir: &Path) -> Error {
    let path = keyfile::path(data_dir);
    Error::refused(
        "no_signing_key",
        format!(
            "there is no signing key at {}: without it the log cannot go on",
            path.display()
        ),
        "put the log's signing.key there, import it with `probity key import`, or give it as PROBITY_SIGNING_KEY; \
         `probity db verify-backup --full` needs none",
    )
}

/// Whether the backup is of the log whose key this is.
fn is_of(manifest: &Manifest, key: &VerifierKey) -> Result<(), Error> {
    let expected = key.to_string();
    if manifest.origin == key.name() && manifest.key == expected {
        return Ok(());
    }
    let shown = |origin: &str, key: &str| format!("the log {origin} with key {key}");
    Err(Fault::new(
        MANIFEST,
        shown(key.name(), &expected),
        shown(&manifest.origin, &manifest.key),
    )
    .into())
}

fn shorter(known: u64, entries: u64) -> Error {
    Error::refused(
        "log_shorter",
        format!(
            "the backup has {entries} entries, {known} are remembered: the last {} would be lost",
            known - entries
        ),
        "look for a newer backup; to give up what is newer, say --shorter",
    )
}

/// Holds the database's place.
async fn hold(options: &Options) -> Result<Held, Error> {
    match &options.database.location {
        Location::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                keyfile::make_folder(folder).tried("make the folder", folder.display())?;
            }
        }
        Location::Postgres(_) => drop(Db::create(&options.database).await?),
    }
    Held::hold(&options.database).await.map_err(in_use)
}

fn in_use(error: store::Error) -> Error {
    match error.kind {
        ErrorKind::Retry => Error::refused(
            "database_in_use",
            error.message,
            "stop the server, and whatever else has the database open, and try again",
        ),
        _ => error.into(),
    }
}

/// Verifies what was loaded. Its key is that of the log: of a restore that was compared as the manifest was read.
async fn verified(contents: &Contents, options: &Options, progress: Progress<'_>) -> Result<Report, Error> {
    let report = verify_by(&contents.key, options, VerifyOptions::default(), progress).await?;
    if report.intact {
        return Ok(report);
    }
    Err(Error::Restored {
        findings: report.into(),
        even_tampered: contents.manifest.even_tampered,
    })
}

/// Lets the log go on: it records that it was restored, and erases again. The entry, the size of what was known beyond it,
/// what was erased, and the checkpoint after that.
async fn continue_log(
    options: &Options,
    how: &How<'_>,
    (contents, remembered, key): (&Contents, Option<&Remembered>, &VerifierKey),
    again: Vec<format::ErasedLater>,
) -> Result<(u64, Option<u64>, Again, String), Error> {
    let mut known = None;
    if let Some(remembered) = remembered {
        let mut conn = Db::new(options.database.clone())?.writer().await?;
        let verdict = guard::check(&mut conn, &contents.edge, Some(&remembered.checkpoint), key).await?;
        if let guard::Verdict::RolledBack(reason) = verdict {
            if !how.shorter {
                let hint = "look for another backup; to give up what is remembered, say --shorter";
                return Err(Error::refused("log_shorter", reason, hint));
            }
            known = Some(remembered.size);
        }
    }
    let engine = Engine::open(options.clone()).await?;
    let command = AcknowledgeRestore {
        remembered: remembered.map(|remembered| remembered.checkpoint.clone()),
        found: contents.end.checkpoint.clone(),
        reason: how.reason.to_owned(),
    };
    let command = Command::AcknowledgeRestore(command);
    let done = async {
        let answer = engine.submit(how.caller, Origin::default(), command).await?;
        let again = again::erase(&engine, contents, again).await?;
        Ok::<_, Error>((
            answer.entry.unwrap_or_default(),
            again,
            engine.checkpoint().await?,
        ))
    };
    let done = done.await;
    engine.shutdown().await;
    let (entry, again, checkpoint) = done?;
    Ok((entry, known, again, checkpoint))
}

/// A time as it stands in names.
fn stamp(at: Timestamp) -> String {
    let digits = at.to_string();
    let digits = digits.chars().take(19).filter(|c| !matches!(c, '-' | ':'));
    digits.chain(['Z']).collect()
}
