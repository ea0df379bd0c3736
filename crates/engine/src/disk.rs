//! How much room there is where a file is, or will be. What the operating system does not say is none.

use std::path::Path;

use crate::database::Location;

/// How much room a file system has, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// For whoever runs this program.
    pub free: u64,
    /// All of it.
    pub whole: u64,
}

/// The file system's room where this path is, or will be.
pub fn room(path: &Path) -> Option<Room> {
    let found = rustix::fs::statvfs(there(path)?).ok()?;
    Some(Room {
        free: found.f_bavail.saturating_mul(found.f_frsize),
        whole: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

/// The path, or the nearest folder above it that is there.
pub fn there(path: &Path) -> Option<&Path> {
    let above = path.ancestors().find(|above| above.exists());
    above.or_else(|| (!path.is_absolute()).then_some(Path::new(".")))
}

/// Where on this machine a database is, as far as it is here: else the data folder.
pub fn path_of<'a>(location: &'a Location, data_dir: &'a Path) -> &'a Path {
    match location {
        Location::Sqlite(path) => path,
        Location::Postgres(_) => data_dir,
    }
}

/// How large SQLite's log of changes is, in bytes.
pub fn wal_bytes(location: &Location) -> Option<u64> {
    let Location::Sqlite(path) = location else {
        return None;
    };
    let mut name = path.clone().into_os_string();
    name.push("-wal");
    Some(std::fs::metadata(name).map_or(0, |about| about.len()))
}
