//! Entries in the order of when they happened by the recorder's clock, or else were recorded.
//!
//! The index of these times is not by bucket, since they go up along the log nearly always. Nothing leads from an actor to
//! their times in order. So where a few entries fulfil the conditions, these are sought along the log and sorted here; where
//! there are many, the index of times is gone along, and the conditions are tried on each.

use std::cmp::Reverse;
use std::time::Duration;

use domain::audit::EntryFilter;
use domain::record::Val;
use evidence::time::Timestamp;

use crate::conditions::Where;
use crate::conn::Conn;
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::int;
use crate::row::Row;
use crate::walk::{Found, Order, Page, Patience, Room, Term, walk};

/// The time of an entry, as it is indexed.
const TIME: &str = "COALESCE(occurred_at, at)";

/// How many entries are few, and how many bytes.
const FEW: u32 = 1_000;
const FEW_BYTES: u64 = 4 * 1024 * 1024;

/// How many entries are looked at by a statement, and how many are read: they may be large.
const LOOKS: i64 = 4_096;
const CHUNK: u32 = 64;

/// Where an entry stands in this order.
type Place = (Timestamp, u64);

/// A page of the entries below `size` that fulfil the filter. It ends as `page_within` says.
pub(crate) async fn page(
    conn: &mut Conn,
    terms: &[Term],
    filter: &EntryFilter,
    page: Page,
    size: u64,
    (bytes, patience): (Option<u64>, Option<&Patience<'_>>),
) -> Result<Found, Error> {
    let after = match page.after {
        Some(entry) => match place(conn, entry).await? {
            Some(place) => Some(place),
            None => return Ok(Found::default()),
        },
        None => None,
    };
    let page = TimePage {
        terms,
        filter,
        order: page.order,
        after,
        size,
        room: Room {
            entries: page.limit,
            bytes,
        },
    };
    let started = patience.map(|patience| (patience.clock)());
    if terms.iter().any(|term| term.index.is_some())
        && let Some(few) = page.few(conn, patience).await?
    {
        return Ok(few);
    }
    // What the first way took of the time is gone.
    page.along(conn, patience.zip(started)).await
}

async fn place(conn: &mut Conn, entry: u64) -> Result<Option<Place>, Error> {
    let sql = format!("SELECT {TIME} FROM entries WHERE entry = $1");
    let row = conn.opt(&sql, &[int(entry).into()]).await?;
    row.map(|row| Ok((row.time(0)?, entry))).transpose()
}

struct TimePage<'a> {
    terms: &'a [Term],
    filter: &'a EntryFilter,
    order: Order,
    /// Where the page before ended.
    after: Option<Place>,
    size: u64,
    room: Room,
}

impl TimePage<'_> {
    /// All that fulfil the conditions, sorted; none where they are not few.
    async fn few(&self, conn: &mut Conn, patience: Option<&Patience<'_>>) -> Result<Option<Found>, Error> {
        let room = Room {
            entries: FEW,
            bytes: Some(FEW_BYTES),
        };
        let found = walk(conn, self.terms, self.order, 0..self.size, room, patience).await?;
        if found.cut || found.reached.is_some() || found.entries.len() >= FEW as usize {
            return Ok(None);
        }
        let placed = found
            .entries
            .into_iter()
            .map(|entry| Ok((place_of(&entry)?, entry)));
        let mut placed: Vec<(Place, StoredEntry)> = placed.collect::<Result<_, Error>>()?;
        placed.retain(|(place, _)| self.holds(*place));
        match self.order {
            Order::Ascending => placed.sort_unstable_by_key(|(place, _)| *place),
            Order::Descending => placed.sort_unstable_by_key(|(place, _)| Reverse(*place)),
        }
        let mut taken = Found::default();
        let mut room = self.room;
        for (_, entry) in placed {
            if !room.is_left() {
                // One more than the page has was asked for: bytes alone end it before that.
                taken.cut = room.entries > 0;
                break;
            }
            room.take(std::slice::from_ref(&entry));
            taken.entries.push(entry);
        }
        Ok(Some(taken))
    }

    /// Whether a place is within the page's bounds.
    fn holds(&self, place: Place) -> bool {
        let beyond = self.after.is_none_or(|after| match self.order {
            Order::Ascending => place > after,
            Order::Descending => place < after,
        });
        beyond
            && self.filter.from.is_none_or(|from| place.0 >= from)
            && self.filter.to.is_none_or(|to| place.0 < to)
    }

    /// The same as a condition, after this place.
    fn bounds(&self, after: Option<Place>) -> Where {
        let mut all = Where::default();
        all.given(&format!("{TIME} >= ?"), self.filter.from);
        all.given(&format!("{TIME} < ?"), self.filter.to);
        // Written so that the primary key looks useful to no planner.
        all.write("entry + 0 < ?", [int(self.size).into()]);
        if let Some((time, entry)) = after {
            let values: [Val; 2] = [time.into(), int(entry).into()];
            all.write(&format!("({TIME}, entry) {} (?, ?)", self.order.beyond()), values);
        }
        all
    }

    /// Goes along the index of times until the page is full, the log is at its end, or patience is.
    async fn along(
        &self,
        conn: &mut Conn,
        patience: Option<(&Patience<'_>, Duration)>,
    ) -> Result<Found, Error> {
        let (mut found, mut room, mut after) = (Found::default(), self.room, self.after);
        while room.is_left() {
            let limit = room.entries.min(CHUNK);
            let (start, mut taken) = (after, 0);
            for (place, entry) in self.chunk(conn, start, limit).await? {
                if room.is_left() {
                    room.take(std::slice::from_ref(&entry));
                    found.entries.push(entry);
                    after = Some(place);
                }
                taken += 1;
            }
            if taken == limit {
                continue;
            }
            let Some(end) = self.looked_at(conn, start).await? else {
                break;
            };
            after = Some(end);
            if let Some((patience, started)) = patience
                && (patience.clock)().saturating_sub(started) >= patience.at_most
            {
                found.reached = Some(end.1);
                break;
            }
        }
        found.cut = !room.is_left() && room.entries > 0;
        Ok(found)
    }

    /// Of the entries that are looked at next, the first that fulfil the conditions.
    async fn chunk(
        &self,
        conn: &mut Conn,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<(Place, StoredEntry)>, Error> {
        let (mut all, direction) = (self.bounds(after), self.order.direction());
        let within = all.clause();
        let fits = |term: &Term| all.filled(term.text, term.values.iter().cloned());
        let fits: Vec<String> = self.terms.iter().map(fits).collect();
        let limit = i64::from(limit);
        let looks = all.arg(if fits.is_empty() { limit } else { LOOKS });
        let fits = match fits.as_slice() {
            [] => String::new(),
            some => format!(" WHERE {}", some.join(" AND ")),
        };
        let (list, limit) = (StoredEntry::LIST, all.arg(limit));
        let sql = format!(
            "SELECT {list}, happened FROM (SELECT *, {TIME} AS happened FROM entries{within} \
             ORDER BY {TIME} {direction}, entry {direction} LIMIT {looks}) AS e{fits} \
             ORDER BY happened {direction}, entry {direction} LIMIT {limit}"
        );
        let rows = conn.all(&sql, all.args()).await?;
        let read = |row: &Row| {
            let entry = StoredEntry::seen(row)?;
            Ok(((row.time(StoredEntry::COLUMNS)?, entry.entry), entry))
        };
        rows.iter().map(read).collect()
    }

    /// The last of the entries that are looked at after this place; none where the others are fewer.
    async fn looked_at(&self, conn: &mut Conn, after: Option<Place>) -> Result<Option<Place>, Error> {
        let (mut all, direction) = (self.bounds(after), self.order.direction());
        let (within, behind) = (all.clause(), all.arg(LOOKS - 1));
        let sql = format!(
            "SELECT {TIME}, entry FROM entries{within} ORDER BY {TIME} {direction}, entry {direction} LIMIT 1 OFFSET {behind}"
        );
        let row = conn.opt(&sql, all.args()).await?;
        row.map(|row| Ok((row.time(0)?, row.unsigned(1)?))).transpose()
    }
}

/// Where an entry stands, as it says itself.
fn place_of(entry: &StoredEntry) -> Result<Place, Error> {
    let entry = entry.clone().assemble()?;
    Ok((entry.occurred_at.unwrap_or(entry.at), entry.index))
}
