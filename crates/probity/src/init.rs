//! `probity init`: everything that is missing is made, and said.

use clap::Args;
use engine::{Engine, InitStep, Initialised};
use serde_json::json;

use crate::config::signing_key;
use crate::context::Context;
use crate::demo::command_prefix;
use crate::failure::{Exit, Failure};
use crate::{how, output};

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
            let _ = output::line(&step_line(context, &step));
        }
        steps.push(step);
    })
    .await?;
    if context.json() {
        output::json(&as_json(&done, &steps))?;
        return Ok(Exit::Ok);
    }
    if let Some(text) = password_box(context, &done, &how::base(context)) {
        output::line(&text)?;
    }
    if say {
        let changed = steps.iter().any(|step| step.changed);
        let prefix = command_prefix(context, false);
        let verdict = if changed { "Ready." } else { "Nothing was missing." };
        output::line(&format!(
            "\n{verdict} The log's verifier key checks every receipt; auditors need it:\n\n{}\n\n\
             Next:\n  {prefix} serve\n  {prefix} user create my-app --role service\n  \
             {prefix} key create --user my-app --name my-app --scopes write\n  \
             {prefix} audit append --actor user:alice --action user.login",
            done.verifier_key
        ))?;
    }
    Ok(Exit::Ok)
}

/// One step, as people see it.
pub fn step_line(context: &Context, step: &InitStep) -> String {
    let state = if step.changed { "made" } else { "is there" };
    // The signing key's verifier key fills a line of its own, in the summary.
    let detail = if step.name == "signing key" {
        key_place(context)
    } else {
        output::plain(&step.detail)
    };
    format!("✓ {:<12} {state:<9} {detail}", step.name)
}

fn key_place(context: &Context) -> String {
    match signing_key() {
        Ok(Some(found)) => format!("from {}", found.source),
        _ => engine::keyfile::path(&context.settings.config.data_dir)
            .display()
            .to_string(),
    }
}

/// The first admin's password in a box, when it was made now, and what to do with it.
pub fn password_box(context: &Context, done: &Initialised, base: &str) -> Option<String> {
    let admin = done.first_admin.as_ref()?;
    let lines = [
        "First admin. This one-time password is shown now and never again:".to_owned(),
        String::new(),
        format!("  user      {}", admin.username),
        format!("  password  {}", admin.password),
    ];
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let rule = "─".repeat(width + 2);
    let inside: String = lines
        .iter()
        .map(|line| format!("│ {line:<width$} │\n"))
        .collect::<Vec<_>>()
        .concat();
    let boxed = format!("\n┌{rule}┐\n{inside}└{rule}┘");
    if context.global.quiet {
        return Some(boxed);
    }
    let name = &admin.username;
    let steps = how::change_password(base, name);
    let program = command_prefix(context, false);
    Some(format!(
        "{boxed}\n\n{steps}\n\nIf it is lost: {program} user recover {name}\n"
    ))
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
