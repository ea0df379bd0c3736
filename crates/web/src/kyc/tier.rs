//! `GET /v1/kyc/tier`

use domain::custody::kyc::TIER_MAX;
use domain::identity::Permission;
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::{custody, person};

pub(crate) const DOC: Doc = Doc {
    id: "show_tier",
    tag: "kyc",
    summary: "The tier of a user at a moment",
    description: "Past, present or future, by the approvals that there are now: 0 without one that is good.",
    parameters: &[&[
        Parameter::query(
            "user",
            "Whose: `me`, an id, or a name for callers who may read users; oneself unless given.",
            person::SCHEMA,
        ),
        Parameter::query_of::<Timestamp>("at", "When; now unless given."),
    ]],
    replies: &[Reply::new(
        "200",
        "The tier.",
        &[Content::typed::<Output>(
            r#"{"user":"01970000-0000-7000-8000-0000000000ab","at":"2026-11-20T08:00:00.000000Z","tier":1}"#,
        )],
    )],
    problems: &[custody::UNKNOWN_USER, custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Output {
    user: Uuid,
    at: Timestamp,
    #[schemars(range(max = TIER_MAX))]
    tier: u64,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let at = query.time("at")?.unwrap_or_else(engine::now);
    let text = query.text("user", custody::NAME_LEN_MAX)?;
    let user = person::readable(
        &call,
        "user",
        text.as_deref().unwrap_or("me"),
        Permission::KycRead,
        false,
    )
    .await?;
    let tier = call.app.engine.tier_at(user, at).await?;
    json(&Output { user, at, tier })
}
