//! The checks: what is said of the facts, and what to do. There is one list of them.

mod server;

use engine::HealthCheck;

use super::facts::{self, Backups, Facts};
use crate::db::size;
use crate::output::{count, counted, moment};

/// A day, in seconds.
const DAY_S: i64 = 24 * 3_600;

/// Days without a backup, without a verification and without a look at a backup that are too many.
const BACKUP_D: i64 = 2;
const VERIFIED_D: i64 = 8;
const CHECKED_D: i64 = 31;

/// Days before a certificate ends at which it should be renewed, and at which it must.
const CERTIFICATE_D: (i64, i64) = (21, 5);

/// Room that must be left, and that should be: bytes, and one part in so many.
const ROOM: (u64, u64) = (512 << 20, 10);

/// SQLite's log of changes is emptied when it is far smaller than this.
const WAL_BYTES: u64 = 1 << 30;

/// Open files that a server needs, and with which it serves some thousand clients.
const FILES: (u64, u64) = (1_024, 4_096);

/// What is said of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is well.
    Good(String),
    /// It could be better; what to do.
    Minor(String, String),
    /// It is not well; what to do.
    Major(String, String),
    /// It does not concern this installation, or cannot be looked at; why.
    NotChecked(&'static str),
}

use Verdict::{Good, Major, Minor, NotChecked};

/// A check.
pub struct Check {
    /// What is looked at.
    pub name: &'static str,
    /// What is said of it.
    pub look: fn(&Facts) -> Verdict,
}

macro_rules! checks {
    ($($name:literal => $look:expr,)*) => {
        /// All of them, in the order in which they are shown.
        pub static CHECKS: &[Check] = &[$(Check { name: $name, look: $look }),*];
    };
}

checks! {
    "database" => database,
    "schema" => |facts| of_schema(facts, true),
    "foreign objects" => |facts| of_schema(facts, false),
    "log" => |facts| health(facts, "log", "probity audit verify says what was changed; restore a backup that is whole"),
    "storage" => |facts| health(facts, "storage", "free some space, or give the role its rights on the tables back"),
    "clock" => |facts| health(facts, "clock", "set this machine's clock right, and let a time service keep it"),
    "rollback guard" => guarded,
    "verified" => verified,
    "backup" => backup,
    "backup checked" => backup_checked,
    "backup apart" => backup_apart,
    "signing key" => key_mode,
    "signing key elsewhere" => key_exported,
    "data folder" => folder_mode,
    "file system" => file_system,
    "disk" => disk,
    "write-ahead log" => wal,
    "open files" => open_files,
    "fsync" => server::fsync,
    "commits" => server::commits,
    "standbys" => server::standbys,
    "connections" => server::connections,
    "vacuum" => server::vacuum,
    "server version" => server::server_version,
    "database traffic" => database_traffic,
    "certificate" => certificate,
    "plain text" => plain_text,
    "first password" => first_password,
    "second factor" => second_factor,
    "admins" => admins,
}

const NOT_OPEN: Verdict = NotChecked("the database cannot be opened");

/// What is a matter of taste in development, and of weight in production.
fn graver(facts: &Facts, what: String, remedy: &str) -> Verdict {
    if facts.production {
        Major(what, remedy.into())
    } else {
        Minor(what, remedy.into())
    }
}

fn database(facts: &Facts) -> Verdict {
    match &facts.problem {
        None => Good("opens, and its log is signed by the key that is here".into()),
        Some((message, hint)) => Major(message.clone(), hint.clone()),
    }
}

/// What is missing or changed in the schema, or what somebody added.
fn of_schema(facts: &Facts, faults: bool) -> Verdict {
    let Some((missing, unknown)) = &facts.schema else {
        return NOT_OPEN;
    };
    let found = if faults { missing } else { unknown };
    let Some(first) = found.first() else {
        return Good(
            if faults {
                "as the migrations made it"
            } else {
                "none"
            }
            .into(),
        );
    };
    let more = match found.len() {
        1 => String::new(),
        length => format!(", and {} more", length - 1),
    };
    let what = format!("{first}{more}");
    if faults {
        return Major(
            what,
            "undo what was changed by hand, or restore a backup: probity db restore latest".into(),
        );
    }
    Minor(
        what,
        "keep views, indexes and tables of your own in another schema: a migration may need their names"
            .into(),
    )
}

fn health(facts: &Facts, name: &str, remedy: &str) -> Verdict {
    match facts.health.iter().find(|check| check.name == name) {
        None => NOT_OPEN,
        Some(HealthCheck { ok: true, detail, .. }) => Good(detail.clone()),
        Some(HealthCheck { detail, .. }) => Major(detail.clone(), remedy.into()),
    }
}

fn guarded(facts: &Facts) -> Verdict {
    if facts.guarded {
        return Good("the newest checkpoint is remembered beside the database".into());
    }
    Minor(
        "there is no log.guard in the data folder: an older database put back would go unnoticed".into(),
        "it is written when a command ends and each second by a server; keep the data folder".into(),
    )
}

/// Whether something was longer ago than so many days; how many it was.
fn days_since(facts: &Facts, at: evidence::Timestamp, most: i64) -> (bool, i64) {
    let days = (facts.now.micros() - at.micros()) / (DAY_S * 1_000_000);
    (days >= most, days)
}

fn verified(facts: &Facts) -> Verdict {
    if facts.health.is_empty() {
        return NOT_OPEN;
    }
    let remedy = "run, and let a timer run each night: probity audit verify".to_owned();
    let Some(last) = &facts.verified else {
        return Minor("the whole log was never verified from here".into(), remedy);
    };
    let what = format!("{} entries at {}", count(last.size), moment(last.at));
    if last.findings > 0 {
        let findings = counted(last.findings, "finding", "findings");
        return Major(
            format!("{findings} in {what}"),
            "see what was changed: probity audit verify".into(),
        );
    }
    match days_since(facts, last.at, VERIFIED_D) {
        (true, days) => Minor(format!("{days} days ago: {what}"), remedy),
        (false, _) => Good(what),
    }
}

fn backup(facts: &Facts) -> Verdict {
    const REMEDY: &str = "set backup.path, and let a timer run each night: probity db backup";
    match &facts.backups {
        Backups::Nowhere => graver(facts, "no place for backups is set".into(), REMEDY),
        Backups::Unreadable(error) => Major(error.clone(), "check backup.path, and what leads to it".into()),
        Backups::Of { newest: None, .. } => graver(facts, "there is no backup of this log".into(), REMEDY),
        Backups::Of {
            newest: Some(newest),
            count: all,
            ..
        } => {
            let what = facts::told(*all, newest.snapshot_at);
            match days_since(facts, newest.snapshot_at, BACKUP_D) {
                (true, days) => graver(facts, format!("none for {days} days: {what}"), REMEDY),
                (false, _) => Good(what),
            }
        }
    }
}

fn backup_checked(facts: &Facts) -> Verdict {
    let Backups::Of {
        newest: Some(newest), ..
    } = &facts.backups
    else {
        return NotChecked("there is no backup");
    };
    let remedy = "now and then, with a restore on trial: probity db verify-backup latest --full".to_owned();
    match newest.verified_at {
        None => Minor("nobody has read the newest one again".into(), remedy),
        Some(at) => match days_since(facts, at, CHECKED_D) {
            (true, days) => Minor(format!("the newest one was read again {days} days ago"), remedy),
            (false, _) => Good(format!("the newest one was read again at {}", moment(at))),
        },
    }
}

fn backup_apart(facts: &Facts) -> Verdict {
    match &facts.backups {
        Backups::Of { beside: true, .. } => graver(
            facts,
            "backups are on the database's own file system, and go with it".into(),
            "set backup.path to another disk or machine, or to s3://BUCKET/PREFIX",
        ),
        Backups::Of { .. } => Good("backups are on another file system than the database".into()),
        _ => NotChecked("there is no place for backups"),
    }
}

fn key_mode(facts: &Facts) -> Verdict {
    match facts.key_mode {
        None => NotChecked("there is no key file here"),
        Some(mode) if mode & 0o077 != 0 => Major(
            format!("others than its owner may use it (mode {mode:o})"),
            "chmod 600 signing.key; where others may have read it, they can sign another log".into(),
        ),
        Some(_) => Good("its owner alone may read it".into()),
    }
}

fn key_exported(facts: &Facts) -> Verdict {
    match facts.key_exported {
        None if facts.health.is_empty() => NOT_OPEN,
        None => graver(
            facts,
            "never exported: where it is lost no backup goes on, and neither do second factors".into(),
            "probity key export --recipient age1… --to FILE, and keep it apart from the backups",
        ),
        Some(at) => Good(format!("exported {}", moment(at))),
    }
}

fn folder_mode(facts: &Facts) -> Verdict {
    match facts.folder_mode {
        None => NotChecked("there is no data folder"),
        Some(mode) if mode & 0o022 != 0 => Major(
            format!("others than its owner may write into it (mode {mode:o})"),
            "chmod 700 the folder".into(),
        ),
        Some(mode) if mode & 0o055 != 0 => Minor(
            format!("others than its owner may look into it (mode {mode:o})"),
            "chmod 700 the folder".into(),
        ),
        Some(_) => Good("its owner alone may use it".into()),
    }
}

fn file_system(facts: &Facts) -> Verdict {
    if facts.is_server {
        return NotChecked("the database is on a server");
    }
    match facts.network {
        None => Good("the database is on a disk of this machine".into()),
        Some(name) => Major(
            format!("the database is on {name}, which does not lock files as SQLite needs it"),
            "move the data folder to a disk of this machine, or use PostgreSQL".into(),
        ),
    }
}

fn disk(facts: &Facts) -> Verdict {
    let Some(room) = facts.room else {
        return NotChecked("the system does not say how full it is");
    };
    let what = format!("{} free of {}", size(room.free), size(room.whole));
    let remedy = "free some space, or move to a larger disk: on a full one nothing is written";
    if room.free < ROOM.0 {
        Major(what, remedy.into())
    } else if room.free < room.whole / ROOM.1 {
        Minor(what, remedy.into())
    } else {
        Good(what)
    }
}

fn wal(facts: &Facts) -> Verdict {
    match facts.wal_bytes {
        None => NotChecked("the database is on a server"),
        Some(bytes) if bytes > WAL_BYTES => Minor(
            size(bytes),
            "end what reads for long (a verification, an export): the file is emptied behind it".into(),
        ),
        Some(bytes) => Good(size(bytes)),
    }
}

fn open_files(facts: &Facts) -> Verdict {
    let Some(most) = facts.open_files else {
        return Good("no limit".into());
    };
    let what = format!("a process may have {} open", count(most));
    let remedy = "set LimitNOFILE=65536 in the unit of the service, or ulimit -n";
    if most < FILES.0 {
        Major(what, remedy.into())
    } else if most < FILES.1 {
        Minor(what, remedy.into())
    } else {
        Good(what)
    }
}

fn database_traffic(facts: &Facts) -> Verdict {
    if facts.overheard {
        return Major(
            "what is said to the database goes over the network in plain text".into(),
            "use sslmode=verify-full in database.url: docs/tls.md".into(),
        );
    }
    Good("stays on this machine, or is encrypted".into())
}

fn certificate(facts: &Facts) -> Verdict {
    let remedy = "renew it; the server takes the new files up within a minute";
    match &facts.certificate {
        None => NotChecked("the server has none of its own"),
        Some(Err(error)) => Major(error.clone(), "name a file in PEM as http.tls_cert".into()),
        Some(Ok(end)) => {
            let days = (end.micros() - facts.now.micros()) / (DAY_S * 1_000_000);
            if *end <= facts.now {
                Major(format!("ended at {}", moment(*end)), remedy.into())
            } else if days < CERTIFICATE_D.1 {
                Major(format!("good until {}", moment(*end)), remedy.into())
            } else if days < CERTIFICATE_D.0 {
                Minor(format!("good until {}", moment(*end)), remedy.into())
            } else {
                Good(format!("good until {}", moment(*end)))
            }
        }
    }
}

fn plain_text(facts: &Facts) -> Verdict {
    match &facts.plain {
        None => Good("other machines are not served in plain text".into()),
        Some(address) => Major(
            format!("{address} is open to other machines, without TLS"),
            "set http.tls_cert and http.tls_key, or http.trusted_proxies: docs/tls.md".into(),
        ),
    }
}

fn first_password(facts: &Facts) -> Verdict {
    match facts.admins {
        None => NOT_OPEN,
        Some(found) if found.first_password > 0 => graver(
            facts,
            format!(
                "{} with a password that they have not set themselves",
                counted(found.first_password as u64, "admin", "admins")
            ),
            "log in and set another one; one that is lost: probity user recover admin",
        ),
        Some(_) => Good("every admin has set a password".into()),
    }
}

fn second_factor(facts: &Facts) -> Verdict {
    match facts.admins {
        None => NOT_OPEN,
        Some(found) if found.one_factor > 0 => graver(
            facts,
            format!(
                "{} without a second factor",
                counted(found.one_factor as u64, "admin", "admins")
            ),
            "enrol one (POST /v1/me/second-factor); roles.admin.second_factor = true demands it",
        ),
        Some(_) => Good("every admin has one".into()),
    }
}

fn admins(facts: &Facts) -> Verdict {
    match facts.admins {
        None => NOT_OPEN,
        Some(found) if found.active < 2 => graver(
            facts,
            counted(found.active as u64, "active admin", "active admins"),
            "make a second one, for the day when the first is away: probity user create NAME --role admin",
        ),
        Some(found) => Good(counted(found.active as u64, "active admin", "active admins")),
    }
}
