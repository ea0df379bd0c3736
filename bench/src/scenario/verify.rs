//! `verify`: time and memory of re-reading a whole log, at two sizes: memory may not grow with the log. Then what a server that
//! verifies all the time costs those who append.

use super::beside::run_job;
use super::{Context, as_f64, preload, progress};
use crate::error::Error;
use crate::options::Engine;
use crate::report::{Verification, thousands};

/// In how many seconds a server should be ready, however long the log.
const READY_S: f64 = 1.0;
/// What appends should keep of their rate.
const KEPT: f64 = 0.95;

impl Context<'_> {
    pub(super) fn verify(&mut self, entries: u64, connections: usize) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            let installation = self.install(engine)?;
            let mut inside = 0;
            for size in [entries / 4, entries] {
                let server = installation.serve()?;
                preload(&installation, &server, size - inside)?;
                // A server that shuts down leaves its processors and its caches to the command.
                drop(server);
                inside = size;
                progress(&format!("audit verify on {engine}: {} entries", thousands(size)));
                let usage = installation.measure(&["audit", "verify"])?;
                let seconds = usage.wall.as_secs_f64();
                self.report.verifications.push(Verification {
                    command: "audit verify".to_owned(),
                    engine: engine.to_string(),
                    entries: size,
                    seconds,
                    entries_per_second: as_f64(size) / seconds,
                    memory_peak_kib: usage.memory_peak_kib,
                    cpu_seconds: usage.cpu_seconds,
                });
            }
            let of_engine = self
                .report
                .verifications
                .iter()
                .filter(|v| v.engine == engine.to_string());
            if let [small, large] = of_engine.collect::<Vec<_>>()[..] {
                let wanted = match engine {
                    Engine::Sqlite => 1_000_000.0,
                    Engine::Postgres => 500_000.0,
                };
                let (large, small, rate) = (
                    as_f64(large.memory_peak_kib),
                    as_f64(small.memory_peak_kib),
                    large.entries_per_second,
                );
                let what = format!("verify on {engine}: entries/s / {wanted}");
                self.ratio(what, rate, wanted, Some(1.0));
                let what = format!("verify on {engine}: peak memory, whole log / a quarter of it");
                self.ratio(what, large, small, None);
            }
            progress(&format!("serve on {engine}: {} entries", thousands(entries)));
            let server = installation.serve()?;
            let what = format!("serve on {engine}: {READY_S} s / until it is ready");
            self.ratio(what, READY_S, server.ready_after.as_secs_f64(), Some(1.0));
            let admin_key = installation.create_key("admin")?;
            let again = || run_job(&server, &admin_key, "verify").map(drop);
            let on = (engine, &installation, &server);
            self.beside(("verifications", KEPT), on, connections, again)?;
        }
        Ok(())
    }
}
