//! `GET /v1/audit/entries/{id}/receipt`

use crate::audit::show::{ID, MISSING, key, missing};
use crate::call::{Answer, Call, with_type};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

pub(crate) const DOC: Doc = Doc {
    id: "show_receipt",
    tag: "audit",
    summary: "The proof that the log holds an entry",
    description: "A C2SP tlog-proof (https://c2sp.org/tlog-proof): index, inclusion path and the newest signed \
                  checkpoint. `probity-verify` checks it with the entry and the log's key, offline.",
    parameters: &[ID],
    replies: &[Reply::new(
        "200",
        "The receipt.",
        &[Content::new(
            TEXT,
            r#"{"type":"string"}"#,
            "c2sp.org/tlog-proof@v1\nindex 4711\n…\n\nlog.example/audit\n4712\n…\n\n— log.example/audit …\n",
        )],
    )],
    problems: MISSING,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let text = call.path().await?;
    let receipt = call
        .app
        .engine
        .receipt(key(&text)?)
        .await?
        .ok_or_else(|| missing(&text))?;
    Ok(with_type(TEXT, receipt))
}
