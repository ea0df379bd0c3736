//! Settings of backups.

use std::fmt;

use backup::place::S3;
use backup::{KEEP_LAST_MIN, Retention};
use serde::{Deserialize, Serialize};

use super::{Key, Kind, section};

section! {
    /// Settings of backups.
    Backup in "backup";
    /// Where they are kept: a folder, or `s3://BUCKET/PREFIX`. Empty: nowhere, unless a command says so.
    path: text(String) = String::new();
    /// Public keys of age to which they are encrypted. Empty: they are not.
    recipients: text(Recipients) = Recipients::default();
    /// The file of the age identity that opens them, for checking them by a job.
    identity: text(String) = String::new();
    /// The newest ones stay, whatever their age.
    keep_last: number(KEEP_LAST_MIN, 100_000) = KEEP_LAST_MIN;
    /// All of so many days stay.
    keep_days: number(0, 36_500) = 7;
    /// The newest of a day stays, of so many days.
    keep_daily: number(0, 36_500) = 0;
    /// The newest of a week stays, of so many weeks.
    keep_weekly: number(0, 5_200) = 0;
    /// The newest of a month stays, of so many months.
    keep_monthly: number(0, 1_200) = 0;
}

impl Backup {
    /// What stays.
    pub fn retention(&self) -> Retention {
        Retention {
            last: self.keep_last,
            days: self.keep_days,
            daily: self.keep_daily,
            weekly: self.keep_weekly,
            monthly: self.keep_monthly,
        }
    }
}

section! {
    /// How object storages are reached.
    Storage in "s3";
    /// The URL of one that is not Amazon's. Empty: Amazon's.
    endpoint: text(String) = String::new();
    /// Its region. Empty: `AWS_REGION`, or us-east-1.
    region: text(String) = String::new();
    /// Whether what is sent goes with its SHA-256.
    checksum: switch = false;
    /// Whether it can refuse to write over what is there.
    conditional_put: switch = true;
    /// Whether the bucket is part of the host's name, instead of the path.
    virtual_hosted: switch = false;
}

impl From<&Storage> for S3 {
    fn from(storage: &Storage) -> S3 {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        S3 {
            endpoint: given(&storage.endpoint),
            region: given(&storage.region),
            checksum: storage.checksum,
            conditional_put: storage.conditional_put,
            virtual_hosted: storage.virtual_hosted,
        }
    }
}

/// Public keys of age, with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipients(pub Vec<String>);

impl TryFrom<String> for Recipients {
    type Error = String;

    fn try_from(text: String) -> Result<Recipients, String> {
        let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
        let keys = keys.map(|key| backup::recipient(key).map(|()| key.to_owned()));
        Ok(Recipients(keys.collect::<Result<_, _>>()?))
    }
}

impl fmt::Display for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl From<Recipients> for String {
    fn from(recipients: Recipients) -> String {
        recipients.to_string()
    }
}
