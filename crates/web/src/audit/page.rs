//! Pages: how many, from where, and the link to the next.

use std::num::NonZeroU64;

use axum::body::Body;
use engine::Engine;
use engine::list::Order;
use http::header::LINK;
use http::{HeaderValue, Response, Uri};

pub(crate) use crate::listed::BEYOND_END;
use crate::openapi::Parameter;
use crate::problem::Problem;
use crate::query::Query;
use views::{Paging, Place};

/// Most entries of a page.
const LIMIT_MAX: u32 = 1_000;
const LIMIT_USUAL: u32 = 50;

/// Parameters of every list.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::query(
        "limit",
        "How many at most.",
        r#"{"type":"integer","minimum":1,"maximum":1000,"default":50}"#,
    ),
    Parameter::query(
        "cursor",
        "Where to go on: `next` of the page before.",
        r#"{"type":"string"}"#,
    ),
];

/// How many are asked for at most.
pub(crate) fn limit(query: &Query) -> Result<u32, Problem> {
    let read = |text: &str| {
        let number = crate::query::decimal(text).and_then(|number| u32::try_from(number).ok())?;
        (1..=LIMIT_MAX).contains(&number).then_some(number)
    };
    let limit = query.read("limit", &format!("a whole number from 1 to {LIMIT_MAX}"), read)?;
    Ok(limit.unwrap_or(LIMIT_USUAL))
}

/// Refuses to go on after an entry that the log does not have: it was put back, or is another one. An answer without
/// entries would look like a log in which nothing happens.
pub(crate) async fn within_log(engine: &Engine, field: &str, after: Option<u64>) -> Result<(), Problem> {
    let Some(index) = after else { return Ok(()) };
    // What this process remembers does not count: another may have written more, and the log may have been put back.
    let size = engine.size_now().await?;
    if index < size {
        return Ok(());
    }
    let detail = format!("there is no entry {index} to go on after: the log has {size} entries");
    Err(Problem {
        field: Some(field.to_owned()),
        size: NonZeroU64::new(size),
        ..Problem::of(BEYOND_END, detail)
    })
}

/// The header of every list's answer.
pub(crate) const LINK_HEADER: (&str, &str) = (
    "Link",
    "The next page, `rel=\"next\"` (RFC 8288), where there is one.",
);

/// Reads which page is asked for, in this order.
pub(crate) fn read<P: Place>(query: &Query, order: Order) -> Result<Paging<P>, Problem> {
    Ok(Paging {
        order,
        after: after(query, order)?,
        limit: Some(limit(query)?),
        ..Paging::ALL
    })
}

/// Reads behind which place the page begins.
pub(crate) fn after<P: Place>(query: &Query, order: Order) -> Result<Option<P>, Problem> {
    cursor(query, |word| P::decode(order, word))
}

/// The same, by what reads the word of a place.
pub(crate) fn cursor<P>(query: &Query, decode: impl FnOnce(&str) -> Option<P>) -> Result<Option<P>, Problem> {
    query.read(
        "cursor",
        "`next` of a page of the same list in the same order",
        decode,
    )
}

/// The parameter for the order of a list.
pub(crate) fn order_of(usual: Order) -> Parameter {
    Parameter::query(
        "order",
        "Newest first, or oldest first, as the log has them.",
        match usual {
            Order::Descending => r#"{"enum":["desc","asc"],"default":"desc"}"#,
            Order::Ascending => r#"{"enum":["asc","desc"],"default":"asc"}"#,
        },
    )
}

/// Reads in which order a list is asked for.
pub(crate) fn order(query: &Query, usual: Order) -> Result<Order, Problem> {
    let order = query.read("order", "asc or desc", |word| match word {
        "desc" => Some(Order::Descending),
        "asc" => Some(Order::Ascending),
        _ => None,
    })?;
    Ok(order.unwrap_or(usual))
}

/// Adds the header `Link` (RFC 8288) to the next page: the same query with another cursor.
pub(crate) fn link(response: &mut Response<Body>, uri: &Uri, next: Option<&str>) {
    let Some(next) = next else { return };
    let mut link = format!("<{}?", uri.path());
    for pair in uri.query().unwrap_or_default().split('&') {
        if !pair.is_empty() && pair != "cursor" && !pair.starts_with("cursor=") {
            link.push_str(pair);
            link.push('&');
        }
    }
    link.push_str("cursor=");
    link.push_str(next);
    link.push_str(">; rel=\"next\"");
    if let Ok(value) = HeaderValue::try_from(link) {
        response.headers_mut().insert(LINK, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_keeps_the_query() {
        let cases = [
            ("/v1/audit/entries", "</v1/audit/entries?cursor=N>; rel=\"next\""),
            (
                "/v1/audit/entries?cursor=O",
                "</v1/audit/entries?cursor=N>; rel=\"next\"",
            ),
            (
                "/x?actor=a%20b&cursor=O&limit=2",
                "</x?actor=a%20b&limit=2&cursor=N>; rel=\"next\"",
            ),
        ];
        for (uri, expected) in cases {
            let mut response = Response::new(Body::empty());
            link(&mut response, &uri.parse().unwrap(), Some("N"));
            assert_eq!(response.headers()[LINK], expected);
        }
    }

    #[test]
    fn the_limit_has_bounds() {
        let limit = |raw: &str| {
            let query = Query::parse(Some(raw), &[PARAMETERS])?;
            read::<u64>(&query, Order::Descending).map(|paging| paging.limit)
        };
        for (raw, expected) in [("", 50), ("limit=1", 1), ("limit=1000", 1_000)] {
            assert_eq!(limit(raw).unwrap(), Some(expected));
        }
        for raw in [
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=1e2",
            "limit=99999999999999999999",
            "cursor=x",
        ] {
            assert_eq!(
                limit(raw).unwrap_err().field.as_deref(),
                raw.split('=').next(),
                "{raw}"
            );
        }
    }
}
