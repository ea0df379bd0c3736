//! `probity role list`.

use domain::identity::rules::RoleRule;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{output, table};

pub fn run(context: &Context) -> Result<Exit, Failure> {
    let identity = context.options()?.identity;
    let roles = identity.rules.roles();
    if context.json() {
        let roles: Vec<_> = roles.iter().map(as_json).collect();
        output::json(&json!({ "roles": roles }))?;
    } else {
        let pairs: Vec<_> = roles
            .iter()
            .map(|rule| (rule.name.as_str(), text(rule)))
            .collect();
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    Ok(Exit::Ok)
}

fn words(rule: &RoleRule) -> Vec<&'static str> {
    rule.permissions
        .iter()
        .map(|permission| permission.as_str())
        .collect()
}

fn text(rule: &RoleRule) -> String {
    let kind = if rule.built_in { "built in" } else { "own" };
    let factor = if rule.second_factor {
        ", needs a second factor"
    } else {
        ""
    };
    let description = if rule.description.is_empty() {
        String::new()
    } else {
        format!("{} ", rule.description)
    };
    let words = words(rule);
    let may = if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(" ")
    };
    format!("{description}({kind}{factor})\n{may}")
}

fn as_json(rule: &RoleRule) -> Value {
    json!({
        "name": rule.name.as_str(),
        "description": rule.description,
        "permissions": words(rule),
        "second_factor": rule.second_factor,
        "built_in": rule.built_in,
    })
}
