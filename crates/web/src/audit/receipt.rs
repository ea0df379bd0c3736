//! `GET /v1/audit/entries/{id}/receipt`

use engine::EntryKey;
use views::Entry;

use crate::call::{Answer, Call, with_type};
use crate::nouns;
use crate::openapi::{Content, Doc, Reply, kept};

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

const SAYS: Doc = Doc {
    id: "show_receipt",
    tag: "audit",
    summary: "The proof that the log holds an entry",
    description: "A C2SP tlog-proof (https://c2sp.org/tlog-proof): index, inclusion path and the newest signed \
                  checkpoint. `probity-verify` checks it with the entry and the log's key, offline.",
    replies: &[Reply::new(
        "200",
        "The receipt.",
        &[Content::new(
            TEXT,
            r#"{"type":"string"}"#,
            "c2sp.org/tlog-proof@v1\nindex 4711\n…\n\nlog.example/audit\n4712\n…\n\n— log.example/audit …\n",
        )],
    )],
    ..Doc::EMPTY
};

pub(crate) const DOC: fn() -> Doc = || Doc {
    parameters: kept(vec![nouns::path::<Entry>()]),
    problems: nouns::unnamed::<Entry>(),
    ..SAYS
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.documented()?;
    let name = nouns::named::<Entry>(&mut call).await?;
    let receipt = match EntryKey::parse(&name) {
        Some(key) => call.app.engine.receipt(key).await?,
        None => None,
    };
    Ok(with_type(
        TEXT,
        receipt.ok_or_else(|| nouns::missing::<Entry>(&name))?,
    ))
}
