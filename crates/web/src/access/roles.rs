//! `GET /v1/roles`

use views::Roles;

use crate::call::{Answer, Call, json};
use crate::openapi::{Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "list_roles",
    tag: "access",
    summary: "Roles: what each may do",
    description: "The built-in roles, then those that this installation's configuration adds.",
    replies: &[Reply::shown::<Roles>("200", "Every role.")],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    json(&Roles::of(call.app.engine.rules()))
}
