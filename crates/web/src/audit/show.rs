//! `GET /v1/audit/entries/{id}`

use engine::EntryKey;
use evidence::Entry;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply, listed};
use crate::problem::Problem;
use crate::query::decimal;

pub(crate) const ID: &[Parameter] = &[Parameter::path(
    "id",
    "Id of the entry, or its index.",
    r#"{"type":"string","pattern":"^(0|[1-9][0-9]{0,17}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$","examples":["01970000-0000-7000-8000-000000000001","4711"]}"#,
)];

pub(crate) const MISSING: &[(&str, &str, &str)] = &[
    (
        "400",
        "invalid_field",
        "what stands for the entry is neither a UUID nor an index",
    ),
    listed(&domain::code::UNKNOWN_ENTRY),
];

const EXAMPLE: &str = r#"{"id":"01970000-0000-7000-8000-000000000001","index":4711,"at":"2026-11-21T08:30:00.123456Z","recorded_by":{"kind":"api_key","id":"01970000-0000-7000-8000-0000000000aa"},"actor":{"kind":"user","id":"user-000042","name":"User 42"},"action":"order.update","target":{"kind":"order","id":"A-1001"},"outcome":"success","authority":"role:developer audit:write","description":"Changed the delivery address","evidence":{"leaf":"{\"action\":\"order.update\",…}","salt":"000102030405060708090a0b0c0d0e0f"}}"#;

pub(crate) const DOC: Doc = Doc {
    id: "show_entry",
    tag: "audit",
    summary: "One entry",
    description: "By id or by index. What it shows can be checked against its leaf offline, and with a receipt \
                  against the log.",
    parameters: &[ID],
    replies: &[Reply::new(
        "200",
        "The entry.",
        &[Content::named::<Entry>(EXAMPLE)],
    )],
    problems: MISSING,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let text = call.path().await?;
    let entry = call
        .app
        .engine
        .entry(key(&text)?)
        .await?
        .ok_or_else(|| missing(&text))?;
    json(&entry)
}

/// What the path says of the entry: a UUID with hyphens, or an index.
pub(crate) fn key(text: &str) -> Result<EntryKey, Problem> {
    if let Some(index) = decimal(text) {
        return Ok(EntryKey::Index(index));
    }
    let id = if text.len() == uuid::fmt::Hyphenated::LENGTH {
        domain::own_id::parse(text)
    } else {
        None
    };
    id.map(EntryKey::Id)
        .ok_or_else(|| Problem::field("id", "must be a UUID, or the index of an entry"))
}

pub(crate) fn missing(text: &str) -> Problem {
    Problem {
        field: Some("id".to_owned()),
        ..Problem::of(
            listed(&domain::code::UNKNOWN_ENTRY),
            format!("there is no entry {text}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_an_id_and_an_index() {
        let id = "01970000-0000-7000-8000-00000000abcd";
        assert_eq!(key("0").unwrap(), EntryKey::Index(0));
        assert_eq!(key(id).unwrap(), EntryKey::Id(id.parse().unwrap()));
        assert_eq!(
            key(&id.to_uppercase()).unwrap(),
            EntryKey::Id(id.parse().unwrap())
        );
        for text in [
            "",
            "-1",
            "01",
            "9223372036854775808",
            "x",
            &id.replace('-', ""),
            &format!("{{{id}}}"),
            &format!("urn:uuid:{id}"),
        ] {
            assert_eq!(key(text).unwrap_err().field.as_deref(), Some("id"), "{text}");
        }
    }
}
