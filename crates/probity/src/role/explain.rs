//! `probity role explain`.

use clap::Args;
use domain::action::{self, Action, Demand};
use domain::identity::{Permission, Rules};
use serde_json::json;
use views::{PermissionView, Viewer};

use super::joined;
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
    if let Some(permission) = Permission::parse(word) {
        let view = PermissionView::of(permission, &rules, Viewer::OPERATOR);
        if context.json() {
            output::json(&view)?;
            return Ok(Exit::Ok);
        }
        let actions = if view.actions.is_empty() {
            "reading".to_owned()
        } else {
            view.actions.join(", ")
        };
        let mut pairs = about(&view);
        pairs.push(("Actions", actions));
        pairs.extend(refusals(&[permission]));
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
        return Ok(Exit::Ok);
    }
    let found = action::ALL.iter().copied();
    let actions: Vec<_> = found
        .filter(|action| action.name == word || action.refused == word)
        .collect();
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
    let all = Permission::ALL.iter().copied();
    let needed: Vec<_> = all
        .filter(|permission| action.demand.allows_with(*permission))
        .collect();
    let views = needed.iter();
    let views: Vec<_> = views
        .map(|one| PermissionView::of(*one, rules, Viewer::OPERATOR))
        .collect();
    if context.json() {
        return output::json(&json!({
            "action": action.name,
            "refused": action.refused,
            "takes": action.demand.words(),
            "permissions": views,
        }));
    }
    let mut pairs = vec![
        ("Action", action.name.to_owned()),
        ("Takes", action.demand.words()),
    ];
    if action.refused != action.name {
        pairs.push(("If refused", format!("recorded as {}", action.refused)));
    }
    for view in &views {
        pairs.push(("", String::new()));
        pairs.extend(about(view));
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

fn about(view: &PermissionView) -> Vec<(&'static str, String)> {
    let scopes = joined(view.scopes.iter().map(|scope| scope.as_str()));
    vec![
        ("Permission", view.name.as_str().to_owned()),
        ("Is to", view.description.to_owned()),
        ("Roles", joined(view.roles.iter().map(String::as_str))),
        ("Scopes", format!("{scopes} (of API keys)")),
    ]
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
