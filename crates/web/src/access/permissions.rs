//! `GET /v1/permissions`

use domain::action;
use domain::identity::{Permission, Role, Scope};
use schemars::JsonSchema;
use serde::Serialize;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "list_permissions",
    tag: "access",
    summary: "Permissions: what each allows, who has it",
    description: "For each permission the actions it allows, the roles that hold it and the scopes of API keys that \
                  leave it, and whether the caller has it: what to look at when a request was refused.",
    replies: &[Reply::new(
        "200",
        "Every permission.",
        &[Content::typed::<Output>(
            r#"{"permissions":[{"name":"audit:write","description":"Record events.","actions":["audit.append"],"roles":["admin","sre","developer","compliance","user"],"scopes":["write","admin"],"held":true}]}"#,
        )],
    )],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Output<'a> {
    permissions: Vec<Listed<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Listed<'a> {
    name: &'static str,
    description: &'static str,
    /// Names of the entries about what it allows; reads have none.
    actions: Vec<&'static str>,
    roles: Vec<&'a str>,
    scopes: Vec<&'static str>,
    /// Whether the caller has it now.
    held: bool,
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let rules = call.app.engine.rules();
    let principal = &call.identity()?.principal;
    let listed = Permission::ALL.iter().map(|permission| Listed {
        name: permission.as_str(),
        description: permission.description(),
        actions: action::ALL
            .iter()
            .filter(|action| action.demand.allows_with(*permission))
            .map(|action| action.name)
            .collect(),
        roles: rules.holding(*permission).into_iter().map(Role::as_str).collect(),
        scopes: Scope::holding(*permission)
            .iter()
            .map(|scope| scope.as_str())
            .collect(),
        held: principal.holds(*permission),
    });
    json(&Output {
        permissions: listed.collect(),
    })
}
