//! What is restored: a file of a place, and what lies beside it.

use std::io::Read;
use std::path::Path;

use engine::verify::{Progress, VerifyProgress};

use crate::error::Error;
use crate::format::{self, Manifest, Sidecar};
use crate::list::list;
use crate::place::{Place, document};
use crate::read::{Contents, Part, read};

/// A backup about to be read.
pub(super) struct Source<'a> {
    pub file: Box<dyn Read + Send>,
    pub sidecar: Option<Sidecar>,
    pub identity: Option<&'a Path>,
    /// Whether it is the one that is meant.
    pub check: &'a (dyn Fn(&Manifest) -> Result<(), Error> + Sync),
}

impl Source<'_> {
    /// Reads it to its end.
    pub fn read(
        self,
        progress: Progress<'_>,
        take: &mut dyn FnMut(Part) -> Result<(), Error>,
    ) -> Result<Contents, Error> {
        let total = self.sidecar.as_ref().map_or(0, |sidecar| sidecar.entries);
        let mut done = 0;
        let mut take = |part: Part| {
            match &part {
                Part::Manifest(manifest) => (self.check)(manifest)?,
                Part::Entries(rows, _) => {
                    done += rows.len() as u64;
                    progress(VerifyProgress {
                        done,
                        total: total.max(done),
                        what: "entries read",
                    });
                }
                _ => {}
            }
            take(part)
        };
        read(self.file, self.sidecar.as_ref(), self.identity, &mut take)
    }
}

/// What lies beside a backup, if anything does.
pub(super) fn sidecar(place: &dyn Place, file: &str) -> Result<Option<Sidecar>, Error> {
    let name = format::sidecar_name(file);
    if place.names()?.contains(&name) {
        return document(place, &name).map(Some);
    }
    Ok(None)
}

/// The name of the newest backup in a place: of this log, or where that is not known, of the only one.
pub fn newest(place: &dyn Place, origin: Option<&str>) -> Result<String, Error> {
    let backups = list(place, origin)?.backups;
    let first = backups.first().ok_or_else(|| {
        let of = origin.map_or(String::new(), |origin| format!(" of {origin}"));
        let hint = "name the file, or see what there is: probity db list-backups";
        Error::refused(
            "no_backup",
            format!("there is no backup{of} in {}", place.shown()),
            hint,
        )
    })?;
    if let Some(other) = backups
        .iter()
        .find(|backup| backup.manifest.origin != first.manifest.origin)
    {
        let message = format!(
            "{} holds backups of {} and of {}",
            place.shown(),
            first.manifest.origin,
            other.manifest.origin
        );
        return Err(Error::refused(
            "several_logs",
            message,
            "name the file that is meant",
        ));
    }
    Ok(first.file.clone())
}
