//! `probity db`: a file per verb. They run beside a server.

mod backup;
mod check;
mod clear;
mod compact;
mod list;
mod migrate;
mod prune;
mod restore;
pub mod seed;
mod verify_backup;

use std::io::ErrorKind;

use ::backup::Error;
use ::backup::format::Sidecar;
use ::backup::place::{self, Place, S3};
use domain::upkeep::Job;
use jobs::Came;
use views::{count, minute};

use crate::context::{Context, caller};
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use crate::table::{self, Column, Elide, column, number};
use crate::verb::{NoArgs, verbs};

verbs! {
    /// What can be done about backups.
    DbCommand {
        /// Write a backup, which is checked as it is written; safe beside a running server
        #[command(
            after_help = "Exit codes: 0 written, 1 tampered: there is no backup, 2 could not be written.\n\n\
            Example:\n  probity db backup --to /mnt/backups"
        )]
        Backup(backup::BackupArgs) => backup::run,
        /// List the backups of a place, newest first
        #[command(after_help = "Example:\n  probity db list-backups --path /mnt/backups")]
        ListBackups(list::ListArgs) => list::run,
        /// Remove the backups that the settings (backup.keep_*) no longer keep
        #[command(after_help = "Example:\n  probity db prune --dry-run")]
        Prune(prune::PruneArgs) => prune::run,
        /// Check a backup without a database: digests, root, signature, counts
        #[command(after_help = "Exit codes: 0 good, 1 not, 2 could not be checked. It needs no signing key.\n\n\
            Example:\n  probity db verify-backup latest --full")]
        VerifyBackup(verify_backup::VerifyBackupArgs) => verify_backup::run,
        /// Put a backup in the place of the database, of either engine; nothing else may use it meanwhile
        #[command(after_help = "It is verified in full before it takes the place; whatever was erased since is erased again.\n\n\
            Example:\n  probity db restore latest --reason 'the disk broke'")]
        Restore(restore::RestoreArgs) => restore::run,
        /// Apply the migrations that are missing, one by one; init does so too
        #[command(after_help = "In production it wants a backup of all entries first. Stop the servers of an older program.\n\n\
            Example:\n  probity db migrate")]
        Migrate(migrate::MigrateArgs) => migrate::run,
        /// Say which migrations there are, and which were applied; exits 1 where one is missing
        #[command(after_help = "Example:\n  probity db status --output json")]
        Status(NoArgs) => migrate::status,
        /// Undo the last migration, unless rows hold what would go; nothing else may use the database meanwhile
        #[command(after_help = "This program works with the newest schema alone: an older one goes on from there.\n\n\
            Example:\n  probity db rollback")]
        Rollback(NoArgs) => migrate::rollback,
        /// Set up a development database and fill it: five people, what they own, and what they did
        #[command(after_help = "What is there is not made again. Refused in production.\n\n\
            Example:\n  probity db seed --scale 100000")]
        Seed(seed::SeedArgs) => seed::run,
        /// Try the database in seven steps, in a user and a conversation that are erased again; safe beside a server
        #[command(after_help = "Exit codes: 0 it works, 1 it does not, 2 it cannot be opened. Its entries stay in the log.\n\n\
            Example:\n  probity db check")]
        Check(NoArgs) => check::run,
        /// Make the database's files anew, so that nothing erased or pruned is left in them, and the space is free
        #[command(after_help = "It says first what it needs and what it locks, and asks. On PostgreSQL tables are made anew one by one.\n\n\
            Example:\n  probity db compact --table entries --yes")]
        Compact(compact::CompactArgs) => compact::run,
        /// Remove a development database with all that is in it
        #[command(after_help = "Nothing else may use it meanwhile. Refused in production.\n\n\
            Example:\n  probity db clear --yes")]
        Clear(clear::ClearArgs) => clear::run,
    }
}

/// Refuses what is for development alone.
pub fn not_in_production(context: &Context, done: &str) -> Result<(), Failure> {
    if context.settings.environment != "production" {
        return Ok(());
    }
    Err(Failure::no(
        "production",
        format!("a database in production is not {done} (PROBITY_ENV=production)"),
        "use another database, with PROBITY_ENV=development",
    ))
}

/// Records in the log what was done by hand, as a job does. It is done, whether or not that can be: a log of an older schema
/// takes no entry, nor does one that is tampered.
async fn record(context: &Context, job: Job, came: Came) {
    let recorded = context
        .with_engine(async |engine| Ok(jobs::record(engine, &caller(), job, &came).await?))
        .await;
    if let Err(failure) = recorded {
        output::remark(&format!(
            "It is done, and not recorded in the log: {}",
            failure.message
        ));
    }
}

/// The place that an option names, or else the settings, and how a bucket is reached.
fn named<'a>(context: &'a Context, option: Option<&'a str>) -> Result<(&'a str, S3), Failure> {
    let path = option.unwrap_or(&context.settings.config.backup.path);
    if path.is_empty() {
        let hint = "name a folder or s3://BUCKET/PREFIX, or set backup.path in the settings";
        return Err(Failure::could_not_run(
            "no_place",
            "no place for backups is named",
            hint,
        ));
    }
    Ok((path, S3::from(&context.settings.config.s3)))
}

/// The place, to be read.
fn place(context: &Context, option: Option<&str>) -> Result<Box<dyn Place>, Failure> {
    let (path, s3) = named(context, option)?;
    Ok(place::open(path, &s3)?)
}

/// The place, to be written to: it is made where it is missing.
fn made_place(context: &Context, option: Option<&str>) -> Result<Box<dyn Place>, Failure> {
    let (path, s3) = named(context, option)?;
    Ok(place::make(path, &s3)?)
}

/// A backup that somebody named.
struct Kept {
    place: Box<dyn Place>,
    name: String,
}

impl Kept {
    /// A file, or the newest one of the place in the settings.
    fn find(context: &Context, text: &str) -> Result<Kept, Failure> {
        if text == "latest" {
            let place = place(context, None)?;
            let options = context.options()?;
            let key = engine::keyfile::load(&options.data_dir, options.signing_key.as_deref())?;
            let name = ::backup::newest(&*place, key.as_ref().map(tlog::SigningKey::name))?;
            return Ok(Kept { place, name });
        }
        let (folder, name) = text.rsplit_once('/').unwrap_or((".", text));
        let folder = if folder.is_empty() { "/" } else { folder };
        if !folder.contains("://") && !std::path::Path::new(text).is_file() {
            let hint = "name the file of a backup, or see what there is: probity db list-backups";
            return Err(Failure::could_not_run(
                "file",
                format!("there is no file {text}"),
                hint,
            ));
        }
        Ok(Kept {
            place: place(context, Some(folder))?,
            name: name.to_owned(),
        })
    }

    /// Does some work with it that blocks its thread, and shows how far it is.
    fn work<T: Send>(
        &self,
        context: &Context,
        work: impl FnOnce(&dyn Place, &str, engine::verify::Progress<'_>) -> Result<T, Error> + Send,
    ) -> Result<T, Failure> {
        let progress = Progress::new(context);
        let at = |at: engine::verify::VerifyProgress| {
            let text = format!("{} of {} {}", count(at.done), count(at.total), at.what);
            progress.at(at.done, at.total, &text);
        };
        // A runtime of its own works inside, which must not be begun within this one.
        let done = std::thread::scope(|scope| {
            let working = scope.spawn(|| work(&*self.place, &self.name, &at));
            tokio::task::block_in_place(|| working.join())
        });
        progress.finish();
        let stopped = |_| engine::Error::problem("a thread stopped", "report this as a bug");
        Ok(done.map_err(stopped)??)
    }
}

const COLUMNS: [Column; 6] = [
    column("taken (UTC)", Elide::Never),
    number("entries"),
    number("size"),
    column("encrypted", Elide::Never).spare(),
    column("verified", Elide::Never).spare(),
    column("file", Elide::Never),
];

/// Backups as a table.
fn lines(backups: &[Sidecar]) -> String {
    let row = |backup: &Sidecar| {
        vec![
            minute(backup.snapshot_at),
            count(backup.entries),
            size(backup.bytes),
            if backup.encrypted.is_some() { "yes" } else { "no" }.to_owned(),
            backup.verified_at.map_or("never".to_owned(), minute),
            backup.file.clone(),
        ]
    };
    let rows: Vec<_> = backups.iter().map(row).collect();
    table::lines(&COLUMNS, &rows, table::width()).join("\n")
}

/// What is said of a backup whose database was not as its log says.
const EVEN_TAMPERED: &str = "it was written with --even-tampered: its database was not as its log says";

/// A number of bytes for people, cut to a tenth.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let message = error.to_string();
        match error {
            Error::Engine(error) => error.into(),
            Error::Io { error, .. } => {
                let hint = match error.kind() {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                        "free some space there, or name another place; nothing is left of what was begun"
                    }
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                        "name a place that this account may read and write"
                    }
                    ErrorKind::NotFound => "check that it is there",
                    _ => "check the place and what leads to it",
                };
                Failure::could_not_run("backup", message, hint)
            }
            Error::Tampered(_) => Failure::no(
                "tampered",
                message,
                "there is no backup. See everything that was changed: probity audit verify. With --even-tampered there is one \
                 all the same, and says so",
            ),
            Error::Fault(_) => Failure::no(
                "bad_backup",
                message,
                "it is not the backup that was written, or none: take another copy, or another one: probity db list-backups",
            ),
            Error::Restored { .. } => Failure::no(
                "tampered",
                message,
                "the database that is there is as it was: restore another backup",
            ),
            Error::Refused { code, hint, .. } => Failure::no(code, message, hint),
            Error::NotOpened(_) => Failure::could_not_run(
                "not_opened",
                message,
                "name the key that it was encrypted to: --identity FILE; a passphrase is asked for at a terminal alone",
            ),
            Error::Exists(_) => {
                Failure::could_not_run("exists", message, "do it again: a backup is named by its second")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_for_people() {
        for (bytes, text) in [
            (0, "0.0 kB"),
            (999, "0.9 kB"),
            (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (1_234_567_890, "1.2 GB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
