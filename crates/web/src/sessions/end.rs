//! `DELETE /v1/sessions/{id}`

use domain::Act;
use domain::Command;

use crate::call::{Answer, Call, no_content};
use crate::openapi::{Doc, Parameter, Reply};
use domain::identity::session::EndSession;

pub(crate) const DOC: Doc = Doc {
    id: "end_session",
    tag: "account",
    summary: "End a session",
    description: "At once and for ever. Ending one that has ended already is no error.",
    parameters: &[&[Parameter::path(
        "id",
        "The session.",
        r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000cc"]}"#,
    )]],
    replies: &[Reply::new("204", "It has ended.", &[])],
    refusals: EndSession::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let session = call.id().await?;
    let command = Command::EndSession(EndSession { session });
    call.app
        .engine
        .submit(call.caller()?, call.origin(), command)
        .await?;
    Ok(no_content())
}
