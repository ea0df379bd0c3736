//! The last verification, remembered in a file beside the rollback guard: for whoever asks when that was.

use std::fs;
use std::path::{Path, PathBuf};

use evidence::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Finding, Report};
use crate::random;

/// Name of the file in the data folder.
const FILE_NAME: &str = "verified.json";

/// How many findings are remembered; of the others, how many there were.
pub const FOUND_MAX: usize = 1_000;

/// What is remembered of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastVerified {
    /// When it ended.
    pub at: Timestamp,
    /// Name of the log.
    pub origin: String,
    /// How many entries it had.
    pub size: u64,
    /// How much was found.
    pub findings: u64,
    /// The first of it.
    #[serde(default)]
    pub found: Vec<Finding>,
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE_NAME)
}

/// Remembers a verification. Where the folder cannot be written it is not remembered: it was no less good for that.
pub fn remember(data_dir: &Path, report: &Report) {
    let last = LastVerified {
        at: random::now(),
        origin: report.origin.clone(),
        size: report.size,
        findings: report.findings.len() as u64 + report.findings_omitted,
        found: report.findings.iter().take(FOUND_MAX).cloned().collect(),
    };
    let written = serde_json::to_vec(&last)
        .map_err(std::io::Error::from)
        .and_then(|text| fs::write(path(data_dir), text));
    if let Err(error) = written {
        tracing::warn!(%error, "that the log was verified is not remembered");
    }
}

/// The last verification of the log of this name; none where there was none, or nothing of it can be read.
pub fn last(data_dir: &Path, origin: &str) -> Option<LastVerified> {
    let text = fs::read(path(data_dir)).ok()?;
    let last: LastVerified = serde_json::from_slice(&text).ok()?;
    (last.origin == origin).then_some(last)
}
