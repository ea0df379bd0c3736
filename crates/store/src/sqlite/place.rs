//! A database's place as a file: its name, beside which the new file is made and the old one is kept.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{BUSY_TIMEOUT, SqliteConn, file_id, open};
use crate::conn::Conn;
use crate::error::{Error, ErrorKind};

/// What may stand beside a database file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What the name of a file that was replaced goes on with.
const KEPT: &str = ".before-restore-";

/// The place, and whatever keeps others out of it.
pub(crate) struct Held {
    path: PathBuf,
    folder: PathBuf,
    /// Locked: one restore in a folder at a time.
    lock: File,
    /// Whether there is a file.
    pub is_there: bool,
    /// A transaction that locks the file as a whole; none where it is not a database.
    pub conn: Option<Conn>,
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::StorageFull
        | std::io::ErrorKind::QuotaExceeded
        | std::io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Full,
        _ => ErrorKind::Other,
    };
    Error::new(kind, format!("cannot {what} {}: {error}", path.display()))
}

fn removed(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", path, &error)),
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Keeps a restore from beginning in the folder as long as what is given back lives: for whoever makes a database where
/// there is none. An error while a restore is at work there.
pub(crate) fn share(path: &Path) -> Result<Option<File>, Error> {
    let folder = folder_of(path);
    // Where there is no folder, whoever makes the file says so.
    let Ok(lock) = File::open(&folder) else {
        return Ok(None);
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            ErrorKind::Connection,
            format!("a database is being restored in {}", folder.display()),
        )),
        // Where no folder can be locked, none is restored.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

pub(crate) fn hold(path: &Path) -> Result<Held, Error> {
    let folder = folder_of(path);
    let lock = File::open(&folder).map_err(|error| failed("open", &folder, &error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Error::in_use(format!(
                "another restore is at work in {}, or a database is being made there",
                folder.display()
            )));
        }
        Err(TryLockError::Error(error)) => return Err(failed("lock", &folder, &error)),
    }
    let is_there = path.exists();
    let conn = if is_there { locked(path)? } else { None };
    let held = Held {
        path: path.to_owned(),
        folder,
        lock,
        is_there,
        conn,
    };
    held.clear()?;
    Ok(held)
}

/// Opens the file and locks it as a whole. It leaves WAL mode, which it can only where nobody else has it open; with that
/// all that was committed is in the file, and nothing beside it.
fn locked(path: &Path) -> Result<Option<Conn>, Error> {
    let locked = || {
        let mut conn = open(path, false, true)?;
        conn.conn.busy_timeout(Duration::ZERO)?;
        leave_wal(&mut conn)?;
        conn.batch("BEGIN EXCLUSIVE")?;
        // Whoever came between has put it into WAL mode again.
        leave_wal(&mut conn)?;
        Ok::<_, Error>(conn)
    };
    match locked() {
        Ok(conn) => Ok(Some(Conn::Sqlite(conn))),
        // Nobody can work with it either.
        Err(error) if error.kind == ErrorKind::Data => Ok(None),
        Err(error) if error.kind == ErrorKind::Retry => Err(Error::in_use(format!(
            "another process has {} open",
            path.display()
        ))),
        Err(error) => Err(error),
    }
}

fn leave_wal(conn: &mut SqliteConn) -> Result<(), Error> {
    let rows = conn.all("PRAGMA journal_mode = DELETE", &[])?;
    match rows.first().map(|row| row.text(0)).transpose()? {
        Some("delete") => Ok(()),
        _ => Err(Error::in_use("the file is in use")),
    }
}

/// Gives a file the owner of another one, where it has another.
#[cfg(unix)]
pub fn own(file: &Path, about: &fs::Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let ours = fs::metadata(file)?;
    if (ours.uid(), ours.gid()) == (about.uid(), about.gid()) {
        return Ok(());
    }
    chown(file, Some(about.uid()), Some(about.gid()))
}

/// There are no owners.
#[cfg(not(unix))]
pub fn own(_: &Path, _: &fs::Metadata) -> std::io::Result<()> {
    Ok(())
}

/// Gives a file another name, unless there is a file of that name.
fn named(file: &Path, name: &Path) -> std::io::Result<()> {
    match fs::hard_link(file, name) {
        // File systems of other systems know no second name.
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists && !name.exists() => {
            fs::rename(file, name)
        }
        linked => linked.and_then(|()| fs::remove_file(file)),
    }
}

impl Held {
    /// The file that is made.
    pub fn aside(&self) -> PathBuf {
        with(&self.path, ".restoring")
    }

    /// Removes what was made, and the second name that a file has which was about to be replaced.
    pub fn clear(&self) -> Result<(), Error> {
        let aside = self.aside();
        removed(&aside)?;
        for suffix in BESIDE {
            removed(&with(&aside, suffix))?;
        }
        let (Some(name), Some(file)) = (self.path.file_name(), file_id(&self.path)) else {
            return Ok(());
        };
        let prefix = format!("{}{KEPT}", name.to_string_lossy());
        let list = fs::read_dir(&self.folder).map_err(|error| failed("list", &self.folder, &error))?;
        for found in list.flatten() {
            let is_kept = found.file_name().to_string_lossy().starts_with(&prefix);
            if is_kept && file_id(&found.path()) == Some(file) {
                removed(&found.path())?;
            }
        }
        Ok(())
    }

    /// Removes the file and whatever is beside it.
    pub fn empty(self) -> Result<(), Error> {
        removed(&self.path)?;
        for suffix in BESIDE {
            removed(&with(&self.path, suffix))?;
        }
        let on_disk = self.lock.sync_all();
        on_disk.map_err(|error| failed("flush", &self.folder, &error))
    }

    /// Where there was no file, and somebody has put one there since, it stays, and what was made is kept beside it.
    pub fn take(self, stamp: &str) -> Result<Option<String>, Error> {
        let aside = self.aside();
        // The file alone is the database then.
        let began = Instant::now();
        while let Err(error) = open(&aside, false, true).and_then(|mut conn| leave_wal(&mut conn)) {
            // Whoever worked with it may take a moment to close it.
            if error.kind != ErrorKind::Retry || began.elapsed() > BUSY_TIMEOUT {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // Whoever restores need not be who serves.
        let alike = if self.is_there { &self.path } else { &self.folder };
        let owned = fs::metadata(alike).and_then(|about| {
            if self.is_there {
                fs::set_permissions(&aside, about.permissions())?;
            }
            own(&aside, &about)
        });
        owned.map_err(|error| failed("give away", &aside, &error))?;
        let on_disk = File::open(&aside).and_then(|file| file.sync_all());
        on_disk.map_err(|error| failed("flush", &aside, &error))?;
        if !self.is_there && self.path.exists() {
            return Err(self.taken_by_another(stamp));
        }
        let kept = self.is_there.then(|| with(&self.path, &format!("{KEPT}{stamp}")));
        if let Some(kept) = &kept {
            // A second name first: the place is never without a database.
            fs::hard_link(&self.path, kept)
                .map_err(|error| failed("keep the old database as", kept, &error))?;
        }
        for suffix in BESIDE {
            // Only beside what is not a database, or where the database was taken away without them.
            let (beside, kept) = (with(&self.path, suffix), kept.as_deref());
            match kept.filter(|_| beside.exists()) {
                Some(kept) => fs::rename(&beside, with(kept, suffix))
                    .map_err(|error| failed("put aside", &beside, &error))?,
                None => removed(&beside)?,
            }
        }
        let taken = if self.is_there {
            fs::rename(&aside, &self.path)
        } else {
            named(&aside, &self.path)
        };
        if taken
            .as_ref()
            .is_err_and(|error| error.kind() == std::io::ErrorKind::AlreadyExists)
        {
            return Err(self.taken_by_another(stamp));
        }
        let taken = taken.and_then(|()| self.lock.sync_all());
        taken.map_err(|error| failed("replace", &self.path, &error))?;
        Ok(kept.map(|kept| kept.display().to_string()))
    }

    /// Keeps what was made, since it is whole, under a name that no restore removes.
    fn taken_by_another(&self, stamp: &str) -> Error {
        let kept = with(&self.path, &format!(".restored-{stamp}"));
        if let Err(error) = fs::rename(self.aside(), &kept) {
            return failed("keep what was restored as", &kept, &error);
        }
        Error::in_use(format!(
            "a file was put at {} meanwhile, and stays; what was restored is kept as {}",
            self.path.display(),
            kept.display()
        ))
    }
}
