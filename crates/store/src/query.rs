//! Questions to the log: one entry, a page by filter.
//!
//! The indexes that filters use begin with the entry's *bucket*, `entry >> 10`. A plain index on the actor would
//! make every append write to as many places as it names actors, the more the larger the log; with the bucket in
//! front all writes go to the end of the index, and an append costs the same whatever the size of the log. A
//! question pays for it with one look-up per bucket of 1,024 entries, see `docs/decisions/0004-bucketed-indexes.md`.

use std::ops::Range;

use domain::audit::EntryFilter;
use domain::record::Val;
use evidence::leaf::Outcome;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conditions::{BUCKET_BITS, Condition, Where};
use crate::conn::Conn;
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::int;

/// In which order a page goes through the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    Descending,
    /// Oldest first.
    Ascending,
}

/// Which part of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Direction.
    pub order: Order,
    /// Entries beyond this index only (not itself), in the direction of the page.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// The entry of this id.
pub async fn by_id(conn: &mut Conn, id: Uuid) -> Result<Option<StoredEntry>, Error> {
    let row = conn
        .opt(&format!("{} WHERE id = $1", StoredEntry::SELECT), &[id.into()])
        .await?;
    row.as_ref().map(StoredEntry::read).transpose()
}

/// The entry at this index.
pub async fn by_index(conn: &mut Conn, index: u64) -> Result<Option<StoredEntry>, Error> {
    let row = conn
        .opt(
            &format!("{} WHERE entry = $1", StoredEntry::SELECT),
            &[int(index).into()],
        )
        .await?;
    row.as_ref().map(StoredEntry::read).transpose()
}

/// The first index recorded at `time` or later, in a log of `size` entries.
///
/// Times never go down along the log, so no index on the time is needed: a binary search takes about as many
/// reads as the size has bits.
pub async fn index_at(conn: &mut Conn, time: Timestamp, size: u64) -> Result<u64, Error> {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low + (high - low) / 2;
        let row = conn
            .opt("SELECT at FROM entries WHERE entry = $1", &[int(middle).into()])
            .await?;
        let at = row
            .ok_or_else(|| Error::data(format!("entry {middle} is missing")))?
            .time(0)?;
        if at < time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// How many buckets are asked for at a time: few at first, since what is asked for is mostly recent, then more.
/// Only these lengths occur, so that there are few statement texts to prepare.
pub(crate) const WINDOWS: [u64; 3] = [8, 64, 512];

/// Conditions joined by AND, and whether an index on buckets serves one of them.
#[derive(Clone, Default)]
struct Conditions {
    all: Where,
    indexed: bool,
}

impl Conditions {
    /// Adds a condition; `?` in it stands for the parameter.
    fn add(&mut self, condition: &str, value: impl Into<Val>) {
        self.all.write(condition, [value.into()]);
    }

    /// Adds a condition that an index serves.
    fn add_indexed(&mut self, condition: &str, value: impl Into<Val>) {
        self.indexed = true;
        self.add(condition, value);
    }
}

/// The smallest text that sorts after every text with this prefix.
fn prefix_end(prefix: &str) -> Option<String> {
    // Actions are ASCII, so the next code point of the last character is the end.
    let mut chars: Vec<char> = prefix.chars().collect();
    let last = chars.pop()?;
    chars.push(char::from_u32(u32::from(last) + 1)?);
    Some(chars.into_iter().collect())
}

fn conditions(filter: &EntryFilter) -> Conditions {
    let mut conditions = Conditions::default();
    if let Some(actor) = &filter.actor {
        conditions.add_indexed("actor = ?", actor.as_str());
    }
    match filter
        .action
        .as_deref()
        .map(|action| (action, action.strip_suffix('*')))
    {
        Some((_, Some(prefix))) => {
            conditions.add_indexed("action >= ?", prefix);
            if let Some(end) = prefix_end(prefix) {
                conditions.add_indexed("action < ?", end);
            }
        }
        Some((action, None)) => conditions.add_indexed("action = ?", action),
        None => {}
    }
    if let Some(kind) = &filter.target_kind {
        conditions.add("target_kind = ?", kind.as_str());
    }
    if let Some(target) = &filter.target {
        conditions.add_indexed("target = ?", target.as_str());
    }
    match filter.outcome {
        Some(Outcome::Success) => conditions.add("outcome = ?", Outcome::Success.as_str()),
        // Said once more in words that the partial index is made for.
        Some(outcome) => conditions.add_indexed("outcome <> 'success' AND outcome = ?", outcome.as_str()),
        None => {}
    }
    if let Some(id) = filter.recorded_by {
        conditions.add_indexed("recorded_by_id = ?", id);
    }
    if let Some(ip) = &filter.ip {
        conditions.add_indexed("ip = ?", ip.as_str());
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
        conditions
            .all
            .add(&Condition::Holds(&["payload"], inner.to_owned()));
    }
    conditions
}

/// Entries that were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The entries, in the order of the page.
    pub entries: Vec<StoredEntry>,
    /// Whether it ended early because the next entry would not have fitted into the bytes.
    pub cut: bool,
}

/// A page of the entries below `size` that fulfil the filter.
pub async fn page(
    conn: &mut Conn,
    filter: &EntryFilter,
    page: Page,
    size: u64,
) -> Result<Vec<StoredEntry>, Error> {
    Ok(page_within(conn, filter, page, size, None).await?.entries)
}

/// The same, where the page ends with the entry that reaches `bytes_max` bytes. What lies beyond is not read: entries
/// may be large, and a page of few bytes is all that a stream may hold.
pub async fn page_within(
    conn: &mut Conn,
    filter: &EntryFilter,
    page: Page,
    size: u64,
    bytes_max: Option<u64>,
) -> Result<Found, Error> {
    let conditions = conditions(filter);
    if conditions.all.is_impossible() {
        return Ok(Found::default());
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
    let mut room = Room {
        order: page.order,
        entries: page.limit,
        bytes: bytes_max,
    };
    if !conditions.indexed {
        return range(conn, conditions.all, None, low..high, room).await;
    }
    let mut found = Found::default();
    let mut windows = WINDOWS.into_iter();
    let mut width = WINDOWS[0];
    while low < high && room.entries > 0 && !found.cut {
        width = windows.next().unwrap_or(width);
        let (from, to) = match page.order {
            Order::Descending => {
                let last = (high - 1) >> BUCKET_BITS;
                (low.max((last + 1).saturating_sub(width) << BUCKET_BITS), high)
            }
            Order::Ascending => (low, high.min(((low >> BUCKET_BITS) + width) << BUCKET_BITS)),
        };
        let mut more = range(conn, conditions.all.clone(), Some(width), from..to, room).await?;
        room.take(&more.entries);
        found.entries.append(&mut more.entries);
        found.cut = more.cut || room.bytes == Some(0);
        match page.order {
            Order::Descending => high = from,
            Order::Ascending => low = to,
        }
    }
    Ok(found)
}

/// What of a page is still to be filled.
#[derive(Clone, Copy)]
struct Room {
    order: Order,
    entries: u32,
    /// None for any number.
    bytes: Option<u64>,
}

impl Room {
    fn take(&mut self, entries: &[StoredEntry]) {
        let number = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.entries = self.entries.saturating_sub(number);
        let bytes: usize = entries.iter().map(StoredEntry::bytes).sum();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes = self.bytes.map(|left| left.saturating_sub(bytes));
    }
}

/// Entries in a range that fulfil the conditions, through the buckets' indexes when a `width` is given.
async fn range(
    conn: &mut Conn,
    mut conditions: Where,
    width: Option<u64>,
    range: Range<u64>,
    room: Room,
) -> Result<Found, Error> {
    if range.is_empty() {
        return Ok(Found::default());
    }
    conditions.entries(&range, width);
    let text = conditions.clause();
    let limit = conditions.arg(i64::from(room.entries));
    let direction = match room.order {
        Order::Descending => "DESC",
        Order::Ascending => "ASC",
    };
    let Some(bytes) = room.bytes else {
        let sql = format!(
            "{}{text} ORDER BY entry {direction} LIMIT {limit}",
            StoredEntry::SELECT
        );
        let rows = conn.all(&sql, conditions.args()).await?;
        let entries = rows.iter().map(StoredEntry::read).collect::<Result<_, _>>()?;
        return Ok(Found { entries, cut: false });
    };
    let sql = within(&text, direction, &limit, &conditions.arg(int(bytes)));
    let rows = conn.all(&sql, conditions.args()).await?;
    let found = rows
        .first()
        .map_or(Ok(0), |row| row.unsigned(StoredEntry::COLUMNS))?;
    Ok(Found {
        entries: rows.iter().map(StoredEntry::read).collect::<Result<_, _>>()?,
        cut: usize::try_from(found).is_ok_and(|found| found > rows.len()),
    })
}

/// The statement for a page within bytes: lengths are looked at first, which both
/// engines know without reading what is long. The first entry always fits. `CROSS JOIN` makes SQLite begin with the few.
fn within(conditions: &str, direction: &str, limit: &str, bytes: &str) -> String {
    format!(
        "WITH found AS (SELECT entry AS place, {} AS bytes FROM entries{conditions} ORDER BY entry {direction} \
         LIMIT {limit}), fits AS (SELECT place, COUNT(*) OVER () AS number, \
         SUM(bytes) OVER (ORDER BY place {direction}) - bytes AS ahead FROM found) \
         SELECT {}, number FROM fits CROSS JOIN entries WHERE entry = place AND ahead < {bytes} \
         ORDER BY place {direction}",
        StoredEntry::BYTES,
        StoredEntry::LIST,
    )
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
