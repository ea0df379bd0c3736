//! `GET /v1/kyc/{id}`

use domain::identity::Permission;

use super::{KycBody, PATH, UNKNOWN, unknown};
use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "show_kyc",
    tag: "kyc",
    summary: "One KYC record",
    description: "With its documents, and its status by the clock.",
    parameters: &[PATH],
    replies: &[Reply {
        headers: &[("ETag", "The record's version.")],
        ..Reply::new(
            "200",
            "The record.",
            &[Content::new(
                "application/json",
                r##"{"$ref":"#/components/schemas/KycRecord"}"##,
                super::example!(),
            )],
        )
    }],
    problems: &[UNKNOWN],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id("KYC record").await?;
    let identity = call.identity()?;
    let all = identity.principal.holds(Permission::KycRead);
    let found = call.app.engine.kyc_record(id).await?;
    let visible = found.filter(|view| all || view.record.user_id == identity.user.id);
    let view = visible.ok_or_else(|| unknown(id))?;
    Ok(tagged(json(&KycBody::of_view(&view))?, view.version))
}
