//! `POST /v1/auth/logout`
use domain::{Act, Caller, Command};
use http::header::SET_COOKIE;

use crate::call::{Answer, Call, no_content};
use crate::credential;
use crate::openapi::{Doc, Reply};
use domain::identity::session::EndSession;

pub(crate) const DOC: Doc = Doc {
    id: "log_out",
    tag: "account",
    summary: "Log out",
    description: "Ends the session that calls, at once and for ever.",
    replies: &[Reply {
        headers: &[("Set-Cookie", "Removes the cookie.")],
        ..Reply::new("204", "The session has ended.", &[])
    }],
    refusals: EndSession::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let caller = call.caller()?;
    let Caller::Session(id) = caller else {
        return Err(credential::missing());
    };
    let command = Command::EndSession(EndSession { session: *id });
    call.app.engine.submit(caller, call.origin(), command).await?;
    let mut response = no_content();
    response
        .headers_mut()
        .insert(SET_COOKIE, credential::REMOVE_COOKIE);
    Ok(response)
}
