//! `probity doctor`: what is wrong with this installation, and what to do about it.

mod checks;
pub mod facts;
#[cfg(test)]
mod tests;

use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table;
use checks::{CHECKS, Verdict};

/// What is shown of a check: a mark, a word for programs, what was found, what to do.
fn shown(verdict: Verdict) -> (char, &'static str, String, String) {
    match verdict {
        Verdict::Good(detail) => ('✓', "good", detail, String::new()),
        Verdict::Minor(detail, remedy) => ('!', "minor", detail, remedy),
        Verdict::Major(detail, remedy) => ('✗', "major", detail, remedy),
        Verdict::NotChecked(why) => ('·', "not_checked", why.to_owned(), String::new()),
    }
}

/// Looks at everything; the answer is no where something of weight is wrong.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    let facts = facts::gather(context).await?;
    let found: Vec<_> = CHECKS
        .iter()
        .map(|check| (check.name, shown((check.look)(&facts))))
        .collect();
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
