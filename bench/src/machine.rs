//! Facts about the machine, without which no number means anything.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde::Serialize;

use crate::error::Error;
use crate::latency::Latencies;

/// Printed before all results.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    pub cpu: String,
    /// Processors that this process may use.
    pub cores: usize,
    pub memory_mib: u64,
    pub kernel: String,
    /// Median time of appending 4 KiB to a file and making it durable, where the data will be, in microseconds.
    pub fsync_us: u64,
    /// What the PostgreSQL program says of its version; empty without that engine.
    pub postgres: String,
    /// Commit of the source tree, `-dirty` with changes; empty outside of one.
    pub commit: String,
}

impl Machine {
    /// Looks. `folder` is where the data of the servers will be; it takes some 100 fsyncs.
    pub fn look(folder: &Path, postgres: String) -> Result<Self, Error> {
        Ok(Self {
            cpu: after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            memory_mib: after(&read("/proc/meminfo"), "MemTotal")
                .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
                .unwrap_or_default()
                / 1_024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            fsync_us: fsync_us(folder)?,
            postgres,
            commit: commit(),
        })
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The value of the first `name : value` line.
fn after(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start().strip_prefix(':')?.trim().to_owned())
}

fn fsync_us(folder: &Path) -> Result<u64, Error> {
    let path = folder.join("fsync");
    let failed = || format!("timing fsync in {}", folder.display());
    let mut file = fs::File::create(&path).map_err(Error::io(failed()))?;
    let mut latencies = Latencies::default();
    for _ in 0..100 {
        let start = Instant::now();
        file.write_all(&[7; 4_096])
            .and_then(|()| file.sync_data())
            .map_err(Error::io(failed()))?;
        latencies.record(start.elapsed());
    }
    fs::remove_file(&path).map_err(Error::io(failed()))?;
    Ok(latencies.percentiles().p50_us)
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return String::new();
    };
    let clean =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| changes.is_empty());
    if clean { commit } else { commit + "-dirty" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_found() {
        let folder = testkit::temp_dir("bench-machine");
        let machine = Machine::look(folder.path(), String::new()).unwrap();
        assert!(
            machine.cores > 0 && machine.memory_mib > 0 && !machine.kernel.is_empty(),
            "{machine:?}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(
            after("a\t: 1\nmodel name\t: X Y\n", "model name"),
            Some("X Y".into())
        );
    }
}
