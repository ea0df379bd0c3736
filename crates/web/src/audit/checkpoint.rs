//! `GET /v1/audit/checkpoint`

use crate::audit::receipt::TEXT;
use crate::call::{Answer, Call, with_type};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const REPLIES: &[Reply] = &[Reply::new(
    "200",
    "The checkpoint.",
    &[Content::new(
        TEXT,
        r#"{"type":"string"}"#,
        "log.example/audit\n4712\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— log.example/audit …\n",
    )],
)];

pub(crate) const DOC: Doc = Doc {
    id: "show_checkpoint",
    tag: "audit",
    summary: "The newest checkpoint",
    description: "A C2SP signed note (https://c2sp.org/tlog-checkpoint): name, size and root of the log, signed \
                  in the transaction that wrote the last entry.",
    replies: REPLIES,
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    Ok(with_type(TEXT, call.app.engine.checkpoint().await?))
}
