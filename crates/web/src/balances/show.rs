//! `GET /v1/balances/{id}`

use domain::custody::Account;
use evidence::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{BalanceBody, LineBody, PATH, example, line};
use crate::call::{Answer, Call, json, tagged};
use crate::custody::{self, Holder, UNKNOWN_BALANCE, Units, not_found};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::problem::Problem;

const AT: &[Parameter] = &[Parameter::query(
    "at",
    "What was posted at this moment, past or present, and the movement that made it so; `null` where there was none \
     yet.",
    r##"{"$ref":"#/components/schemas/Time"}"##,
)];

pub(crate) const DOC: Doc = Doc {
    id: "show_balance",
    tag: "custody",
    summary: "One balance, now or at a moment",
    description: "`available` is `posted` less `held`. A hold that has expired no longer counts, whether or not \
                  that is written down yet.",
    parameters: &[PATH, AT],
    replies: &[Reply {
        headers: &[("ETag", "The balance's version; not with `at`.")],
        ..Reply::new(
            "200",
            "The balance.",
            &[Content::json(
                r##"{"oneOf":[{"$ref":"#/components/schemas/Balance"},{"type":"object","required":["id","asset","account","at","posted","movement"],"additionalProperties":false,"properties":{"id":{"type":"string","format":"uuid"},"asset":{"type":"string"},"account":{"type":"string"},"at":{"$ref":"#/components/schemas/Time"},"posted":{"$ref":"#/components/schemas/Amount"},"movement":{"oneOf":[{"$ref":"#/components/schemas/StatementLine"},{"type":"null"}]}}}]}"##,
                &[
                    ("now", example!()),
                    (
                        "at",
                        concat!(
                            r#"{"id":"01970000-0000-8000-8000-0000000000bb","asset":"BTC","account":"user:01970000-0000-7000-8000-0000000000ab","at":"2026-11-21T09:00:00.000000Z","posted":"2.00000000","movement":"#,
                            line!(),
                            "}"
                        ),
                    ),
                ],
            )],
        )
    }],
    problems: &[UNKNOWN_BALANCE, custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Then<'a> {
    id: Uuid,
    asset: &'a str,
    account: Holder,
    at: Timestamp,
    posted: Units,
    movement: Option<LineBody<'a>>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let at = query.time("at")?;
    let account = custody::visible_balance(&mut call).await?;
    match at {
        Some(at) => then(&call, account, at).await,
        None => now(&call, account.id()).await,
    }
}

/// The balance as it is.
pub(super) async fn now(call: &Call, id: Uuid) -> Answer {
    let found = call.app.engine.balance(id).await?;
    let state =
        found.ok_or_else(|| not_found("unknown_balance", "id", format!("there is no balance {id}")))?;
    Ok(tagged(json(&BalanceBody::of(&state))?, state.version))
}

async fn then(call: &Call, account: Account, at: Timestamp) -> Answer {
    let engine = &call.app.engine;
    let asset = engine.asset(account.asset).await?;
    let asset = asset.ok_or_else(|| Problem::internal(&"the asset of a balance is missing"))?;
    let (posted, line) = engine.posted_at(account.id(), at).await?;
    let movement = match &line {
        Some(line) => {
            let other = line.other(account.id());
            let other = engine.account_of(other).await?;
            let other = other.ok_or_else(|| Problem::internal(&"the balance of an operation is missing"))?;
            Some(LineBody::of(line, Holder(other), asset.digits()))
        }
        None => None,
    };
    json(&Then {
        id: account.id(),
        asset: &asset.code,
        account: Holder(account),
        at,
        posted: Units::of(posted, &asset),
        movement,
    })
}
