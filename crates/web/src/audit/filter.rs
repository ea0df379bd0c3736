//! The filter over entries, as query parameters.

use std::net::IpAddr;

use domain::audit::EntryFilter;
use domain::audit::event::{ACTION_LEN_MAX, ID_LEN_MAX, KIND_LEN_MAX};
use evidence::json::StrictObject;
use evidence::{Outcome, Timestamp};

use crate::openapi::Parameter;
use crate::problem::Problem;
use crate::query::Query;

/// Longest text searched for, in characters.
const TEXT_LEN_MAX: usize = 1_000;

/// What entries can be filtered by.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::query(
        "actor",
        "Only entries of this actor: the id, or the name where there is no id.",
        r#"{"type":"string","maxLength":1024}"#,
    ),
    Parameter::query(
        "action",
        "Only this action; with a final `*`, every action that begins so.",
        r#"{"type":"string","maxLength":129,"pattern":"^[A-Za-z0-9._:/-]*[*]?$","examples":["order.*"]}"#,
    ),
    Parameter::query(
        "target",
        "Only entries about the target of this id; of a user also what was refused about them and made nothing.",
        r#"{"type":"string","maxLength":1024}"#,
    ),
    Parameter::query(
        "target_kind",
        "Only entries about this kind of target.",
        r#"{"type":"string","maxLength":64}"#,
    ),
    Parameter::query_of::<Outcome>("outcome", "Only this outcome."),
    Parameter::query_of::<Timestamp>("from", "Only entries recorded at this time or later."),
    Parameter::query_of::<Timestamp>("to", "Only entries recorded before this time."),
    Parameter::query(
        "text",
        "Only entries with this text somewhere in their payload, in any case. Reads every entry that the other parameters leave.",
        r#"{"type":"string","maxLength":1000}"#,
    ),
    Parameter::query(
        "ip",
        "Only entries from this address.",
        r#"{"anyOf":[{"type":"string","format":"ipv4"},{"type":"string","format":"ipv6"}]}"#,
    ),
    Parameter::query(
        "recorded_by",
        "Only entries that the API key or the session of this id wrote.",
        r#"{"type":"string","format":"uuid"}"#,
    ),
];

/// Reads the filter.
pub(crate) fn read(query: &Query) -> Result<EntryFilter, Problem> {
    let address = |text: &str| {
        text.parse::<IpAddr>()
            .ok()
            .map(|ip| ip.to_canonical().to_string())
    };
    Ok(EntryFilter {
        actor: query.text("actor", ID_LEN_MAX)?,
        action: query.read(
            "action",
            "an action, or the beginning of one and a final *",
            action,
        )?,
        target_kind: query.text("target_kind", KIND_LEN_MAX)?,
        target: query.text("target", ID_LEN_MAX)?,
        outcome: query.read("outcome", "success, refused or failed", Outcome::parse)?,
        from: query.time("from")?,
        to: query.time("to")?,
        text: query.text("text", TEXT_LEN_MAX)?,
        ip: query.read("ip", "an IPv4 or IPv6 address", address)?,
        recorded_by: query.read(
            "recorded_by",
            "the id of an API key or a session",
            domain::own_id::parse,
        )?,
    })
}

pub(crate) fn action(text: &str) -> Option<String> {
    let word = text.strip_suffix('*').unwrap_or(text);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    (word.len() <= ACTION_LEN_MAX && word.bytes().all(allowed)).then(|| text.to_owned())
}

/// The filter as an evidence bundle repeats it.
pub(crate) fn asked(query: &Query) -> StrictObject {
    let mut asked = StrictObject::default();
    for parameter in PARAMETERS {
        if let Some(value) = query.get(parameter.name) {
            asked.0.insert(parameter.name.to_owned(), value.into());
        }
    }
    asked
}
