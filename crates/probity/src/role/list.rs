//! `probity role list`.

use views::{RoleView, Roles};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{output, table};

pub fn run(context: &Context) -> Result<Exit, Failure> {
    let roles = Roles::of(&context.options()?.identity.rules);
    if context.json() {
        output::json(&roles)?;
        return Ok(Exit::Ok);
    }
    let pairs = roles.roles.iter().map(|role| (role.name.as_str(), text(role)));
    let pairs: Vec<_> = pairs.collect();
    output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    Ok(Exit::Ok)
}

fn text(role: &RoleView) -> String {
    let kind = if role.built_in { "built in" } else { "own" };
    let factor = if role.second_factor {
        ", needs a second factor"
    } else {
        ""
    };
    let words: Vec<_> = role.permissions.iter().map(|one| one.as_str()).collect();
    let may = if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(" ")
    };
    let text = format!("{} ({kind}{factor})\n{may}", role.description);
    text.trim_start().to_owned()
}
