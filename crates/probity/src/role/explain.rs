//! `probity role explain`.

use clap::Args;
use domain::action::{self, Action, Demand};
use domain::identity::{Permission, Rules};
use serde_json::{Value, json};

use super::joined;
use super::matrix::scopes;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{output, table};

/// Arguments of `probity role explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A permission such as users:write, or an action such as user.set_role
    #[arg(value_name = "PERMISSION|ACTION")]
    word: String,
}

pub fn run(context: &Context, args: &ExplainArgs) -> Result<Exit, Failure> {
    let rules = context.options()?.identity.rules;
    let word = args.word.as_str();
    let found = action::ALL.iter().copied();
    let actions: Vec<_> = found
        .filter(|action| action.name == word || action.refused == word)
        .collect();
    if let Some(permission) = Permission::parse(word) {
        let allowed = action::ALL.iter().copied();
        let allowed: Vec<_> = allowed
            .filter(|action| permissions(action.demand).contains(&permission))
            .collect();
        if context.json() {
            let mut value = as_json(permission, &rules);
            value["actions"] = allowed.iter().map(|action| action.name).collect();
            output::json(&value)?;
        } else {
            let mut pairs = about(permission, &rules);
            let names: Vec<_> = allowed.iter().map(|action| action.name).collect();
            pairs.push((
                "Actions",
                if names.is_empty() {
                    "reading".to_owned()
                } else {
                    joined(&names)
                },
            ));
            pairs.extend(refusals(&[permission]));
            output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
        }
        return Ok(Exit::Ok);
    }
    if actions.is_empty() {
        let message = format!("there is no permission or action {word:?}");
        let hint = "see what there is: probity role matrix";
        return Err(Failure::no("unknown_permission", message, hint));
    }
    for action in actions {
        explain(context, action, &rules)?;
    }
    Ok(Exit::Ok)
}

fn explain(context: &Context, action: &Action, rules: &Rules) -> Result<(), Failure> {
    let needed = permissions(action.demand);
    if context.json() {
        let needed: Vec<_> = needed.iter().map(|one| as_json(*one, rules)).collect();
        return output::json(&json!({
            "action": action.name,
            "refused": action.refused,
            "takes": action.demand.words(),
            "permissions": needed,
        }));
    }
    let mut pairs = vec![
        ("Action", action.name.to_owned()),
        ("Takes", action.demand.words()),
    ];
    if action.refused != action.name {
        pairs.push(("If refused", format!("recorded as {}", action.refused)));
    }
    for permission in &needed {
        pairs.push(("", String::new()));
        pairs.extend(about(*permission, rules));
    }
    pairs.push(("", String::new()));
    pairs.extend(match action.demand {
        Demand::Credentials => vec![(
            "Refused",
            "where the credentials are wrong, used up or expired; too many attempts have to wait".to_owned(),
        )],
        Demand::System => vec![("Refused", "to every caller".to_owned())],
        _ => refusals(&needed),
    });
    output::line(&table::pairs(&pairs, table::width()).join("\n"))
}

/// The permissions that an action may take.
fn permissions(demand: Demand) -> Vec<Permission> {
    match demand {
        Demand::Permission(one) | Demand::OwnSessionOr(one) => vec![one],
        Demand::OwnOr(own, all) | Demand::Vote(own, all) => vec![own, all],
        Demand::Session | Demand::SecondFactor | Demand::Credentials | Demand::System => Vec::new(),
    }
}

fn holders(permission: Permission, rules: &Rules) -> Vec<&str> {
    rules
        .holding(permission)
        .iter()
        .map(|role| role.as_str())
        .collect()
}

fn about(permission: Permission, rules: &Rules) -> Vec<(&'static str, String)> {
    vec![
        ("Permission", permission.as_str().to_owned()),
        ("Is to", permission.description().to_owned()),
        ("Roles", joined(&holders(permission, rules))),
        ("Scopes", format!("{} (of API keys)", joined(&scopes(permission)))),
    ]
}

fn as_json(permission: Permission, rules: &Rules) -> Value {
    json!({
        "permission": permission.as_str(),
        "description": permission.description(),
        "roles": holders(permission, rules),
        "scopes": scopes(permission),
    })
}

/// Why somebody is refused, by the code of the refusal, and what can be done.
fn refusals(needed: &[Permission]) -> Vec<(&'static str, String)> {
    let mut reasons = Vec::new();
    if needed.is_empty() {
        reasons.push("session_needed: it is for one's own account; log in, and use the session".to_owned());
    } else {
        reasons.push(
            "permission_missing: the user's role is none of those; probity user role NAME ROLE".to_owned(),
        );
        reasons.push(
            "scope_missing: the API key has none of those scopes; probity key create --scopes SCOPE"
                .to_owned(),
        );
    }
    reasons.push(
        "password_change_required, second_factor_required: the session must do that first, POST /v1/me/…"
            .to_owned(),
    );
    let users = [Permission::UsersWrite, Permission::ApiKeysWrite];
    if needed.iter().any(|one| users.contains(one)) {
        reasons.push(
            "exceeds_own: the user concerned may do more than the caller; ask someone who may as much"
                .to_owned(),
        );
    }
    let mut titles = std::iter::once("Refused").chain(std::iter::repeat(""));
    reasons
        .into_iter()
        .map(|reason| (titles.next().unwrap_or_default(), reason))
        .collect()
}
