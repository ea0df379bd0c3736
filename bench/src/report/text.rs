//! The tables that people see.

use std::fmt::Write as _;

use super::{Load, Ratio, Report, decimals, milliseconds, thousands, whole};

/// A column: its name, and the cell of a row.
type Column<'a, T> = (&'static str, &'a dyn Fn(&T) -> String);

/// Aligns columns: the first `left` to the left, the others to the right. Without rows there is nothing to show.
fn table<T>(title: &str, left: usize, rows: &[T], columns: &[Column<'_, T>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let header = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let cells = |row| columns.iter().map(|(_, cell)| cell(row)).collect();
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let mut out = format!("\n{title}\n");
    for line in &lines {
        let mut text = String::new();
        for (column, cell) in line.iter().enumerate() {
            let width = width(column).unwrap_or_default();
            let _ = if column < left {
                write!(text, "{cell:<width$} ")
            } else {
                write!(text, "{cell:>width$} ")
            };
        }
        let _ = writeln!(out, "{}", text.trim_end());
    }
    out
}

impl Report {
    /// For people.
    pub fn text(&self) -> String {
        let problems: String = self.loads.iter().map(Load::problems).collect();
        let parts = [
            self.machine_text(),
            self.loads_text(),
            self.log_text(),
            self.identity_text(),
            self.ratios_text(),
            if problems.is_empty() {
                problems
            } else {
                format!("\n{problems}")
            },
        ];
        parts.concat()
    }

    fn machine_text(&self) -> String {
        let machine = &self.machine;
        let or = |text: &str, otherwise: &str| if text.is_empty() { otherwise } else { text }.to_owned();
        format!(
            "{}, {} cores, {} MiB memory, Linux {}\n{}, commit {}, 4 KiB append + fdatasync {} µs\n",
            machine.cpu,
            machine.cores,
            machine.memory_mib,
            machine.kernel,
            or(&machine.postgres, "no PostgreSQL"),
            or(&machine.commit, "none"),
            machine.fsync_us,
        )
    }

    fn loads_text(&self) -> String {
        let which: [Column<'_, Load>; 3] = [
            ("scenario", &|load| load.scenario.clone()),
            ("engine", &|load| load.engine.clone()),
            ("conns", &Load::shape),
        ];
        let speed: [Column<'_, Load>; 8] = [
            ("rate/s", &|load| whole(load.items_per_second)),
            ("spread", &Load::spread),
            ("p50", &|load| milliseconds(load.latency.p50_us)),
            ("p90", &|load| milliseconds(load.latency.p90_us)),
            ("p99", &|load| milliseconds(load.latency.p99_us)),
            ("p99.9", &|load| milliseconds(load.latency.p999_us)),
            ("max", &|load| milliseconds(load.latency.max_us)),
            ("fail", &|load| load.failures.to_string()),
        ];
        let cost: [Column<'_, Load>; 7] = [
            ("idle", &|load| (load.memory_idle_kib / 1_024).to_string()),
            ("peak", &|load| (load.memory_peak_kib / 1_024).to_string()),
            ("server", &|load| load.unless_beside_another(load.cpu.server)),
            ("pg", &|load| load.unless_beside_another(load.cpu.postgres)),
            ("gen", &|load| load.us_an_item(load.cpu.generator)),
            ("gen user", &Load::generator_user),
            ("busy", &Load::busy),
        ];
        let title = "Speed (rate: entries, transfers, or requests; latency of a request in ms)";
        let columns = [&which[..], &speed].concat();
        let speed = table(title, 3, &self.loads, &columns);
        let title = "Cost (server memory in MiB; CPU µs by process, an entry, transfer or request;\n\
                     generator's own µs a request; processors busy)";
        speed + &table(title, 3, &self.loads, &[&which[..], &cost].concat())
    }

    fn log_text(&self) -> String {
        let verifications = table(
            "Commands that go through a whole log",
            2,
            &self.verifications,
            &[
                ("command", &|v| v.command.clone()),
                ("engine", &|v| v.engine.clone()),
                ("entries", &|v| thousands(v.entries)),
                ("seconds", &|v| decimals(v.seconds)),
                ("entries/s", &|v| whole(v.entries_per_second)),
                ("peak MiB", &|v| (v.memory_peak_kib / 1_024).to_string()),
                ("CPU s", &|v| decimals(v.cpu_seconds)),
            ],
        );
        let copies = table(
            "Bare COPY into a table like entries, one connection",
            1,
            &self.copies,
            &[
                ("format", &|copy| copy.format.clone()),
                ("rows/transaction", &|copy| thousands(copy.transaction_rows)),
                ("rows", &|copy| thousands(copy.rows)),
                ("seconds", &|copy| decimals(copy.seconds)),
                ("rows/s", &|copy| whole(copy.rows_per_second)),
            ],
        );
        verifications + &copies
    }

    fn identity_text(&self) -> String {
        let share = |distance: Option<f64>| distance.map_or("-".to_owned(), |value| format!("{value:.3}"));
        let ms = |us: f64| format!("{:.2}", us / 1e3);
        let hashing = table(
            "Argon2id by itself (19,456 KiB, 2 passes, 1 lane, memory reused)",
            0,
            &self.hashing,
            &[
                ("threads", &|hashing| hashing.threads.to_string()),
                ("hashes", &|hashing| hashing.hashes.to_string()),
                ("hashes/s", &|hashing| decimals(hashing.hashes_per_second)),
                ("CPU ms each", &|hashing| decimals(hashing.cpu_seconds_each * 1e3)),
            ],
        );
        let logins = table(
            "Logins (CPU ms each by process; rate / that of bare hashes on all processors)",
            1,
            &self.logins,
            &[
                ("engine", &|logins| logins.engine.clone()),
                ("logins/s", &|logins| decimals(logins.logins_per_second)),
                ("a core", &|logins| decimals(logins.logins_per_second_and_core)),
                ("server", &|logins| decimals(logins.server_cpu_seconds_each * 1e3)),
                ("pg", &|logins| decimals(logins.postgres_cpu_seconds_each * 1e3)),
                ("logins/hashes", &|logins| format!("{:.2}", logins.of_hashes)),
            ],
        );
        let timings = table(
            "Refused logins (ms; KS: distance from a wrong password, 5 %: critical value)",
            2,
            &self.timings,
            &[
                ("engine", &|timing| timing.engine.clone()),
                ("refused for", &|timing| timing.kind.clone()),
                ("count", &|timing| timing.attempts.to_string()),
                ("p5", &|timing| ms(timing.p5_us)),
                ("p50", &|timing| ms(timing.p50_us)),
                ("p95", &|timing| ms(timing.p95_us)),
                ("KS", &|timing| share(timing.distance)),
                ("5 %", &|timing| share(timing.distance_critical)),
            ],
        );
        hashing + &logins + &timings
    }

    fn ratios_text(&self) -> String {
        let columns: [Column<'_, Ratio>; 3] = [
            ("what", &|ratio| ratio.what.clone()),
            ("ratio", &|ratio| format!("{:.2}", ratio.value)),
            ("wanted", &Ratio::judged),
        ];
        let any_wanted = self.ratios.iter().any(|ratio| ratio.wanted.is_some());
        table(
            "Ratios",
            1,
            &self.ratios,
            &columns[..if any_wanted { 3 } else { 2 }],
        )
    }
}

impl Ratio {
    /// What was wanted and whether it was reached, in words.
    fn judged(&self) -> String {
        self.wanted.map_or(String::new(), |wanted| {
            let met = if self.value >= wanted { "met" } else { "not met" };
            format!("{wanted:.2}: {met}")
        })
    }
}

impl Load {
    /// A line per problem; empty when all went well.
    fn problems(&self) -> String {
        let mut text = String::new();
        let name = format!("{} on {}, {}", self.scenario, self.engine, self.shape());
        if self.failures > 0 {
            let status = |(status, count): (&u16, &u64)| format!("{status}: {count}");
            let statuses = self.statuses.iter().map(status).collect::<Vec<_>>().join(", ");
            let (failures, first) = (self.failures, self.first_failure.as_deref().unwrap_or("unknown"));
            let _ = writeln!(text, "FAILED: {name}: {failures} failures; statuses {statuses}");
            let _ = writeln!(text, "        first: {first}");
        }
        if self.unsent > 0 {
            let _ = writeln!(
                text,
                "LATE: {name}: {} requests were due but never sent",
                self.unsent
            );
        }
        text
    }

    fn shape(&self) -> String {
        let mut shape = self.connections.to_string();
        if self.items_per_request > 1 {
            let _ = write!(shape, " x {}", self.items_per_request);
        }
        if let Some(rate) = self.rate_due {
            let _ = write!(shape, " @ {rate}/s");
        }
        shape
    }

    /// The distance of the fastest run from the slowest.
    fn spread(&self) -> String {
        let low = self.runs.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.runs.iter().copied().fold(0.0, f64::max);
        if self.runs.len() > 1 && self.items_per_second > 0.0 {
            format!("{:.0}%", (high - low) / self.items_per_second * 100.0)
        } else {
            "-".into()
        }
    }

    fn us_an_item(&self, (user, system): (f64, f64)) -> String {
        decimals((user + system) * 1e6 / (self.items_per_second * self.seconds).max(1.0))
    }

    fn unless_beside_another(&self, seconds: (f64, f64)) -> String {
        if self.beside_another {
            "-".into()
        } else {
            self.us_an_item(seconds)
        }
    }

    /// The generator's own work a request, without the kernel's.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 requests")]
    fn generator_user(&self) -> String {
        decimals(self.cpu.generator.0 * 1e6 / (self.requests as f64).max(1.0))
    }

    /// Shown once where two loads ran.
    fn busy(&self) -> String {
        let all = [self.cpu.server, self.cpu.postgres, self.cpu.generator];
        let seconds: f64 = all.iter().map(|(user, system)| user + system).sum();
        if self.beside_another && self.cpu.server == (0.0, 0.0) {
            "-".into()
        } else {
            format!("{:.2}", seconds / self.seconds.max(1e-9))
        }
    }
}
