//! `probity db check`: seven steps through the database as it is, each said as it is taken.

use std::time::Duration;

use engine::drill::{STEPS, Taken};
use serde_json::json;

use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::verb::NoArgs;
use crate::{output, table};

pub async fn run(context: &Context, _: NoArgs) -> Result<Exit, Failure> {
    let mut steps = Vec::new();
    let ok = context
        .with_engine(async |engine| {
            let mut report = |step: Taken| {
                if !context.json() {
                    // A closed output is met again, and reported, with the verdict.
                    let _ = output::line(&text(&step));
                }
                steps.push(step);
            };
            Ok(engine.drill(&caller(), &mut report).await?)
        })
        .await?;
    if context.json() {
        let shown = |step: &Taken| {
            json!({
                "number": step.number,
                "name": step.name,
                "ok": step.ok,
                "detail": step.detail,
                "us": u64::try_from(step.took.as_micros()).unwrap_or(u64::MAX),
            })
        };
        output::json(&json!({ "ok": ok, "steps": steps.iter().map(shown).collect::<Vec<_>>() }))?;
    } else {
        let took = steps.iter().map(|step| step.took).sum();
        let verdict = if ok {
            "✓ the database works"
        } else {
            "✗ the database does not work"
        };
        output::line(&format!(
            "{verdict}: {} of {} steps, {}",
            good(&steps),
            STEPS.len(),
            millis(took)
        ))?;
    }
    Ok(if ok { Exit::Ok } else { Exit::No })
}

fn good(steps: &[Taken]) -> usize {
    steps.iter().filter(|step| step.ok).count()
}

fn text(step: &Taken) -> String {
    let mark = if step.ok { '✓' } else { '✗' };
    let head = format!("{mark} {} {:<8} {:>9}", step.number, step.name, millis(step.took));
    table::pairs(&[(&head, step.detail.clone())], table::width()).join("\n")
}

/// A time in thousandths of a second, to the tenth.
fn millis(took: Duration) -> String {
    let tenths = took.as_micros() / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}
