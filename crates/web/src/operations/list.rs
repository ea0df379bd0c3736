//! `GET /v1/operations`

use domain::code;
use domain::custody::chain::TX_HASH_LEN_MAX;
use domain::custody::operation::REFERENCE_LEN_MAX;
use domain::custody::{OperationKind, OperationStatus};
use domain::identity::Permission;
use engine::list::OperationFilter;
use engine::list::Order;
use serde::Serialize;
use uuid::Uuid;

use super::example;
use super::shown::{OperationBody, Viewer};
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::custody::{self, NAME_LEN_MAX, UNKNOWN_ASSET, UNKNOWN_BALANCE, UNKNOWN_USER, absent};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::person;
use crate::problem::Problem;
use crate::query::Query;
use views::cursor;

const FILTER: &[Parameter] = &[
    Parameter::query(
        "kind",
        "Only operations of this kind.",
        r#"{"enum":["deposit","withdrawal","transfer","mint","burn","reversal"]}"#,
    ),
    Parameter::query(
        "status",
        "Only operations that stand here by the clock.",
        r#"{"enum":["pending","processing","completed","failed","cancelled","unknown"]}"#,
    ),
    Parameter::query(
        "asset",
        "Only operations of this asset: code or id.",
        r#"{"type":"string","maxLength":36}"#,
    ),
    Parameter::query(
        "user",
        "Only operations from or to balances of this user: id or name, or `me`.",
        r#"{"type":"string","maxLength":254}"#,
    ),
    Parameter::query(
        "balance",
        "Only operations from or to this balance: its id, or with `asset` also `user:<id or name>`, `user:me` or `house:<name>`.",
        r#"{"type":"string","maxLength":260}"#,
    ),
    Parameter::query(
        "tx_hash",
        "Only operations of this transaction, in any spelling.",
        r#"{"type":"string","maxLength":128}"#,
    ),
    Parameter::query(
        "reversed",
        "Only operations that were reversed, or only others.",
        r#"{"type":"boolean"}"#,
    ),
    Parameter::query(
        "parent",
        "Only captures of this pending transfer.",
        r#"{"type":"string","format":"uuid"}"#,
    ),
    Parameter::query(
        "reverses",
        "Only the reversal of this operation.",
        r#"{"type":"string","format":"uuid"}"#,
    ),
    Parameter::query(
        "reference",
        "Only operations with exactly this reference.",
        r#"{"type":"string","maxLength":200}"#,
    ),
    Parameter::query(
        "from",
        "Only operations that were made at this time or later.",
        r##"{"$ref":"#/components/schemas/Time"}"##,
    ),
    Parameter::query(
        "to",
        "Only operations that were made before this time.",
        r##"{"$ref":"#/components/schemas/Time"}"##,
    ),
    Parameter::query(
        "order",
        "Last changed first, or last.",
        r#"{"enum":["desc","asc"],"default":"desc"}"#,
    ),
];

pub(crate) const DOC: Doc = Doc {
    id: "list_operations",
    tag: "custody",
    summary: "Operations, last changed first",
    description: "Operations that fulfil every condition given: all of them for callers who hold `custody:read`, for others \
                  those from or to their own balances.",
    parameters: &[FILTER, page::PARAMETERS],
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page.",
            &[Content::new(
                "application/json",
                r##"{"type":"object","required":["operations","next"],"properties":{"operations":{"type":"array","items":{"$ref":"#/components/schemas/Operation"}},"next":{"type":["string","null"],"description":"Cursor of the next page."}}}"##,
                concat!(r#"{"operations":["#, example!(), r#"],"next":null}"#),
            )],
        )
    }],
    problems: &[
        UNKNOWN_ASSET,
        UNKNOWN_USER,
        UNKNOWN_BALANCE,
        custody::PARAMETER,
        page::BEYOND_END,
    ],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    operations: Vec<OperationBody<'a>>,
    next: Option<String>,
}

/// One of the words of the domain.
fn word<T>(
    query: &Query,
    name: &str,
    read: impl FnOnce(&str, &str) -> Result<T, domain::FieldError>,
) -> Result<Option<T>, Problem> {
    let found = query.get(name).map(|text| read(name, text)).transpose();
    found.map_err(|error| Problem::field(error.field, error.message))
}

async fn filter(call: &Call, query: &Query) -> Result<OperationFilter, Problem> {
    let engine = &call.app.engine;
    let id = |name| query.read(name, "the id of an operation", domain::own_id::parse);
    let mut filter = OperationFilter {
        kind: word(query, "kind", OperationKind::read)?,
        status: word(query, "status", OperationStatus::read)?,
        tx_hash: query.text("tx_hash", TX_HASH_LEN_MAX)?,
        reversed: query.read("reversed", "true or false", |word| word.parse().ok())?,
        parent: id("parent")?,
        reverses: id("reverses")?,
        reference: query.text("reference", REFERENCE_LEN_MAX)?,
        made: custody::times(query)?,
        ..OperationFilter::default()
    };
    if let Some(text) = query.text("asset", NAME_LEN_MAX)? {
        filter.asset = Some(engine.asset_named(&text).await?.id);
    }
    let user = match query.text("user", NAME_LEN_MAX)? {
        Some(text) => Some(person::readable(call, "user", &text, Permission::CustodyRead, false).await?),
        None if custody::reads_all(call)? => None,
        None => Some(call.identity()?.user.id),
    };
    filter.balances = match user {
        Some(user) => Some(engine.balances_of(user).await?),
        None => None,
    };
    if let Some(text) = query.text("balance", NAME_LEN_MAX + "user:".len())? {
        let id = balance(call, &text, filter.asset).await?;
        let among = filter
            .balances
            .as_ref()
            .is_none_or(|balances| balances.contains(&id));
        filter.balances = Some(if among { vec![id] } else { vec![] });
    }
    Ok(filter)
}

/// The balance that a text means, where the caller may see it.
async fn balance(call: &Call, text: &str, asset: Option<Uuid>) -> Result<Uuid, Problem> {
    let engine = &call.app.engine;
    let by_name = custody::by_name(call)?;
    let named = custody::account(call, text.to_owned())?;
    let account = engine.account_named("balance", &named, asset, by_name).await?;
    let own = Some(call.identity()?.user.id);
    if custody::reads_all(call)? || account.user() == own {
        return Ok(account.id());
    }
    Err(absent(
        &code::UNKNOWN_BALANCE,
        "balance",
        format_args!("balance {text}"),
    ))
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let order = page::order(&query, Order::Descending)?;
    let (after, limit) = page::of_places(&query, order)?;
    page::within_log(&call.app.engine, "cursor", after.map(|place| place.entry)).await?;
    let filter = filter(&call, &query).await?;
    let (found, next) = call.app.engine.operations(&filter, order, after, limit).await?;
    let next = next.map(|place| cursor::encode_place(order, place.entry, place.id));
    let viewer = Viewer::of(&call)?;
    let mut response = json(&Output {
        operations: found.iter().map(|view| OperationBody::of(view, viewer)).collect(),
        next: next.clone(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
