//! `probity status`: is all well?

use serde_json::json;

use crate::config::location;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table;

/// Prints the state of database, log and parts; the answer is no when something is wrong.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    let database = location::shown(&context.settings.config.location()?);
    let engine = match context.open().await {
        Ok(engine) => engine,
        Err(failure) => return unhealthy(context, &database, &failure),
    };
    let (health, metrics) = (engine.check_up().await, engine.metrics());
    let healthy = health.checks.iter().all(|check| check.ok);
    let version = engine
        .db()
        .version()
        .await
        .unwrap_or_else(|error| error.to_string());
    let migrations = {
        let mut conn = engine.db().reader().await?;
        engine::database::migrate::state(&mut conn).await?
    };
    let names: Vec<_> = health
        .checks
        .iter()
        .map(|check| format!("Check {}", check.name))
        .collect();
    let (key, pool) = (engine.verifier_key(), metrics.pool);
    if context.json() {
        output::json(&json!({
            "healthy": healthy,
            "database": { "location": database, "version": version },
            "migrations": { "applied": migrations.applied, "known": migrations.known },
            "log": { "origin": key.name(), "size": metrics.log_size, "verifier_key": key.to_string() },
            "pool": { "max": pool.max, "open": pool.open, "idle": pool.idle, "waiting": pool.waiting },
            "checks": health.checks,
        }))?;
    } else {
        let mut pairs = vec![
            ("Database", database),
            ("Version", version),
            (
                "Migrations",
                format!("{} of {} applied", migrations.applied, migrations.known),
            ),
            (
                "Log",
                format!(
                    "{}, {}",
                    key.name(),
                    counted(metrics.log_size, "entry", "entries")
                ),
            ),
            ("Verifier key", key.to_string()),
            (
                "Pool",
                format!(
                    "{} open of at most {}, {} idle, in this command alone",
                    pool.open, pool.max, pool.idle
                ),
            ),
        ];
        let mark = |ok| if ok { '✓' } else { '✗' };
        pairs.extend(
            names
                .iter()
                .zip(&health.checks)
                .map(|(name, check)| (name.as_str(), format!("{} {}", mark(check.ok), check.detail))),
        );
        pairs.push((
            "Verdict",
            if healthy {
                "✓ all is well"
            } else {
                "✗ something is wrong"
            }
            .to_owned(),
        ));
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    engine.shutdown().await;
    Ok(if healthy { Exit::Ok } else { Exit::No })
}

/// What cannot even be opened is an answer too.
fn unhealthy(context: &Context, database: &str, failure: &Failure) -> Result<Exit, Failure> {
    if context.json() {
        output::json(&json!({
            "healthy": false,
            "database": { "location": database },
            "problem": { "code": failure.code, "message": failure.message, "hint": failure.hint },
        }))?;
    } else {
        let pairs = [
            ("Database", database.to_owned()),
            ("Problem", failure.message.clone()),
            ("Hint", failure.hint.clone()),
            ("Verdict", "✗ cannot be opened".to_owned()),
        ];
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    Ok(Exit::No)
}
