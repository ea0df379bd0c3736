//! Upkeep: what is done again and again so that a log stays whole, short and restorable.

mod record;
mod run;
#[cfg(test)]
mod tests;

pub use record::RecordJob;
pub use run::RunJob;

use crate::words;

words! {
    /// What is done again and again.
    Job {
        /// Write a backup.
        Backup = "backup",
        /// Remove the backups that nobody wants any more.
        Prune = "prune",
        /// Check the newest backup.
        VerifyBackup = "verify-backup",
        /// Remove the payloads that no policy keeps any longer.
        Retention = "retention",
        /// Read the whole log and every sealed row, and check them.
        Verify = "verify",
        /// Write down what the clock has decided: holds, tiers, approvals and executions that have expired.
        Expiry = "expiry",
    }
}

words! {
    /// How a run of a job stands.
    RunOutcome {
        /// It is under way.
        Running = "running",
        /// It did what it is for.
        Succeeded = "succeeded",
        /// It did not.
        Failed = "failed",
        /// It ended without a word, with the process that ran it.
        BrokenOff = "broken_off",
    }
}

impl Job {
    /// What the number is that a run gives.
    pub fn counts(self) -> &'static str {
        match self {
            Job::Backup => "bytes",
            Job::Prune => "backups removed",
            Job::VerifyBackup => "entries in it",
            Job::Retention => "payloads pruned",
            Job::Verify => "findings",
            Job::Expiry => "expiries written down",
        }
    }

    /// The name of the entry that records a run; none where what the job does is recorded by itself.
    pub fn recorded_as(self) -> Option<&'static str> {
        match self {
            Job::Backup => Some("backup.create"),
            Job::Prune => Some("backup.prune"),
            Job::VerifyBackup => Some("backup.verify"),
            Job::Verify => Some("log.verify"),
            Job::Retention | Job::Expiry => None,
        }
    }
}
