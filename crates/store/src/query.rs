//! Questions to the log: one entry, a page by filter.

use domain::audit::EntryFilter;
use domain::record::Val;
use evidence::time::Timestamp;
use uuid::Uuid;

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
    let row = conn.opt(&format!("{} WHERE id = $1", StoredEntry::SELECT), &[id.into()]).await?;
    row.as_ref().map(StoredEntry::read).transpose()
}

/// The entry at this index.
pub async fn by_index(conn: &mut Conn, index: u64) -> Result<Option<StoredEntry>, Error> {
    let row = conn.opt(&format!("{} WHERE entry = $1", StoredEntry::SELECT), &[int(index).into()]).await?;
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
        let row = conn.opt("SELECT at FROM entries WHERE entry = $1", &[int(middle).into()]).await?;
        let at = row.ok_or_else(|| Error::data(format!("entry {middle} is missing")))?.time(0)?;
        if at < time { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

/// Conditions joined by AND, with their parameters.
#[derive(Default)]
struct Conditions {
    text: String,
    args: Vec<Val>,
}

impl Conditions {
    /// Adds a condition; `?` in it stands for the parameter.
    fn add(&mut self, condition: &str, value: impl Into<Val>) {
        self.args.push(value.into());
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(&condition.replace('?', &format!("${}", self.args.len())));
    }
}

/// `%` and `_` of a text taken literally in a LIKE pattern with `\` as the escape.
fn like_literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The smallest text that sorts after every text with this prefix.
fn prefix_end(prefix: &str) -> Option<String> {
    // Actions are ASCII, so the next code point of the last character is the end.
    let mut chars: Vec<char> = prefix.chars().collect();
    let last = chars.pop()?;
    chars.push(char::from_u32(u32::from(last) + 1)?);
    Some(chars.into_iter().collect())
}

async fn conditions(conn: &mut Conn, filter: &EntryFilter, size: u64) -> Result<Conditions, Error> {
    let mut conditions = Conditions::default();
    // Times become indexes: the log is in order of both.
    if let Some(from) = filter.from {
        conditions.add("entry >= ?", int(index_at(conn, from, size).await?));
    }
    if let Some(to) = filter.to {
        conditions.add("entry < ?", int(index_at(conn, to, size).await?));
    }
    if let Some(actor) = &filter.actor {
        conditions.add("actor = ?", actor.as_str());
    }
    match filter.action.as_deref().map(|action| (action, action.strip_suffix('*'))) {
        Some((_, Some(prefix))) => {
            conditions.add("action >= ?", prefix);
            if let Some(end) = prefix_end(prefix) {
                conditions.add("action < ?", end);
            }
        }
        Some((action, None)) => conditions.add("action = ?", action),
        None => {}
    }
    if let Some(kind) = &filter.target_kind {
        conditions.add("target_kind = ?", kind.as_str());
    }
    if let Some(target) = &filter.target {
        conditions.add("target = ?", target.as_str());
    }
    if let Some(outcome) = filter.outcome {
        conditions.add("outcome = ?", outcome.as_str());
    }
    if let Some(ip) = &filter.ip {
        conditions.add("ip = ?", ip.as_str());
    }
    if let Some(text) = &filter.text {
        // What is searched is the canonical JSON, where some characters are escaped.
        let mut escaped = String::new();
        evidence::json::write_string(text, &mut escaped);
        let inner = escaped.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
        conditions.add("lower(payload) LIKE lower(?) ESCAPE '\\'", format!("%{}%", like_literal(inner)));
    }
    Ok(conditions)
}

/// A page of the entries below `size` that fulfil the filter.
pub async fn page(conn: &mut Conn, filter: &EntryFilter, page: Page, size: u64) -> Result<Vec<StoredEntry>, Error> {
    let mut conditions = conditions(conn, filter, size).await?;
    let direction = match page.order {
        Order::Descending => {
            conditions.add("entry < ?", int(page.after.unwrap_or(size).min(size)));
            "DESC"
        }
        Order::Ascending => {
            conditions.add("entry < ?", int(size));
            if let Some(after) = page.after {
                conditions.add("entry > ?", int(after));
            }
            "ASC"
        }
    };
    conditions.args.push(Val::Int(page.limit.into()));
    let sql = format!(
        "{}{} ORDER BY entry {direction} LIMIT ${}",
        StoredEntry::SELECT,
        conditions.text,
        conditions.args.len()
    );
    let rows = conn.all(&sql, &conditions.args).await?;
    rows.iter().map(StoredEntry::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert_eq!(like_literal(r"50%_\"), r"50\%\_\\");
        assert_eq!(prefix_end("user.").as_deref(), Some("user/"));
        assert_eq!(prefix_end(""), None);
    }
}
