//! `GET /v1/balances`

use serde::Serialize;
use store::custody::BalanceFilter;

use super::{BalanceBody, example};
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::custody::{self, NAME_LEN_MAX, UNKNOWN_ASSET, UNKNOWN_USER};
use crate::openapi::{Content, Doc, Parameter, Reply};
use views::cursor;

const FILTER: &[Parameter] = &[
    Parameter::query(
        "asset",
        "Only balances of this asset: code or id.",
        r#"{"type":"string","maxLength":36}"#,
    ),
    Parameter::query(
        "user",
        "Only balances of this user: id or name, or `me`.",
        r#"{"type":"string","maxLength":254}"#,
    ),
    Parameter::query(
        "house",
        "Only house accounts, or only those of users.",
        r#"{"enum":["true","false"]}"#,
    ),
];

pub(crate) const DOC: Doc = Doc {
    id: "list_balances",
    tag: "custody",
    summary: "Balances",
    description: "All balances for who holds `custody:read`, one's own for others; in the order of their ids.",
    parameters: &[FILTER, page::PARAMETERS],
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page.",
            &[Content::new(
                "application/json",
                r##"{"type":"object","required":["balances","next"],"properties":{"balances":{"type":"array","items":{"$ref":"#/components/schemas/Balance"}},"next":{"type":["string","null"],"description":"Cursor of the next page."}}}"##,
                concat!(r#"{"balances":["#, example!(), r#"],"next":null}"#),
            )],
        )
    }],
    problems: &[UNKNOWN_ASSET, UNKNOWN_USER, custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    balances: Vec<BalanceBody<'a>>,
    next: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let engine = &call.app.engine;
    let (after, limit) = page::of_ids(&query)?;
    let mut filter = BalanceFilter {
        house: query.read("house", "true or false", |text| text.parse().ok())?,
        ..BalanceFilter::default()
    };
    if let Some(text) = query.text("asset", NAME_LEN_MAX)? {
        filter.asset = Some(engine.asset_named(&text).await?.id);
    }
    filter.user = match query.text("user", NAME_LEN_MAX)? {
        Some(text) => Some(custody::user(&call, "user", &text).await?),
        None if custody::reads_all(&call)? => None,
        None => Some(call.identity()?.user.id),
    };
    let mut found = engine.balances(&filter, after, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found
        .last()
        .filter(|_| more)
        .map(|state| cursor::encode_id(state.balance.id));
    let mut response = json(&Output {
        balances: found.iter().map(BalanceBody::of).collect(),
        next: next.clone(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
