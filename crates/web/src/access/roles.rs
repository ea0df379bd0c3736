//! `GET /v1/roles`

use domain::identity::Permission;
use schemars::JsonSchema;
use serde::Serialize;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "list_roles",
    tag: "access",
    summary: "Roles: what each may do",
    description: "The built-in roles, then those that this installation's configuration adds.",
    replies: &[Reply::new(
        "200",
        "Every role.",
        &[Content::typed::<Output>(
            r#"{"roles":[{"name":"viewer","description":"Looks","permissions":["audit:read"],"second_factor":false,"built_in":true}]}"#,
        )],
    )],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Output<'a> {
    roles: Vec<Listed<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Listed<'a> {
    name: &'a str,
    description: &'a str,
    permissions: Vec<&'static str>,
    /// Whether its users must log in with a second factor.
    second_factor: bool,
    built_in: bool,
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let roles = call.app.engine.rules().roles().iter().map(|rule| Listed {
        name: rule.name.as_str(),
        description: &rule.description,
        permissions: rule.permissions.iter().copied().map(Permission::as_str).collect(),
        second_factor: rule.second_factor,
        built_in: rule.built_in,
    });
    json(&Output {
        roles: roles.collect(),
    })
}
