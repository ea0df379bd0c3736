//! The process, by the names that Prometheus's own libraries have for it.

use crate::metrics::text::Text;

/// Writes what the operating system says of the process.
#[cfg(target_os = "linux")]
pub(crate) fn write(out: &mut Text) {
    // Who may not look at it goes without.
    let _ = try_write(out);
}

/// It is known on Linux alone.
#[cfg(not(target_os = "linux"))]
pub(crate) fn write(_: &mut Text) {}

#[cfg(target_os = "linux")]
fn try_write(out: &mut Text) -> procfs::ProcResult<()> {
    use std::time::Duration;

    use procfs::WithCurrentSystemInfo as _;
    use procfs::process::{LimitValue, Process};

    let process = Process::myself()?;
    let (stat, open) = (process.stat()?, process.fd_count()?);
    let max = process.limits()?.max_open_files.soft_limit;
    let ticks = procfs::ticks_per_second();
    let seconds = |of: u64| Duration::from_millis(of.saturating_mul(1_000) / ticks.max(1));
    out.single(
        "process_cpu_seconds_total",
        "counter",
        "Time of processors that the process took.",
        seconds(stat.utime + stat.stime).as_secs_f64(),
    );
    out.single(
        "process_start_time_seconds",
        "gauge",
        "When the process started, in seconds since 1970.",
        started(seconds(stat.starttime)).as_secs_f64(),
    );
    let mut gauge = |name, help, value: u64| out.single(name, "gauge", help, value);
    gauge(
        "process_resident_memory_bytes",
        "Memory that the process has.",
        stat.rss_bytes().get(),
    );
    gauge(
        "process_virtual_memory_bytes",
        "Addresses that the process has.",
        stat.vsize,
    );
    gauge(
        "process_threads",
        "Threads of the process.",
        stat.num_threads.unsigned_abs(),
    );
    gauge(
        "process_open_fds",
        "Files and connections that are open.",
        open as u64,
    );
    if let LimitValue::Value(max) = max {
        gauge(
            "process_max_fds",
            "Most files and connections that may be open.",
            max,
        );
    }
    Ok(())
}

/// When the process started, from how long after the machine that was. The kernel's own list of the machine's times may
/// be hidden from services (`ProcSubset=pid`).
#[cfg(target_os = "linux")]
fn started(after_machine: std::time::Duration) -> std::time::Duration {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let age = Duration::try_from(up)
        .unwrap_or_default()
        .saturating_sub(after_machine);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(age)
}
