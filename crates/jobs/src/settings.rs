//! What jobs go by.

use std::path::PathBuf;

use backup::Retention;
use backup::place::{Place, S3};
use domain::upkeep::Job;

use crate::schedule::{Expression, When, Zone};

/// What jobs go by.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The zone that expressions are of.
    pub zone: Zone,
    /// When each is due; one without an expression runs when somebody asks for it.
    pub at: Vec<(Job, Expression)>,
    /// The whole log is verified within so many hours; 0 for when somebody asks for it.
    pub verify_within_h: u64,
    /// Whether a policy says for how long payloads are kept.
    pub retains: bool,
    /// Where backups are kept; none where no place is set.
    pub backups: Option<Backups>,
    /// Name and version of the program.
    pub program: &'static str,
}

/// Where backups are kept, and how.
#[derive(Clone, Debug)]
pub struct Backups {
    /// A folder, or `s3://BUCKET/PREFIX`.
    pub path: String,
    /// How a bucket is reached.
    pub s3: S3,
    /// Public keys of age to which they are encrypted.
    pub recipients: Vec<String>,
    /// Which of them stay.
    pub keep: Retention,
    /// The file of the age identity that opens them, for checking them.
    pub identity: Option<PathBuf>,
}

impl Backups {
    /// The place, to be read. It may block.
    pub fn open(&self) -> Result<Box<dyn Place>, backup::Error> {
        backup::place::open(&self.path, &self.s3)
    }

    /// The place, which is made where it is missing.
    pub fn made(&self) -> Result<Box<dyn Place>, backup::Error> {
        backup::place::make(&self.path, &self.s3)
    }
}

impl Settings {
    /// What a job lacks, without which it cannot do what it is for.
    pub fn lacks(&self, job: Job) -> Option<&'static str> {
        let of = self.backups.as_ref();
        let sealed = of.is_some_and(|backups| !backups.recipients.is_empty() && backups.identity.is_none());
        match job {
            Job::Backup | Job::Prune | Job::VerifyBackup if of.is_none() => Some("backup.path is not set"),
            Job::VerifyBackup if sealed => Some("backups are encrypted, and backup.identity is not set"),
            _ => None,
        }
    }

    /// When a job is due.
    pub fn when(&self, job: Job) -> When {
        if let Some(why) = self.lacks(job) {
            return When::Asked(why);
        }
        if job == Job::Retention && !self.retains {
            return When::Asked("no policy of retention is set");
        }
        if job == Job::Verify {
            return match self.verify_within_h {
                0 => When::Asked("verify.within_h is 0"),
                hours => When::Within(hours),
            };
        }
        match self.at.iter().find(|(other, _)| *other == job) {
            Some((_, expression)) => When::At(Box::new(expression.clone()), self.zone.clone()),
            None => When::Asked("no time is set"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let time = Expression::try_from("0 2 * * *".to_owned()).unwrap();
        let mut settings = Settings {
            at: Job::ALL.iter().map(|job| (*job, time.clone())).collect(),
            verify_within_h: 24,
            retains: true,
            ..Settings::default()
        };
        let asked = |settings: &Settings| -> Vec<_> {
            let only_asked = |job: &Job| matches!(settings.when(*job), When::Asked(_));
            Job::ALL.iter().copied().filter(only_asked).collect()
        };
        let lacking = |settings: &Settings| -> Vec<_> {
            let lacks = |job: &Job| settings.lacks(*job).is_some();
            Job::ALL.iter().copied().filter(lacks).collect()
        };
        assert_eq!(asked(&settings), [Job::Backup, Job::Prune, Job::VerifyBackup]);
        assert_eq!(lacking(&settings), asked(&settings));
        let mut backups = Backups {
            path: "backups".to_owned(),
            s3: S3::default(),
            recipients: vec!["age1".to_owned()],
            keep: Retention {
                last: 3,
                days: 7,
                daily: 0,
                weekly: 0,
                monthly: 0,
            },
            identity: None,
        };
        settings.backups = Some(backups.clone());
        assert_eq!(asked(&settings), [Job::VerifyBackup]);
        backups.identity = Some(PathBuf::from("backup.key"));
        settings.backups = Some(backups);
        assert_eq!(asked(&settings), []);
        settings.retains = false;
        assert_eq!(asked(&settings), [Job::Retention]);
        assert_eq!(lacking(&settings), [], "it can be asked for all the same");
        (settings.verify_within_h, settings.at) = (0, Vec::new());
        assert_eq!(asked(&settings), Job::ALL);
    }
}
