//! Set-up, step by step: database, schema, signing key, log, first admin. Running it again changes nothing.

use domain::identity::Role;
use domain::identity::user::{CreateUser, User};
use domain::record::Record;
use domain::{Caller, Command, Origin};
use evidence::json;
use store::{Conn, Db, ErrorKind, Head};
use tlog::{Checkpoint, RightEdge, SigningKey, VerifierKey};

use crate::credentials::{HashPool, one_time_password};
use crate::engine::{Engine, Options};
use crate::error::Error;
use crate::open::{check_signature, find};
use crate::{guard, keyfile, random};

/// One step of the set-up, as it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitStep {
    /// Which step.
    pub name: &'static str,
    /// What was found or made.
    pub detail: String,
    /// Whether the step changed anything.
    pub changed: bool,
}

/// The first admin, told once.
#[derive(Clone, PartialEq, Eq)]
pub struct FirstAdmin {
    /// User name.
    pub username: String,
    /// One-time password; it is stored nowhere.
    pub password: String,
}

/// What set-up ends with.
pub struct Initialised {
    /// The first admin, when it was made now.
    pub first_admin: Option<FirstAdmin>,
    /// The key that checks the log's checkpoints.
    pub verifier_key: VerifierKey,
    /// Name of the log.
    pub origin: String,
    /// The engine's version.
    pub version: String,
}

type Report<'a> = &'a mut (dyn FnMut(InitStep) + Send);

impl Engine {
    /// Sets up what is missing; `report` gets each step as it is done.
    pub async fn init(options: &Options, report: Report<'_>) -> Result<Initialised, Error> {
        keyfile::make_folder(&options.data_dir).map_err(|error| {
            Error::problem(
                format!("cannot make {}: {error}", options.data_dir.display()),
                "choose another --data-dir",
            )
        })?;
        let location = &options.database.location;
        let mut step = |name, detail: String, changed| {
            report(InitStep {
                name,
                detail,
                changed,
            });
        };
        let made = Db::create(&options.database)
            .await
            .map_err(|error| match error.kind {
                ErrorKind::Full => error.into(),
                _ => Error::problem(
                    format!("cannot reach {}: {error}", location.shown()),
                    "check the URL, that the server runs, and that the role may create databases",
                ),
            })?;
        let db = Db::new(options.database.clone())?;
        let mut conn = db.patient_writer().await?;
        let version = db.version().await?;
        step("database", format!("{} ({version})", location.shown()), made);
        let applied = store::migrate::migrate(&mut conn, random::now()).await?;
        let state = store::migrate::state(&mut conn).await?;
        step(
            "schema",
            format!("migration {} of {}", state.applied, state.known),
            !applied.is_empty(),
        );
        step("tables", as_expected(&mut conn).await?, false);
        let twins = if applied.contains(&"outputs") {
            store::custody::twins(&mut conn).await?.len()
        } else {
            0
        };
        if twins > 0 {
            let detail = format!(
                "{twins} operations name an output that another one names too; `probity audit verify` lists them"
            );
            step("outputs", detail, false);
        }
        let (key, made) = signing_key(options, &mut conn).await?;
        step("signing key", key.verifier().to_string(), made);
        let (head, made) = log(&mut conn, &key).await?;
        step(
            "log",
            format!("{}, {} entries", head.origin, head.edge.size()),
            made,
        );
        drop(conn);
        let first_admin = first_admin(options, &db).await?;
        let detail = first_admin
            .as_ref()
            .map_or("there are users", |_| "user admin made")
            .to_owned();
        step("first admin", detail, first_admin.is_some());
        let counted = count_sums(options, &db).await?;
        if counted > 0 {
            let detail =
                format!("operations and balances of {counted} assets counted, from now on as they change");
            step("sums", detail, true);
        }
        step("health", health(options).await?, false);
        Ok(Initialised {
            first_admin,
            verifier_key: key.verifier(),
            origin: head.origin,
            version,
        })
    }
}

/// Checks that the database has what the migrations made; says how much that is.
async fn as_expected(conn: &mut Conn) -> Result<String, Error> {
    let compared = store::schema::compare(conn).await?;
    if !compared.faults.is_empty() {
        return Err(Error::problem(
            format!(
                "the schema is not the one that this program made:\n  {}",
                compared.faults.join("\n  ")
            ),
            "somebody changed it by hand: undo that, or put a backup back; run `probity audit verify` to see whether rows \
             were changed too",
        ));
    }
    let parts = [
        ("table", "tables"),
        ("column", "columns"),
        ("view", "views"),
        ("index", "indexes"),
    ];
    let counts = parts.map(|(kind, kinds)| format!("{} {kinds}", compared.good.get(kind).unwrap_or(&0)));
    let mut detail = format!("{}, as made", counts.join(", "));
    if !compared.unknown.is_empty() {
        tracing::warn!(
            unknown = compared.unknown.join(", "),
            "the schema has what this program does not know"
        );
        detail = format!("{detail}; unknown: {}", compared.unknown.join(", "));
    }
    Ok(detail)
}

/// Counts what there are sums of, where a database is older than they are; of how many assets.
async fn count_sums(options: &Options, db: &Db) -> Result<usize, Error> {
    let assets = store::custody::without_sums(&mut *db.reader().await?).await?;
    if !assets.is_empty() {
        Engine::open(options.clone()).await?.shutdown().await;
    }
    Ok(assets.len())
}

/// Checks what was set up as a start does, and tries to write.
async fn health(options: &Options) -> Result<String, Error> {
    let found = find(options).await?;
    if let guard::Verdict::RolledBack(reason) = &found.verdict {
        return Err(Error::Halted(guard::refusal(&options.data_dir, reason)));
    }
    match store::trial::run(&found.db).await {
        // Another process is writing: so it can be written.
        Ok(()) => {}
        Err(error) if error.kind == ErrorKind::Retry => {}
        Err(error) if error.kind == ErrorKind::Full => return Err(error.into()),
        Err(error) => {
            let hint = "give the role the rights on its own tables that it had when they were made";
            return Err(Error::problem(format!("nothing can be written: {error}"), hint));
        }
    }
    Ok("schema, key, log and guard are well; it can be written".to_owned())
}

async fn signing_key(options: &Options, conn: &mut Conn) -> Result<(SigningKey, bool), Error> {
    if let Some(key) = keyfile::load(&options.data_dir, options.signing_key.as_deref())? {
        return Ok((key, false));
    }
    if let Some(head) = Head::load(conn).await? {
        return Err(Error::problem(
            format!(
                "the database holds the log {}, but its signing key is not here",
                head.origin
            ),
            "put the log's signing.key into the data folder, or give it as PROBITY_SIGNING_KEY",
        ));
    }
    let origin = match &options.origin {
        Some(origin) => origin.clone(),
        None => format!("localhost/probity-{}", json::hex(&random::array::<4>()?)),
    };
    Ok((keyfile::create(&options.data_dir, &origin)?, true))
}

async fn log(conn: &mut Conn, key: &SigningKey) -> Result<(Head, bool), Error> {
    let edge = RightEdge::new();
    let checkpoint = Checkpoint::new(key.name(), 0, edge.root())
        .sign(key)
        .map_err(|error| Error::problem(format!("cannot sign: {error}"), "check the signing key"))?;
    let head = Head {
        origin: key.name().to_owned(),
        edge,
        at: evidence::Timestamp::EPOCH,
        checkpoint,
    };
    let made = head.insert(conn).await?;
    let head = Head::load(conn)
        .await?
        .ok_or_else(|| store::Error::data("there is no head row"))?;
    check_signature(&head, key)?;
    Ok((head, made))
}

async fn first_admin(options: &Options, db: &Db) -> Result<Option<FirstAdmin>, Error> {
    if store::checks::count(&mut *db.reader().await?, User::TABLE).await? > 0 {
        return Ok(None);
    }
    let password = one_time_password()?;
    let hash = HashPool::start(1, 1)?.hash(password.clone()).await?;
    let engine = Engine::open(options.clone()).await?;
    let command = Command::CreateUser(CreateUser {
        password_hash: Some(hash),
        password_temporary: true,
        ..CreateUser::new("admin", Role::ADMIN)
    });
    let made = engine
        .submit(&Caller::System { part: "init" }, Origin::default(), command)
        .await;
    engine.shutdown().await;
    match made {
        Ok(_) => Ok(Some(FirstAdmin {
            username: "admin".to_owned(),
            password,
        })),
        // Another process set up the same database and was faster.
        Err(Error::Refused { refusal, .. }) if refusal.code == "username_taken" => Ok(None),
        Err(error) => Err(error),
    }
}
