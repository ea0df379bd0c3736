//! Questions to the log: one entry, a page by filter.
//!
//! The indexes that filters use begin with the entry's *bucket*, `entry >> 10`. A plain index on the actor would
//! make every append write to as many places as it names actors, the more the larger the log; with the bucket in
//! front all writes go to the end of the index, and an append costs the same whatever the size of the log. A
//! question pays for it with one look-up per bucket of 1,024 entries, see `docs/decisions/0004-bucketed-indexes.md`.

use domain::audit::EntryFilter;
use domain::record::Val;
use evidence::leaf::Outcome;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conditions::{self, holding};
use crate::conn::Conn;
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::int;
pub use crate::walk::{Found, Order, Page, Patience};
use crate::walk::{Room, Term, walk};
use crate::{in_time, prunings};

/// The entry of this id.
pub async fn by_id(conn: &mut Conn, id: Uuid) -> Result<Option<StoredEntry>, Error> {
    one(conn, "id", id.into()).await
}

/// The entry at this index.
pub async fn by_index(conn: &mut Conn, index: u64) -> Result<Option<StoredEntry>, Error> {
    one(conn, "entry", int(index).into()).await
}

/// The entries whose ids are within these bounds, in the order of the ids: at most so many.
pub async fn within_ids(conn: &mut Conn, ids: (Uuid, Uuid), limit: u32) -> Result<Vec<(u64, Uuid)>, Error> {
    let select = "SELECT entry, id FROM entries WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT $3";
    let rows = conn
        .all(select, &[ids.0.into(), ids.1.into(), i64::from(limit).into()])
        .await?;
    rows.iter()
        .map(|row| Ok((row.unsigned(0)?, row.uuid(1)?)))
        .collect()
}

async fn one(conn: &mut Conn, key: &str, value: Val) -> Result<Option<StoredEntry>, Error> {
    let select = format!("{} WHERE {key} = $1", StoredEntry::SELECT);
    let Some(row) = conn.opt(&select, &[value]).await? else {
        return Ok(None);
    };
    let mut found = [StoredEntry::seen(&row)?];
    prunings::mark(conn, &mut found).await?;
    let [entry] = found;
    Ok(Some(entry))
}

/// What a log of some size shows of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The leaf that was the last one then.
    pub then: Option<String>,
    /// The last leaf.
    pub now: Option<String>,
    /// Whether an entry was erased or pruned since.
    pub erased: bool,
}

/// What became of a log of `from` entries, now that it has `to`.
pub async fn since(conn: &mut Conn, from: u64, to: u64) -> Result<Since, Error> {
    let ends = [from, to].map(|size| int(size) - 1);
    let leaves = "SELECT entry, leaf FROM entries WHERE entry IN ($1, $2)";
    let erased = "SELECT entry FROM erasures WHERE entry >= $1 UNION ALL SELECT entry FROM prunings WHERE entry >= $1 LIMIT 1";
    let [leaves, erased] = conn
        .both([(leaves, &ends.map(Val::from)), (erased, &[int(from).into()])])
        .await?;
    let leaf = |end: i64| {
        let row = leaves
            .iter()
            .find(|row| row.int(0).is_ok_and(|entry| entry == end));
        row.map(|row| row.text(1).map(str::to_owned)).transpose()
    };
    Ok(Since {
        then: leaf(ends[0])?,
        now: leaf(ends[1])?,
        erased: !erased.is_empty(),
    })
}

/// A binary search in one statement: `at` is the time of the entry in the middle, none where that is not there.
fn index_at_sql() -> String {
    let low = "CASE WHEN search.at < $1 THEN (search.low + search.high) / 2 + 1 ELSE search.low END";
    let high = "CASE WHEN search.at < $1 THEN search.high ELSE (search.low + search.high) / 2 END";
    let at = |middle: &str| format!("(SELECT entries.at FROM entries WHERE entries.entry = ({middle}) / 2)");
    format!(
        "WITH RECURSIVE search(low, high, at) AS (SELECT CAST(0 AS bigint), CAST($2 AS bigint), {} \
         UNION ALL SELECT {low}, {high}, {} FROM search WHERE search.low < search.high AND search.at IS NOT NULL) \
         SELECT low, high FROM search WHERE low >= high OR at IS NULL",
        at("CAST($2 AS bigint)"),
        at(&format!("{low} + {high}")),
    )
}

/// The first index recorded at `time` or later, in a log of `size` entries.
///
/// Times never go down along the log, so no index on the time is needed: a binary search takes about as many look-ups as
/// the size has bits.
pub async fn index_at(conn: &mut Conn, time: Timestamp, size: u64) -> Result<u64, Error> {
    let found = conn
        .opt(&index_at_sql(), &[time.into(), int(size).into()])
        .await?;
    let found = found.ok_or_else(|| Error::data("a search by time ended nowhere"))?;
    let (low, high) = (found.unsigned(0)?, found.unsigned(1)?);
    if low < high {
        let middle = low + (high - low) / 2;
        return Err(Error::entry(middle, "it is missing"));
    }
    Ok(low)
}

/// The smallest text that sorts after every text with this prefix.
fn prefix_end(prefix: &str) -> Option<String> {
    // Actions are ASCII, so the next code point of the last character is the end.
    let mut chars: Vec<char> = prefix.chars().collect();
    let last = chars.pop()?;
    chars.push(char::from_u32(u32::from(last) + 1)?);
    Some(chars.into_iter().collect())
}

/// The conditions of a filter; those that are usually rarest first.
fn terms(filter: &EntryFilter) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut add = |text, index, values: Vec<Val>| terms.push(Term { text, values, index });
    if let Some(target) = &filter.target {
        add("target = ?", Some("entries_target"), vec![target.as_str().into()]);
    }
    if let Some(ip) = &filter.ip {
        add("ip = ?", Some("entries_ip"), vec![ip.as_str().into()]);
    }
    if let Some(actor) = &filter.actor {
        let values: Vec<Val> = std::iter::once(actor)
            .chain(&filter.aliases)
            .map(|text| text.as_str().into())
            .collect();
        let text = match values.len() {
            1 => "actor = ?",
            2 => "actor IN (?, ?)",
            3 => "actor IN (?, ?, ?)",
            _ => "actor IN (?, ?, ?, ?)",
        };
        add(text, Some("entries_actor"), values);
    }
    if let Some(id) = filter.recorded_by {
        add("recorded_by_id = ?", Some("entries_recorded_by"), vec![id.into()]);
    }
    match filter.outcome {
        Some(Outcome::Success) => add("outcome = ?", None, vec![Outcome::Success.as_str().into()]),
        Some(outcome) => add(
            // Said once more in words that the partial index is made for.
            "outcome <> 'success' AND outcome = ?",
            Some("entries_outcome"),
            vec![outcome.as_str().into()],
        ),
        None => {}
    }
    let action = filter.action.as_deref();
    match action.map(|action| (action, action.strip_suffix('*'))) {
        // Every action begins so.
        None | Some((_, Some(""))) => {}
        Some((action, None)) => add("action = ?", Some("entries_action"), vec![action.into()]),
        Some((_, Some(prefix))) => {
            let (text, end) = match prefix_end(prefix) {
                Some(end) => ("action >= ? AND action < ?", Some(end.into())),
                None => ("action >= ?", None),
            };
            let values = std::iter::once(prefix.into()).chain(end).collect();
            add(text, Some("entries_action"), values);
        }
    }
    if let Some(kind) = &filter.target_kind {
        add("target_kind = ?", None, vec![kind.as_str().into()]);
    }
    if let Some(kind) = filter.actor_kind {
        add("actor_kind = ?", None, vec![kind.as_str().into()]);
    }
    if let Some(text) = &filter.text {
        // What is searched is the canonical JSON, where some characters are escaped.
        let mut escaped = String::new();
        evidence::json::write_string(text, &mut escaped);
        let inner = escaped
            .trim_start_matches('"')
            .strip_suffix('"')
            .unwrap_or_default();
        // Case is folded for ASCII only, on both engines: the column has the collation "C" on PostgreSQL.
        let pattern = holding(inner);
        add("lower(payload) LIKE ? ESCAPE '\\'", None, vec![pattern.into()]);
    }
    terms
}

/// Whether nothing but reading along the log answers a filter: a text, or what kind of target or actor, where no index
/// leads to few entries; or any condition, where they are in the order of when they happened. Such a search is told how long
/// it may take.
pub fn is_search(filter: &EntryFilter) -> bool {
    if filter.by_timestamp {
        return !terms(filter).is_empty();
    }
    let of_kind = filter.target_kind.is_some() || filter.actor_kind.is_some();
    filter.text.is_some() || of_kind && terms(filter).iter().all(|term| term.index.is_none())
}

/// A page of the entries below `size` that fulfil the filter.
pub async fn page(
    conn: &mut Conn,
    filter: &EntryFilter,
    page: Page,
    size: u64,
) -> Result<Vec<StoredEntry>, Error> {
    Ok(page_within(conn, filter, page, size, (None, None)).await?.entries)
}

/// The same, where the page ends with the entry that reaches a number of bytes, or when patience ends. What lies beyond
/// the bytes is not read: entries may be large, and a page of few bytes is all that a stream may hold.
pub async fn page_within(
    conn: &mut Conn,
    filter: &EntryFilter,
    page: Page,
    size: u64,
    (bytes, patience): (Option<u64>, Option<&Patience<'_>>),
) -> Result<Found, Error> {
    let mut found = find(conn, filter, page, size, (bytes, patience)).await?;
    prunings::mark(conn, &mut found.entries).await?;
    Ok(found)
}

async fn find(
    conn: &mut Conn,
    filter: &EntryFilter,
    page: Page,
    size: u64,
    (bytes, patience): (Option<u64>, Option<&Patience<'_>>),
) -> Result<Found, Error> {
    let terms = terms(filter);
    if terms.iter().any(|term| conditions::is_impossible(&term.values)) {
        return Ok(Found::default());
    }
    if filter.by_timestamp {
        return in_time::page(conn, &terms, filter, page, size, (bytes, patience)).await;
    }
    // Times become indexes: the log is in order of both.
    let mut low = match filter.from {
        Some(from) => index_at(conn, from, size).await?,
        None => 0,
    };
    let mut high = match filter.to {
        Some(to) => index_at(conn, to, size).await?,
        None => size,
    };
    match (page.order, page.after) {
        (Order::Descending, Some(after)) => high = high.min(after),
        (Order::Ascending, Some(after)) => low = low.max(after.saturating_add(1)),
        (_, None) => {}
    }
    let room = Room {
        entries: page.limit,
        bytes,
    };
    walk(conn, &terms, page.order, low..high, room, patience).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert_eq!(prefix_end("user.").as_deref(), Some("user/"));
        assert_eq!(prefix_end(""), None);
    }
}
