//! `probity init`: everything that is missing is made, and said.

use clap::Args;
use engine::{Engine, InitStep, Initialised};
use serde_json::json;

use crate::context::Context;
use crate::demo::command_prefix;
use crate::failure::{Exit, Failure};
use crate::output;

/// Arguments of `probity init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Name of the log, the first line of its checkpoints; used when the log is made
    #[arg(long, value_name = "NAME")]
    pub origin: Option<String>,
}

/// Sets up, step by step.
pub async fn run(context: &Context, args: InitArgs) -> Result<Exit, Failure> {
    let mut options = context.options()?;
    options.origin = args.origin;
    let mut steps = Vec::new();
    let say = !context.json() && !context.global.quiet;
    let done = Engine::init(&options, &mut |step: InitStep| {
        if say {
            // A closed output is met again, and reported, with the summary.
            let _ = output::line(&step_line(&step));
        }
        steps.push(step);
    })
    .await?;
    if context.json() {
        output::json(&as_json(&done, &steps))?;
        return Ok(Exit::Ok);
    }
    if let Some(text) = password_box(&done) {
        output::line(&text)?;
    }
    if say {
        let changed = steps.iter().any(|step| step.changed);
        let prefix = command_prefix(context);
        let verdict = if changed { "Ready." } else { "Nothing was missing." };
        output::line(&format!(
            "\n{verdict} Keep the verifier key where auditors find it: it checks every receipt.\n\n  \
             {}\n\nNext:\n  {prefix} serve\n  {prefix} key create --name my-app --scopes read,write\n  \
             {prefix} audit append --actor user:alice --action user.login",
            done.verifier_key
        ))?;
    }
    Ok(Exit::Ok)
}

/// One step, as people see it.
pub fn step_line(step: &InitStep) -> String {
    let state = if step.changed { "made" } else { "is there" };
    let indent = " ".repeat(4);
    let detail = output::plain(&step.detail);
    // A verifier key does not fit on the line.
    let gap = if detail.chars().count() > 50 { format!("\n{indent}") } else { " ".to_owned() };
    format!("✓ {:<12} {state:<9}{gap}{detail}", step.name)
}

/// The first admin's password in a box, when it was made now.
pub fn password_box(done: &Initialised) -> Option<String> {
    let admin = done.first_admin.as_ref()?;
    let lines = [
        "First admin. This one-time password is shown now and never again:".to_owned(),
        String::new(),
        format!("  user      {}", admin.username),
        format!("  password  {}", admin.password),
    ];
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let rule = "─".repeat(width + 2);
    let mut text = format!("\n┌{rule}┐\n");
    for line in lines {
        text.push_str(&format!("│ {line:<width$} │\n"));
    }
    text.push_str(&format!("└{rule}┘"));
    Some(text)
}

/// What was done, for programs.
pub fn as_json(done: &Initialised, steps: &[InitStep]) -> serde_json::Value {
    let steps: Vec<_> = steps
        .iter()
        .map(|step| json!({ "name": step.name, "detail": step.detail, "changed": step.changed }))
        .collect();
    let admin = done.first_admin.as_ref();
    json!({
        "steps": steps,
        "origin": done.origin,
        "verifier_key": done.verifier_key.to_string(),
        "database_version": done.version,
        "first_admin": admin.map(|admin| json!({ "username": admin.username, "password": admin.password })),
    })
}
