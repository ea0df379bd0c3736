//! `probity serve`: start-up, and an end that finishes what is in flight.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use engine::seed::Seeded;
use engine::{Engine, InitStep};
use jobs::Jobs;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::{Config, Http, Loaded, size};
use crate::context::{Context, caller};
use crate::demo::Demo;
use crate::failure::{Exit, Failure};
use crate::{db, demo, doctor, how, init, manager, output, signal};

/// How often the certificate's files are looked at again.
const RENEWED_EVERY: Duration = Duration::from_mins(1);

/// Arguments of `probity serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port; port 0 takes a free one; PROBITY_LISTEN [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Start with a sample log, five people and an API key, in a fresh data folder
    #[arg(long)]
    demo: bool,
    /// Name of the log, used when the log is made
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
}

/// Serves until told to stop.
pub async fn run(context: &Context, args: ServeArgs) -> Result<Exit, Failure> {
    let settings = match &args.listen {
        Some(listen) => context.with_option("listen", "--listen", listen)?,
        None => context.settings.clone(),
    };
    let loaded = Arc::new(settings.clone());
    let config = settings.config;
    let tls = tls(&config.http)?;
    if args.demo || config.database.auto_seed {
        db::not_in_production(context, "seeded")?;
    }
    if settings.environment == "production" {
        refuse_plaintext(&config).await?;
    }
    // Before anything is made: who cannot have the port wants no database either.
    let listener = listen(&config.listen).await?;
    let address = listener.local_addr()?;
    let scheme = config.http.scheme();
    let base = how::at(&config.http, &address.to_string());
    let mut options = config.engine_options()?;
    options.origin = args.origin;
    if !config.database.auto_migrate {
        let sources = &context.settings.sources;
        let source = sources
            .get("database.auto_migrate")
            .map_or("default", String::as_str);
        check_schema(&options, source).await?;
    }
    let mut fresh = false;
    let mut steps = Vec::new();
    let mut done = Engine::init(&options, &mut |step: InitStep| {
        fresh |= step.changed && step.name == "log";
        steps.push(step);
    })
    .await?;
    let engine = Engine::open(options).await?;
    engine.record_rules().await?;
    engine.start_sweeper();
    warn_of_rules_without_asset(&engine).await?;
    let stop = signal::stop()?;
    if args.demo && fresh {
        // Seeding gives the admin another password.
        done.first_admin = None;
    }
    let filled = fill(&engine, args.demo && fresh, config.database.auto_seed).await?;
    if context.json() {
        let mut started = init::as_json(&done, &steps);
        started["listening"] = format!("{scheme}://{address}").into();
        match &filled {
            Some(Filled::Demo(demo)) => started["demo"] = demo.as_json(),
            Some(Filled::Seed(seeded)) => started["seeded"] = db::seed::as_json(seeded),
            None => {}
        }
        output::line(&started.to_string())?;
    } else {
        if fresh && !context.global.quiet {
            let lines: Vec<_> = steps.iter().map(|step| init::step_line(context, step)).collect();
            output::line(&lines.join("\n"))?;
        }
        if let Some(text) = init::password_box(context, &done, &base) {
            output::line(&text)?;
        }
        if args.demo && !fresh {
            output::line("This database has a log already: serving it as it is, without the sample.")?;
        }
        match filled {
            Some(Filled::Demo(demo)) => output::line(&demo.text(context, &base))?,
            Some(Filled::Seed(seeded)) if seeded.entries > 0 => output::line(&db::seed::text(&seeded))?,
            _ => {}
        }
        if !context.global.quiet {
            output::line(&format!("Listening on {scheme}://{address} (stop with Ctrl-C)"))?;
        }
    }
    tracing::info!(%address, log = %done.origin, database = %done.version, "serving");
    let ready = format!("serving {} at {scheme}://{address}", done.origin);
    serve(&engine, loaded, (listener, tls), &ready, stop).await?;
    engine.shutdown().await;
    tracing::info!("stopped");
    Ok(Exit::Ok)
}

/// Serves, and does beside it what a server does by itself, until it is told to stop.
async fn serve(
    engine: &Engine,
    loaded: Arc<Loaded>,
    (listener, tls): (TcpListener, Option<web::Tls>),
    ready: &str,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let config = &loaded.config;
    look_again(tls.clone())?;
    let erased = match config.backup.path.as_str() {
        "" => None,
        path => {
            let place = Arc::from(backup::place::make(path, &(&config.s3).into())?);
            Some(tokio::spawn(backup::keep_leaving(engine.clone(), place)))
        }
    };
    let jobs = Jobs::new(engine.clone(), config.job_settings());
    let looking = config.jobs.run.then(|| {
        let jobs = jobs.clone();
        tokio::spawn(async move { jobs.keep_looking().await })
    });
    manager::ready(ready);
    let watched = manager::watch(engine);
    let stop = manager::told_of(stop);
    let mut settings = web_settings(config, tls, &jobs);
    loaded.environment.clone_into(&mut settings.environment);
    settings.configuration = crate::settings::configured(&loaded)?;
    settings.doctor = Some(doctor::of(&loaded, engine));
    web::serve(engine.clone(), listener, settings, stop)
        .await
        .map_err(|error| {
            Failure::could_not_run(
                "serve",
                format!("serving ended: {error}"),
                "see the log lines above",
            )
        })?;
    erased.inspect(JoinHandle::abort);
    watched.inspect(JoinHandle::abort);
    if let Some(looking) = looking {
        looking.abort();
        jobs.stop().await;
    }
    Ok(())
}

/// Looks at the certificate's files again, now and then and when told. A manager that says "reload" ends nothing, also where
/// there are none.
fn look_again(tls: Option<web::Tls>) -> Result<(), Failure> {
    if tls.is_none() && !manager::is_there() {
        return Ok(());
    }
    signal::on_hangup(RENEWED_EVERY, move || tls.iter().for_each(web::Tls::look_again))
}

/// What there is to look at.
enum Filled {
    Demo(Demo),
    Seed(Seeded),
}

/// Makes what there is to look at: for a demo, or because the settings say so.
async fn fill(engine: &Engine, demo: bool, seed: bool) -> Result<Option<Filled>, Failure> {
    Ok(match (demo, seed) {
        (true, _) => Some(Filled::Demo(demo::fill(engine).await?)),
        (false, true) => Some(Filled::Seed(engine.seed(&caller(), false).await?)),
        (false, false) => None,
    })
}

/// A rule for an asset that is not there (yet) limits nothing: a misspelt code would go unnoticed.
async fn warn_of_rules_without_asset(engine: &Engine) -> Result<(), Failure> {
    let rules = &engine.rules().custody;
    let limits = rules.limits.iter().map(|rule| rule.asset.as_str());
    let thresholds = rules.thresholds.iter().map(|rule| rule.asset.as_str());
    let codes: BTreeSet<&str> = limits.chain(thresholds).collect();
    for code in codes {
        if engine.asset_meant(code).await?.is_none() {
            tracing::warn!(
                asset = code,
                "the rules of custody name an asset that is not there"
            );
        }
    }
    Ok(())
}

/// Refuses a database whose schema somebody has to bring up to date first.
async fn check_schema(options: &engine::Options, source: &str) -> Result<(), Failure> {
    let location = &options.database.location;
    let refused = |what: String| {
        let hint = format!(
            "run probity init, which migrates; here serve does not (database.auto_migrate: {source})"
        );
        Failure::could_not_run("schema_behind", what, hint)
    };
    if let engine::database::Location::Sqlite(path) = location
        && !path.exists()
    {
        return Err(refused(format!("there is no database at {}", path.display())));
    }
    let db = engine::database::Db::new(options.database.clone())?;
    let postgres = matches!(location, engine::database::Location::Postgres(_));
    let mut conn = db.writer().await.map_err(|error| match error.kind {
        // The server answers, but does not have it.
        engine::database::ErrorKind::Data if postgres => refused(error.message),
        _ => Failure::from(error),
    })?;
    let state = engine::database::migrate::state(&mut conn).await?;
    match state.applied {
        0 => Err(refused("the database is empty".to_owned())),
        applied if applied < state.known => Err(refused(format!(
            "the schema is at migration {applied}, this program needs {}",
            state.known
        ))),
        _ => Ok(()),
    }
}

/// The server's own TLS, where it has a certificate.
pub fn tls(http: &Http) -> Result<Option<web::Tls>, Failure> {
    let failed = |message: String| {
        let hint = "http.tls_cert and http.tls_key are two files in PEM: docs/tls.md";
        Failure::could_not_run("certificate", message, hint)
    };
    match (&*http.tls_cert, &*http.tls_key) {
        ("", "") => Ok(None),
        ("", _) | (_, "") => Err(failed(
            "http.tls_cert and http.tls_key must be set together".into(),
        )),
        (certificate, key) => web::Tls::new(certificate.into(), key.into())
            .map(Some)
            .map_err(failed),
    }
}

/// Refuses to speak plain HTTP with other machines, unless somebody has said that it is meant.
async fn refuse_plaintext(config: &Config) -> Result<(), Failure> {
    let http = &config.http;
    if http.scheme() == "https" || http.plaintext || !http.trusted_proxies.is_empty() {
        return Ok(());
    }
    // What does not resolve is told where it is listened on.
    let Ok(mut addresses) = tokio::net::lookup_host(&config.listen).await else {
        return Ok(());
    };
    if addresses.all(|address| address.ip().to_canonical().is_loopback()) {
        return Ok(());
    }
    let hint = "set http.tls_cert and http.tls_key, or http.trusted_proxies where a proxy in front ends TLS; http.plaintext = \
                true serves without";
    let what = format!(
        "in production other machines are not served without TLS, and {} is open to them",
        config.listen
    );
    Err(Failure::could_not_run("listen", what, hint))
}

fn web_settings(config: &Config, tls: Option<web::Tls>, jobs: &Jobs) -> web::Settings {
    web::Settings {
        body_bytes_max: size(config.http.body_bytes_max),
        otlp_body_bytes_max: size(config.governance.otlp_body_bytes_max),
        otlp_lease_s: config.governance.otlp_lease_s,
        public_entries: config.http.public_entries,
        trusted_proxies: config.http.trusted_proxies.clone(),
        public_url: config.http.public_url.clone(),
        hosts: config.http.hosts.clone(),
        tls,
        jobs: Some(jobs.clone()),
        ..web::Settings::default()
    }
}

async fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there: choose another port with --listen"
            }
            std::io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege: choose a higher one",
            _ => "use ADDRESS:PORT, such as 127.0.0.1:8080",
        };
        Failure::could_not_run("listen", format!("cannot listen on {address}: {error}"), hint)
    })
}
