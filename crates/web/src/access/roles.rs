//! `GET /v1/roles`

use domain::identity::Permission;
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
        &[Content::new(
            "application/json",
            r#"{"type":"object","required":["roles"],"properties":{"roles":{"type":"array","items":{"type":"object","required":["name","description","permissions","second_factor","built_in"],"properties":{"name":{"type":"string"},"description":{"type":"string"},"permissions":{"type":"array","items":{"type":"string"}},"second_factor":{"type":"boolean","description":"Whether its users must log in with a second factor."},"built_in":{"type":"boolean"}}}}}}"#,
            r#"{"roles":[{"name":"viewer","description":"Looks","permissions":["audit:read"],"second_factor":false,"built_in":true}]}"#,
        )],
    )],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    roles: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    description: &'a str,
    permissions: Vec<&'static str>,
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
