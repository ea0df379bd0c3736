//! What is looked at: gathered first, so that what is said of it depends on nothing else.

use std::path::Path;

use backup::format::Sidecar;
use domain::identity::Role;
use domain::identity::second_factor::SecondFactor;
use domain::identity::user::User;
use engine::database::{Db, Location, Vitals, migrate, schema, vitals};
use engine::disk::{self, Room};
use engine::list::Condition;
use engine::verify::{LastVerified, last};
use engine::{Engine, HealthCheck, guard, keyfile};
use evidence::Timestamp;

use crate::config::{Config, Loaded, signing_key};
use crate::context::Context;
use crate::failure::Failure;
use crate::machine;
use crate::output::{counted, moment};

/// What is looked at. What could not be looked at is none.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// The time.
    pub now: Timestamp,
    /// Whether this is production.
    pub production: bool,
    /// Why the log cannot be opened, and what to do.
    pub problem: Option<(String, String)>,
    /// What is not as the migrations made it, and what they did not make.
    pub schema: Option<(Vec<String>, Vec<String>)>,
    /// What the engine says of itself.
    pub health: Vec<HealthCheck>,
    /// Whether the newest checkpoint is remembered beside the database.
    pub guarded: bool,
    /// The last verification.
    pub verified: Option<LastVerified>,
    /// Backups of this log.
    pub backups: Backups,
    /// The mode of the signing key's file; none where the key is in the environment.
    pub key_mode: Option<u32>,
    /// When the signing key was last sealed to leave this machine.
    pub key_exported: Option<Timestamp>,
    /// The data folder's mode.
    pub folder_mode: Option<u32>,
    /// What the database says of itself.
    pub vitals: Option<Vitals>,
    /// Whether it is a server.
    pub is_server: bool,
    /// Most reading connections of a process.
    pub pool_max: u64,
    /// Whether what is said to the database can be read by others.
    pub overheard: bool,
    /// The network file system that the database is on.
    pub network: Option<&'static str>,
    /// The room where the database is, or else the data folder.
    pub room: Option<Room>,
    /// How large SQLite's log of changes is, in bytes.
    pub wal_bytes: Option<u64>,
    /// How many files a process may have open.
    pub open_files: Option<u64>,
    /// Active admins.
    pub admins: Option<Admins>,
    /// Until when the server's certificate is good; none without one.
    pub certificate: Option<Result<Timestamp, String>>,
    /// The address at which other machines are served in plain text.
    pub plain: Option<String>,
}

/// Active admins, some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admins {
    /// All of them.
    pub active: usize,
    /// With a password that somebody else gave them.
    pub first_password: usize,
    /// Without a second factor.
    pub one_factor: usize,
}

/// Backups of a log.
#[derive(Clone, Debug, PartialEq)]
pub enum Backups {
    /// No place is set.
    Nowhere,
    /// The place cannot be read.
    Unreadable(String),
    /// In a place.
    Of {
        /// The newest one.
        newest: Option<Box<Sidecar>>,
        /// How many there are.
        count: usize,
        /// Whether the place is on the database's own file system.
        beside: bool,
    },
}

/// How many there are, and of when the newest is.
pub fn told(count: usize, newest: Timestamp) -> String {
    let count = counted(count as u64, "backup", "backups");
    format!("{count}, the newest of {}", moment(newest))
}

/// Looks at everything.
pub async fn gather(context: &Context) -> Result<Facts, Failure> {
    let settings = &context.settings;
    let mut facts = outside(settings).await?;
    let looked = async {
        of_database(settings, &mut facts).await?;
        context
            .with_engine(async |engine| of_engine(settings, engine, &mut facts).await)
            .await
    };
    let looked = looked.await;
    facts.note(looked);
    Ok(facts)
}

/// Looks at everything, for a server that has the log open.
pub async fn gather_beside(settings: &Loaded, engine: &Engine) -> Result<Facts, Failure> {
    let mut facts = outside(settings).await?;
    let mut looked = of_database(settings, &mut facts).await;
    if looked.is_ok() {
        looked = of_engine(settings, engine, &mut facts).await;
    }
    facts.note(looked);
    Ok(facts)
}

impl Facts {
    /// Keeps why the log could not be looked at.
    fn note(&mut self, looked: Result<(), Failure>) {
        if let Err(failure) = looked {
            self.problem = Some((failure.message, failure.hint));
        }
    }
}

/// What can be looked at without the log.
async fn outside(settings: &Loaded) -> Result<Facts, Failure> {
    let config = &settings.config;
    let location = config.location()?;
    let key_file = keyfile::path(&config.data_dir);
    let is_server = matches!(location, Location::Postgres(_));
    Ok(Facts {
        now: engine::now(),
        production: settings.environment == "production",
        problem: None,
        schema: None,
        health: Vec::new(),
        guarded: guard::path(&config.data_dir).exists(),
        verified: None,
        backups: backups(settings, None),
        key_mode: machine::mode(&key_file).filter(|_| matches!(signing_key(), Ok(None))),
        key_exported: None,
        folder_mode: machine::mode(&config.data_dir),
        vitals: None,
        is_server,
        pool_max: config.database.pool_max,
        overheard: !location.is_private().unwrap_or(true),
        network: machine::network(disk::path_of(&location, &config.data_dir)).filter(|_| !is_server),
        room: disk::room(disk::path_of(&location, &config.data_dir)),
        wal_bytes: disk::wal_bytes(&location),
        open_files: machine::open_files(),
        admins: None,
        certificate: certificate(config),
        plain: plain(config).await,
    })
}

/// What only an open database tells.
async fn of_database(settings: &Loaded, facts: &mut Facts) -> Result<(), Failure> {
    let options = settings.config.engine_options()?;
    if let Location::Sqlite(path) = &options.database.location
        && !path.exists()
    {
        let message = format!("there is no database at {}", path.display());
        return Err(Failure::could_not_run(
            "problem",
            message,
            "run `probity init`, which makes one",
        ));
    }
    let mut conn = Db::new(options.database.clone())?.writer().await?;
    facts.vitals = Some(vitals::read(&mut conn).await?);
    let state = migrate::state(&mut conn).await?;
    if state.applied == state.known {
        let compared = schema::compare(&mut conn).await?;
        facts.schema = Some((compared.faults, compared.unknown));
    }
    Ok(())
}

/// What only an open log tells.
async fn of_engine(settings: &Loaded, engine: &Engine, facts: &mut Facts) -> Result<(), Failure> {
    facts.health = engine.check_up().await.checks;
    let origin = engine.verifier_key().name();
    facts.verified = last(&settings.config.data_dir, origin);
    facts.backups = backups(settings, Some(origin));
    facts.key_exported = engine.key_exported().await?;
    facts.admins = Some(admins(engine).await?);
    Ok(())
}

async fn admins(engine: &Engine) -> Result<Admins, Failure> {
    let conditions = [
        Condition::Is("role", Role::ADMIN.as_str().into()),
        Condition::Is("active", true.into()),
    ];
    let (active, _) = engine.select::<User>(&conditions, None, None).await?;
    let ids = active.iter().map(|user| user.row.id);
    let factors = engine.rows_of::<SecondFactor>("id", ids).await?;
    let confirmed = factors.iter().filter(|factor| factor.row.is_confirmed()).count();
    Ok(Admins {
        active: active.len(),
        first_password: active.iter().filter(|user| user.row.password_temporary).count(),
        one_factor: active.len() - confirmed,
    })
}

/// Backups in the place of the settings, of one log or of any.
pub fn backups(settings: &Loaded, origin: Option<&str>) -> Backups {
    let config = &settings.config;
    if config.backup.path.is_empty() {
        return Backups::Nowhere;
    }
    // A bucket is spoken to over the network, which blocks.
    let listed = tokio::task::block_in_place(|| {
        let place = backup::place::open(&config.backup.path, &(&config.s3).into())?;
        let beside = place.folder().is_some_and(|folder| {
            config.location().is_ok_and(|location| {
                let database = disk::path_of(&location, &config.data_dir);
                machine::same_file_system(folder, database).unwrap_or(false)
            })
        });
        Ok::<_, backup::Error>((backup::list(&*place, origin)?, beside))
    });
    match listed {
        Err(error) => Backups::Unreadable(error.to_string()),
        Ok((listed, beside)) => Backups::Of {
            count: listed.backups.len(),
            newest: listed.backups.into_iter().next().map(Box::new),
            beside,
        },
    }
}

/// Until when the server's certificate is good, where it has one.
fn certificate(config: &Config) -> Option<Result<Timestamp, String>> {
    let file = &config.http.tls_cert;
    (!file.is_empty()).then(|| web::good_until(Path::new(file)))
}

/// The address at which other machines are served in plain text, where nothing in front ends TLS.
async fn plain(config: &Config) -> Option<String> {
    if config.http.scheme() == "https" || !config.http.trusted_proxies.is_empty() {
        return None;
    }
    let mut addresses = tokio::net::lookup_host(&config.listen).await.ok()?;
    let is_open = addresses.any(|address| !address.ip().to_canonical().is_loopback());
    is_open.then(|| config.listen.clone())
}
