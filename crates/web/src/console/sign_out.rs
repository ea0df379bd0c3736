//! `POST /sign-out`: the session ends, and the browser keeps no page of it.

use domain::identity::session::EndSession;
use domain::{Caller, Command};
use http::HeaderValue;
use http::header::{HeaderName, SET_COOKIE};

use crate::call::{Answer, Call};
use crate::console::redirect;
use crate::credential;

/// What the browser forgets: pages. What it keeps beside, such as the checkpoint that it saw last, is what makes it a witness.
const FORGET: (HeaderName, HeaderValue) = (
    HeaderName::from_static("clear-site-data"),
    HeaderValue::from_static("\"cache\""),
);

/// Where whoever signed out is told so.
pub(crate) const SIGNED_OUT: &str = "/sign-in?note=out";

pub(crate) async fn submit(call: Call) -> Answer {
    let caller = call.caller()?;
    let Caller::Session(id) = caller else {
        return Err(credential::missing());
    };
    let command = Command::EndSession(EndSession { session: *id });
    call.app.engine.submit(caller, call.origin(), command).await?;
    let mut response = redirect::to(SIGNED_OUT);
    response
        .headers_mut()
        .insert(SET_COOKIE, credential::REMOVE_COOKIE);
    response.headers_mut().insert(FORGET.0, FORGET.1);
    Ok(response)
}
