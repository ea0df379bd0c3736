//! `backup`: how fast a log is backed up and restored, what memory that takes, and what a backup costs those who append
//! meanwhile.

use std::fs;
use std::path::Path;

use super::{Context, as_f64, preload, progress};
use crate::error::Error;
use crate::options::Engine;
use crate::probity::Installation;
use crate::report::{Verification, thousands};

/// What appends should keep of their rate.
const KEPT: f64 = 0.7;
/// Entries a second that should be restored, with indexes, and verified.
const RESTORED: f64 = 30_000.0;

impl Context<'_> {
    pub(super) fn backup(&mut self, entries: u64, connections: usize) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            let installation = self.install(engine)?;
            let server = installation.serve()?;
            preload(&installation, &server, entries)?;
            let folder = testkit::temp_dir("probity-bench-backups");
            let to = folder.path().to_string_lossy().into_owned();
            let verb = ["db", "backup", "--to", &to];
            let wanted = match engine {
                Engine::Sqlite => 100_000.0,
                Engine::Postgres => 60_000.0,
            };
            self.took("db backup", (engine, wanted), entries, (&installation, &verb))?;
            let file = backup_in(folder.path())?;
            let other = installation.to_restore(self.database(engine)?)?;
            let restore = ["db", "restore", "--file", &file, "--reason", "measured"];
            self.took("db restore", (engine, RESTORED), entries, (&other, &restore))?;
            drop(other);
            let again = || installation.measure(&verb).map(drop);
            let on = (engine, &installation, &server);
            self.beside(("backups", KEPT), on, connections, again)?;
        }
        Ok(())
    }

    /// Measures a command on so many entries, of which it should manage so many a second.
    pub(super) fn took(
        &mut self,
        command: &str,
        (engine, wanted): (Engine, f64),
        entries: u64,
        (installation, verb): (&Installation, &[&str]),
    ) -> Result<(), Error> {
        progress(&format!("{command} on {engine}: {} entries", thousands(entries)));
        let usage = installation.measure(verb)?;
        let seconds = usage.wall.as_secs_f64();
        let what = format!("{command} on {engine}: entries/s / {wanted}");
        self.ratio(what, as_f64(entries) / seconds, wanted, Some(1.0));
        self.report.verifications.push(Verification {
            command: command.to_owned(),
            engine: engine.to_string(),
            entries,
            seconds,
            entries_per_second: as_f64(entries) / seconds,
            memory_peak_kib: usage.memory_peak_kib,
            cpu_seconds: usage.cpu_seconds,
        });
        Ok(())
    }
}

/// The backup in a folder.
fn backup_in(folder: &Path) -> Result<String, Error> {
    let names = fs::read_dir(folder).map_err(Error::io("the folder of backups"))?;
    let mut paths = names.filter_map(|entry| Some(entry.ok()?.path().to_string_lossy().into_owned()));
    let found = paths.find(|path| path.ends_with(".tar.zst"));
    found.ok_or_else(|| Error::Usage("`db backup` left no backup".into()))
}
