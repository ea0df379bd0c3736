//! `GET /v1/permissions`

use views::{Permissions, Viewer};

use crate::call::{Answer, Call, json};
use crate::openapi::{Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "list_permissions",
    tag: "access",
    summary: "Permissions: what each allows, who has it",
    description: "For each permission the actions it allows, the roles that hold it and the scopes of API keys that \
                  leave it, and whether the caller has it: what to look at when a request was refused.",
    replies: &[Reply::shown::<Permissions>("200", "Every permission.")],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let viewer = Viewer::of(call.identity()?);
    json(&Permissions::of(call.app.engine.rules(), viewer))
}
