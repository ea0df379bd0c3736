//! `backup`: how fast a log is backed up and restored, what memory that takes, and what a backup costs those who append
//! meanwhile.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Context, On, as_f64, preload, progress};
use crate::error::Error;
use crate::options::Engine;
use crate::probity::Installation;
use crate::report::{Verification, thousands};
use crate::workload::Append;

/// What appends should keep of their rate, and how much the WAL may grow.
const KEPT: f64 = 0.7;
/// Entries a second that should be restored, with indexes, and verified.
const RESTORED: f64 = 30_000.0;
const WAL_MIB_MAX: f64 = 256.0;

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
            progress(&format!("append on {engine}: {connections} connections, alone"));
            let plan = self.timed(connections, None);
            let append = || Append::new(server.address, &installation.key, 1);
            let alone = self.measure("append alone", On::Server(engine, &server), &plan, &mut append())?;
            progress(&format!(
                "append on {engine}: {connections} connections, beside backups"
            ));
            let (over, wal) = (AtomicBool::new(false), installation.wal());
            let (beside, grown, backups) = std::thread::scope(|scope| {
                let watching = scope.spawn(|| watch(wal.as_deref(), &over));
                // One after the other, for as long as there is load.
                let backing = scope.spawn(|| {
                    let mut backups = 0;
                    while !over.load(Ordering::Relaxed) {
                        installation.measure(&verb)?;
                        backups += 1;
                    }
                    Ok::<u32, Error>(backups)
                });
                let beside = self.measure("append beside", On::Server(engine, &server), &plan, &mut append());
                over.store(true, Ordering::Relaxed);
                let panicked = || Error::Usage("a thread panicked".into());
                let grown = watching.join().map_err(|_| panicked())?;
                let backups = backing.join().map_err(|_| panicked())??;
                Ok::<_, Error>((beside?, grown, backups))
            })?;
            progress(&format!("  {backups} backups meanwhile"));
            let what = format!("append on {engine}: beside backups / alone");
            self.ratio(what, beside.items_per_second, alone.items_per_second, Some(KEPT));
            self.report.loads.extend([alone, beside]);
            if wal.is_some() {
                let what = format!("largest WAL on {engine}, {WAL_MIB_MAX} MiB / MiB");
                self.ratio(what, WAL_MIB_MAX, as_f64(grown >> 20).max(1.0), Some(1.0));
            }
        }
        Ok(())
    }

    /// Measures a command on so many entries, of which it should manage so many a second.
    fn took(
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

/// The largest that a file was, looked at every 10 ms until it is over.
fn watch(file: Option<&Path>, over: &AtomicBool) -> u64 {
    let mut largest = 0;
    while !over.load(Ordering::Relaxed) {
        let length = file
            .and_then(|file| fs::metadata(file).ok())
            .map_or(0, |about| about.len());
        largest = largest.max(length);
        std::thread::sleep(Duration::from_millis(10));
    }
    largest
}
