//! `probity role matrix`.

use domain::action::{self, Action};
use domain::identity::rules::RoleRule;
use domain::identity::{Permission, Rules, Scope};
use serde_json::{Value, json};
use views::{Permissions, Viewer};

use super::joined;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::table::{self, Column, Elide, column};

/// Prints the matrix.
pub fn run(context: &Context) -> Result<Exit, Failure> {
    let rules = context.options()?.identity.rules;
    if context.json() {
        output::json(&as_json(&rules))?;
        return Ok(Exit::Ok);
    }
    let width = table::width();
    let mut lines = vec!["What users may do, by their role:".to_owned(), String::new()];
    lines.extend(roles(&rules, width));
    lines.push("What an API key's scopes leave of its owner's role:\n".to_owned());
    let columns = [column("permission", Elide::Never), column("scopes", Elide::End)];
    let rows: Vec<_> = Permission::ALL
        .iter()
        .map(|permission| {
            vec![
                permission.as_str().to_owned(),
                joined(Scope::holding(*permission).iter().map(|one| one.as_str())),
            ]
        })
        .collect();
    lines.extend(table::lines(&columns, &rows, width));
    lines.push("\nWhat each action takes:\n".to_owned());
    let columns = [column("action", Elide::Never), column("takes", Elide::End)];
    let rows: Vec<_> = action::ALL
        .iter()
        .map(|action| vec![action.name.to_owned(), action.demand.words()])
        .collect();
    lines.extend(table::lines(&columns, &rows, width));
    output::line(&lines.join("\n"))?;
    Ok(Exit::Ok)
}

/// Permissions by role: as many roles side by side as there is room for, the others below.
fn roles(rules: &Rules, width: usize) -> Vec<String> {
    const GAP: usize = 2;
    let first = Permission::ALL.iter().map(|one| one.as_str().len()).max();
    let room = width.saturating_sub(first.unwrap_or(0));
    let needed = |group: &[RoleRule]| -> usize {
        let names = group.iter().map(|rule| rule.name.as_str().len() + GAP);
        names.sum()
    };
    // As few groups, and as even ones, as there is room for.
    let all = rules.roles();
    let sizes = (1..=all.len()).map(|groups| all.len().div_ceil(groups));
    let fits = |size: &usize| all.chunks(*size).all(|group| needed(group) <= room);
    let side_by_side = sizes.into_iter().find(fits);
    let mut lines = Vec::new();
    for group in all.chunks(side_by_side.unwrap_or(1)) {
        // A table's titles are of the program; names of roles are of the settings, and a row like any other.
        let columns: Vec<Column> = (0..=group.len()).map(|_| column("", Elide::Never)).collect();
        let names = group.iter().map(|rule| rule.name.as_str().to_owned());
        let mut rows: Vec<Vec<String>> = vec![std::iter::once(String::new()).chain(names).collect()];
        rows.extend(Permission::ALL.iter().map(|permission| {
            let marks = group.iter().map(|rule| {
                let holds = rule.permissions.contains(permission);
                if holds { "✓" } else { "·" }.to_owned()
            });
            std::iter::once(permission.as_str().to_owned())
                .chain(marks)
                .collect()
        }));
        lines.extend(table::lines(&columns, &rows, width).into_iter().skip(1));
        lines.push(String::new());
    }
    lines
}

fn as_json(rules: &Rules) -> Value {
    let takes = |action: &&Action| json!({ "name": action.name, "takes": action.demand.words() });
    json!({
        "permissions": Permissions::of(rules, Viewer::OPERATOR).permissions,
        "actions": action::ALL.iter().map(takes).collect::<Vec<_>>(),
    })
}
