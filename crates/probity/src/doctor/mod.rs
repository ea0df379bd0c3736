//! `probity doctor`: what is wrong with this installation, and what to do about it.

mod checks;
pub mod facts;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use engine::Engine;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::config::Loaded;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table;
use checks::{CHECKS, Verdict};
use facts::Facts;

/// What is shown of a check: a mark, a word for programs, what was found, what to do.
type Shown = (char, &'static str, String, String);

fn shown(verdict: Verdict) -> Shown {
    match verdict {
        Verdict::Good(detail) => ('✓', "good", detail, String::new()),
        Verdict::Minor(detail, remedy) => ('!', "minor", detail, remedy),
        Verdict::Major(detail, remedy) => ('✗', "major", detail, remedy),
        Verdict::NotChecked(why) => ('·', "not_checked", why.to_owned(), String::new()),
    }
}

/// What was found: the name of the check, and what is shown of it.
fn found(facts: &Facts) -> Vec<(&'static str, Shown)> {
    CHECKS
        .iter()
        .map(|check| (check.name, shown((check.look)(facts))))
        .collect()
}

/// What looks at everything for the console of a server that has the log open.
pub fn of(settings: &Arc<Loaded>, engine: &Engine) -> web::Doctor {
    let (settings, engine) = (Arc::clone(settings), engine.clone());
    web::Doctor::new(move || {
        let (settings, engine) = (Arc::clone(&settings), engine.clone());
        // A connection of SQLite stays on the thread that looks.
        let runtime = Handle::current();
        let looking = spawn_blocking(move || runtime.block_on(findings(&settings, &engine)));
        Box::pin(async move { looking.await.unwrap_or_default() })
    })
}

async fn findings(settings: &Loaded, engine: &Engine) -> Vec<web::Finding> {
    let facts = match facts::gather_beside(settings, engine).await {
        Ok(facts) => facts,
        Err(failure) => {
            return vec![web::Finding::new(
                "doctor",
                "major",
                failure.message,
                failure.hint,
            )];
        }
    };
    let found = found(&facts).into_iter();
    found
        .map(|(name, (_, state, detail, remedy))| web::Finding::new(name, state, detail, remedy))
        .collect()
}

/// Looks at everything; the answer is no where something of weight is wrong.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    let facts = facts::gather(context).await?;
    let found = found(&facts);
    let of = |wanted: &str| {
        found
            .iter()
            .filter(|(_, (_, state, ..))| *state == wanted)
            .count() as u64
    };
    let (major, minor) = (of("major"), of("minor"));
    if context.json() {
        let checks = found.iter().map(|(name, (_, state, detail, remedy))| {
            let remedy = Some(remedy).filter(|remedy| !remedy.is_empty());
            json!({ "name": name, "state": state, "detail": detail, "remedy": remedy })
        });
        output::json(&json!({
            "ok": major == 0,
            "major": major,
            "minor": minor,
            "checks": checks.collect::<Vec<_>>(),
        }))?;
    } else {
        let lines: Vec<_> = found
            .iter()
            .map(|(name, (mark, _, detail, remedy))| {
                let remedy = if remedy.is_empty() {
                    String::new()
                } else {
                    format!("\n→ {remedy}")
                };
                (format!("{mark} {name}"), format!("{detail}{remedy}"))
            })
            .collect();
        let pairs: Vec<_> = lines
            .iter()
            .map(|(name, text)| (name.as_str(), text.clone()))
            .collect();
        let verdict = match (major, minor) {
            (0, 0) => "✓ all is well".to_owned(),
            (0, minor) => format!(
                "✓ nothing of weight; {} to look at",
                counted(minor, "finding", "findings")
            ),
            (major, 0) => format!("✗ {} of weight", counted(major, "finding", "findings")),
            (major, minor) => format!(
                "✗ {} of weight, and {} to look at",
                counted(major, "finding", "findings"),
                counted(minor, "other", "others")
            ),
        };
        output::line(&format!(
            "{}\n{verdict}",
            table::pairs(&pairs, table::width()).join("\n")
        ))?;
    }
    Ok(if major == 0 { Exit::Ok } else { Exit::No })
}
