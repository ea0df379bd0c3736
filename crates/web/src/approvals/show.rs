//! `GET /v1/approvals/{id}`

use std::time::Duration;

use views::Approval;

use crate::call::{Answer, Call};
use crate::nouns;
use crate::openapi::{Doc, Parameter, kept};

/// Longest wait, in seconds.
const WAIT_S_MAX: u64 = 30;

const WAIT: &[Parameter] = &[Parameter::query(
    "wait",
    "While the approval is pending, hold the answer until it is decided, for so many seconds at most. Where 1,000 wait \
     already, the answer comes at once, as it does while the server stops: look at `status`, and ask again.",
    r#"{"type":"integer","minimum":0,"maximum":30}"#,
)];

pub(crate) const DOC: fn() -> Doc = || {
    let doc = nouns::show_doc::<Approval>();
    Doc {
        parameters: kept([doc.parameters, &[WAIT]].concat()),
        problems: kept([doc.problems, &[crate::custody::PARAMETER]].concat()),
        ..doc
    }
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let query = call.documented()?;
    let expected = "a whole number of seconds from 0 to 30";
    let seconds = query.read("wait", expected, |text| {
        text.parse().ok().filter(|seconds| *seconds <= WAIT_S_MAX)
    })?;
    // Whoever may not see it learns that at once.
    let answer = nouns::shown::<Approval>(&mut call).await?;
    let Some(seconds) = seconds.filter(|seconds| *seconds > 0) else {
        return Ok(answer);
    };
    let id = call.id().await?;
    let mut closing = call.app.closing();
    let decided = call
        .app
        .engine
        .wait_for_approval(id, Duration::from_secs(seconds));
    tokio::select! {
        decided = decided => decided?,
        () = closing.wait() => {}
    }
    // A key that was revoked meanwhile shows nothing more.
    let principal = call.app.engine.principal(call.caller()?).await?;
    principal.good().map_err(engine::Error::from)?;
    nouns::shown::<Approval>(&mut call).await
}
