//! `GET /v1/approvals/{id}/evidence`

use views::Approval;

use crate::audit::export::{BundleParts, file, permit};
use crate::call::{Answer, Call};
use crate::listed::TOO_MANY_EXPORTS;
use crate::nouns;
use crate::openapi::{Content, Doc, Reply, kept};

const BUNDLE: &[Content] = &[Content::new(
    "application/vnd.probity.bundle+jsonl",
    r#"{"type":"string"}"#,
    "{\"bundle\":…}\n",
)];

pub(crate) const DOC: fn() -> Doc = || Doc {
    id: "show_evidence_of_approval",
    tag: "approvals",
    summary: "What proves an approval",
    description: "One evidence bundle: request, votes, use and outcome, and the policies that it was decided by, each entry \
                  with its inclusion proof. `probity-verify bundle FILE --key KEY` says offline who approved exactly what, \
                  when, under which policies, that it was used once, and what came of it, or which of these is missing; with \
                  `--review` what that is worth.",
    parameters: kept(vec![nouns::path::<Approval>()]),
    replies: kept(vec![Reply {
        headers: &[("Content-Disposition", "A name for the file.")],
        ..Reply::new("200", "The file.", BUNDLE)
    }]),
    problems: kept([nouns::unnamed::<Approval>(), &[TOO_MANY_EXPORTS]].concat()),
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.documented()?;
    let id = call.id().await?;
    let permit = permit(&call.app)?;
    let bundle = call.app.engine.approval_evidence(id).await?;
    let bundle = bundle.ok_or_else(|| nouns::missing::<Approval>(&id.to_string()))?;
    let name = format!("approval-{id}.bundle.jsonl");
    let media = "application/vnd.probity.bundle+jsonl";
    file(permit, media, &name, BundleParts(bundle)).await
}
