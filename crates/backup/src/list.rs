//! What backups a place has, and removing some.

use std::collections::HashSet;

use evidence::time::Timestamp;
use tlog::VerifierKey;

use crate::error::{Error, Tried};
use crate::format::{self, FORMAT, Sidecar};
use crate::place::{Place, document};
use crate::retention::{Retention, Stopped, to_go};

/// What lists found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// Backups, newest first.
    pub backups: Vec<Sidecar>,
    /// Names of what looks like one and is none that this program reads, each with the reason.
    pub strange: Vec<(String, String)>,
}

/// Backups of a log in a place, or of any log: those whose file is there too, as long as it was.
pub fn list(place: &dyn Place, origin: Option<&str>) -> Result<Listed, Error> {
    let names: HashSet<String> = place.names()?.into_iter().collect();
    let mut listed = Listed::default();
    for name in &names {
        let Some(file) = name.strip_suffix(".json").filter(|file| is_file(file)) else {
            continue;
        };
        match read(place, name) {
            Ok(found) if found.file != file => {
                let reason = format!("it is of {}", found.file);
                listed.strange.push((name.clone(), reason));
            }
            Ok(found) if origin.is_some_and(|origin| origin != found.manifest.origin) => {}
            Ok(found) => match place.length(file)? {
                Some(bytes) if bytes == found.bytes => listed.backups.push(found),
                other => {
                    let reason = other.map_or_else(
                        || format!("{file} is not there"),
                        |bytes| format!("{file} has {bytes} bytes, not {}", found.bytes),
                    );
                    listed.strange.push((name.clone(), reason));
                }
            },
            Err(Error::Io { what, error }) if error.kind() == std::io::ErrorKind::InvalidData => {
                listed
                    .strange
                    .push((name.clone(), format!("cannot {what}: {error}")));
            }
            Err(error) => return Err(error),
        }
    }
    let prefix = origin.map_or("probity-".to_owned(), format::prefix);
    let alone = |name: &&String| !names.contains(&format::sidecar_name(name));
    let files = names
        .iter()
        .filter(|name| is_file(name) && name.starts_with(&prefix));
    for file in files.filter(alone) {
        let reason = format!(
            "{} is not there: it is no backup, or not yet",
            format::sidecar_name(file)
        );
        listed.strange.push((file.clone(), reason));
    }
    listed
        .backups
        .sort_unstable_by(|a, b| (b.snapshot_at, &b.file).cmp(&(a.snapshot_at, &a.file)));
    listed.strange.sort_unstable();
    Ok(listed)
}

/// Whether it is named as a backup's file.
fn is_file(name: &str) -> bool {
    let name = name.strip_suffix(".age").unwrap_or(name);
    name.starts_with("probity-") && name.ends_with(".tar.zst")
}

fn read(place: &dyn Place, name: &str) -> Result<Sidecar, Error> {
    let found: Sidecar = document(place, name)?;
    let message = format!("format {} is newer than this program's, {FORMAT}", found.format);
    let unknown = || std::io::Error::new(std::io::ErrorKind::InvalidData, message);
    (found.format == FORMAT)
        .then_some(found)
        .ok_or_else(unknown)
        .tried("read", name)
}

/// What came of pruning.
#[derive(Clone, Debug, PartialEq)]
pub struct Pruned {
    /// What went, or would go.
    pub gone: Vec<Sidecar>,
    /// How many backups stay.
    pub kept: usize,
}

/// Removes the backups of the log of this key that nobody wants any more; `dry` only says which.
pub fn prune(
    place: &dyn Place,
    key: &VerifierKey,
    (keep, now, dry): (&Retention, Timestamp, bool),
) -> Result<Result<Pruned, Stopped>, Error> {
    let mut listed = list(place, Some(key.name()))?;
    // Another log may have had the same name.
    let key = key.to_string();
    listed.backups.retain(|backup| backup.manifest.key == key);
    let go = match to_go(&listed.backups, keep, now) {
        Ok(go) => go,
        Err(stopped) => return Ok(Err(stopped)),
    };
    for backup in go.iter().filter(|_| !dry) {
        // First what makes it one: a removal that is cut off leaves a file that no list reads, and never a backup
        // without its file.
        place.remove(&format::sidecar_name(&backup.file))?;
        place.remove(&backup.file)?;
    }
    Ok(Ok(Pruned {
        kept: listed.backups.len() - go.len(),
        gone: go.into_iter().cloned().collect(),
    }))
}
