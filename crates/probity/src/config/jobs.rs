//! Settings of jobs: when each is due, and what they need.

use std::path::PathBuf;

use domain::upkeep::Job;
use jobs::{Backups, Expression, Zone};
use serde::{Deserialize, Serialize};

use super::{Config, Key, Kind, section};

section! {
    /// When jobs are due.
    Jobs in "jobs";
    /// Whether a server runs jobs; one of those that do leads.
    run: switch = true;
    /// The zone that the times are of.
    zone: text(Zone) = Zone::default();
    /// When a backup is written, where there is a place for it.
    backup: text(Times) = Times::usual("0 2 * * *");
    /// When the backups are removed that nobody wants any more.
    prune: text(Times) = Times::usual("0 3 * * *");
    /// When the newest backup is checked.
    verify_backup: text(Times) = Times::usual("0 4 * * *");
    /// When payloads are removed that no policy keeps any longer.
    retention: text(Times) = Times::usual("0 1 * * *");
    /// When it is written down what has expired.
    expiry: text(Times) = Times::usual("0 * * * *");
}

section! {
    /// How often the log is verified.
    Verify in "verify";
    /// The whole log, within so many hours; 0 for when somebody asks for it.
    within_h: number(0, 8_760) = 24;
}

/// What says that there is no time.
const NEVER: &str = "never";

/// An expression of cron, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Times(Option<Expression>);

impl Times {
    /// One that goes without saying.
    fn usual(text: &str) -> Times {
        Times::try_from(text.to_owned()).unwrap_or_default()
    }
}

impl TryFrom<String> for Times {
    type Error = String;

    fn try_from(text: String) -> Result<Times, String> {
        // A variable that is set to nothing is one that is not set.
        let given = (!["", NEVER].contains(&text.trim())).then_some(text);
        given.map(Expression::try_from).transpose().map(Times)
    }
}

impl From<Times> for String {
    fn from(times: Times) -> String {
        times
            .0
            .map_or_else(String::new, |expression| expression.to_string())
    }
}

impl Config {
    /// What jobs go by.
    pub fn job_settings(&self) -> jobs::Settings {
        let times = [
            (Job::Backup, &self.jobs.backup),
            (Job::Prune, &self.jobs.prune),
            (Job::VerifyBackup, &self.jobs.verify_backup),
            (Job::Retention, &self.jobs.retention),
            (Job::Expiry, &self.jobs.expiry),
        ];
        let at = times
            .into_iter()
            .filter_map(|(job, times)| Some((job, times.0.clone()?)));
        let (backup, identity) = (&self.backup, &self.backup.identity);
        let backups = (!backup.path.is_empty()).then(|| Backups {
            path: backup.path.clone(),
            s3: (&self.s3).into(),
            recipients: backup.recipients.clone().0,
            keep: backup.retention(),
            identity: (!identity.is_empty()).then(|| PathBuf::from(identity)),
        });
        jobs::Settings {
            zone: self.jobs.zone.clone(),
            at: at.collect(),
            verify_within_h: self.verify.within_h,
            retains: self.audit.retention_days > 0 || !self.retention.is_empty(),
            backups,
            program: PROGRAM,
        }
    }
}

/// Name and version of the program, as backups have it.
pub const PROGRAM: &str = concat!("probity ", env!("CARGO_PKG_VERSION"));
