//! `upkeep`: how fast a year is seeded, and how fast retention prunes it, for how long it holds up whoever appends meanwhile.

use super::beside::run_job;
use super::{Context, On, as_f64, progress};
use crate::error::Error;
use crate::probity::Installation;
use crate::report::{Verification, thousands};
use crate::workload::Append;

/// Entries that should be seeded in a second.
const SEEDED: f64 = 15_000.0;
/// Payloads that should be pruned in a second.
const PRUNED: f64 = 50_000.0;
/// The longest that an append should take meanwhile.
const HELD_UP_MS: f64 = 50.0;

impl Context<'_> {
    pub(super) fn upkeep(&mut self, entries: u64) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            // Time never goes back along a log: where nothing is set up before, the year is a whole one.
            let mut installation = Installation::empty(&self.program, self.database(engine)?);
            let verb = ["db", "seed", "--scale", &entries.to_string()];
            self.took("db seed", (engine, SEEDED), entries, (&installation, &verb))?;
            installation.take_key()?;
            let server = installation.serve_with(&[("PROBITY_AUDIT_RETENTION_DAYS", "1")])?;
            let admin_key = installation.create_key("admin")?;
            progress(&format!(
                "append on {engine}: one after the other, beside retention"
            ));
            let plan = self.timed(1, None);
            let mut append = Append::new(server.address, &installation.key, 1);
            let (beside, pruned) = std::thread::scope(|scope| {
                let pruning = scope.spawn(|| run_job(&server, &admin_key, "retention"));
                let beside = self.measure(
                    "append beside retention",
                    On::Server(engine, &server),
                    &plan,
                    &mut append,
                );
                let panicked = |_| Error::Usage("a thread panicked".into());
                Ok::<_, Error>((beside?, pruning.join().map_err(panicked)??))
            })?;
            let (seconds, payloads) = pruned;
            progress(&format!("  {} payloads in {seconds:.2} s", thousands(payloads)));
            let rate = as_f64(payloads) / seconds.max(f64::EPSILON);
            let what = format!("retention on {engine}: payloads/s / {PRUNED}");
            self.ratio(what, rate, PRUNED, Some(1.0));
            let longest = as_f64(beside.latency.max_us) / 1_000.0;
            let what = format!("append beside retention on {engine}: {HELD_UP_MS} ms / the longest");
            self.ratio(what, HELD_UP_MS, longest, Some(1.0));
            self.report.loads.push(beside);
            self.report.verifications.push(Verification {
                command: "retention".to_owned(),
                engine: engine.to_string(),
                entries: payloads,
                seconds,
                entries_per_second: rate,
                memory_peak_kib: server.memory_peak_kib(),
                cpu_seconds: 0.0,
            });
        }
        Ok(())
    }
}
