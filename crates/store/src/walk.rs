//! Walks through the log: which entries fulfil some conditions, in the order of the log, and how far was looked.
//!
//! A walk goes by one of several *ways*. An index that begins with the bucket is one: bucket after bucket, the entries
//! that fulfil the index's condition are looked at, and the other conditions tried on each. The log itself is the last
//! resort. What a statement does is fixed by its shape, and no figure that the planner has of the table changes it: on
//! SQLite the index is named; on PostgreSQL nothing but the bucket and the way's own condition can be looked up in an
//! index, and readers' connections prefer any index to reading the whole table (`pg::connect`).

use std::ops::Range;
use std::time::Duration;

use domain::record::Val;

pub use crate::conditions::Order;
use crate::conditions::{BUCKET_BITS, Where};
use crate::conn::Conn;
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::int;

/// How many entries a step looks at, at first and at most.
const LOOKS: Range<u64> = 256..65_536;

/// Most buckets of a step, so that a walk over a huge log is told the time now and then.
const BUCKETS_MAX: u64 = 65_536;

/// A condition on entries: `?` in the text stands for the values.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub text: &'static str,
    pub values: Vec<Val>,
    /// The index that begins with the bucket and goes on with what the condition compares.
    pub index: Option<&'static str>,
}

/// Entries that were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The entries, in the order of the page.
    pub entries: Vec<StoredEntry>,
    /// Whether it ended early because the next entry would not have fitted into the bytes.
    pub cut: bool,
    /// Where it ended early because the time was over: the entry up to which everything was looked at, to go on after.
    pub reached: Option<u64>,
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

/// What of a page is still to be filled.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub entries: u32,
    /// None for any number. The first entry always fits.
    pub bytes: Option<u64>,
}

impl Room {
    /// Whether there is room for another entry.
    pub fn is_left(self) -> bool {
        self.entries > 0 && self.bytes != Some(0)
    }

    pub fn take(&mut self, entries: &[StoredEntry]) {
        let number = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.entries = self.entries.saturating_sub(number);
        let bytes: usize = entries.iter().map(StoredEntry::bytes).sum();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes = self.bytes.map(|left| left.saturating_sub(bytes));
    }
}

/// How long a walk may take.
pub struct Patience<'a> {
    /// The time since some moment.
    pub clock: &'a (dyn Fn() -> Duration + Send + Sync),
    /// A walk that was under way for this long ends with what it found.
    pub at_most: Duration,
}

/// A part of a walk: one statement.
pub(crate) struct Step<'a> {
    pub terms: &'a [Term],
    /// The term whose index is the way; none for the log itself.
    pub way: Option<usize>,
    pub order: Order,
    pub range: Range<u64>,
    /// About how many entries are looked at.
    pub looks: u64,
    pub room: Room,
}

/// What a step found.
pub(crate) struct Stepped {
    pub entries: Vec<StoredEntry>,
    /// Whether the next entry would not have fitted into the bytes.
    pub cut: bool,
    /// What of the range was not looked at.
    pub left: Range<u64>,
}

impl Step<'_> {
    /// The buckets of the range, first and last, in ascending order.
    pub(crate) fn buckets(&self) -> (u64, u64) {
        (
            self.range.start >> BUCKET_BITS,
            (self.range.end - 1) >> BUCKET_BITS,
        )
    }

    /// What there is to say before anything is found: all of the range is looked at.
    pub(crate) fn nothing(&self) -> Stepped {
        let end = match self.order {
            Order::Descending => self.range.start,
            Order::Ascending => self.range.end,
        };
        Stepped {
            entries: Vec::new(),
            cut: false,
            left: end..end,
        }
    }

    /// What is left of the range behind this entry.
    pub(crate) fn beyond(&self, entry: u64) -> Range<u64> {
        match self.order {
            Order::Descending => self.range.start..entry.max(self.range.start),
            Order::Ascending => (entry + 1).min(self.range.end)..self.range.end,
        }
    }

    /// The way's condition with its parameters.
    pub(crate) fn driver(&self, all: &mut Where) -> Option<String> {
        let term = self.terms.get(self.way?)?;
        Some(all.filled(term.text, term.values.iter().cloned()))
    }

    /// The other conditions, each after an AND.
    pub(crate) fn rest(&self, all: &mut Where) -> String {
        let mut rest = String::new();
        for (position, term) in self.terms.iter().enumerate() {
            if Some(position) != self.way {
                rest.push_str(" AND ");
                rest.push_str(&all.filled(term.text, term.values.iter().cloned()));
            }
        }
        rest
    }

    /// The first part of the range, in the direction of the walk, that one statement may go through.
    fn narrowed(mut self) -> (Self, Range<u64>) {
        let most = match self.way {
            Some(_) => BUCKETS_MAX << BUCKET_BITS,
            None if self.terms.is_empty() => u64::MAX,
            None => self.looks,
        };
        let whole = self.range.clone();
        match self.order {
            Order::Descending => self.range.start = whole.start.max(whole.end.saturating_sub(most)),
            Order::Ascending => self.range.end = whole.end.min(whole.start.saturating_add(most)),
        }
        (self, whole)
    }

    async fn run(self, conn: &mut Conn) -> Result<Stepped, Error> {
        let (step, whole) = self.narrowed();
        let mut stepped = match conn {
            Conn::Sqlite(conn) => conn.walk(&step)?,
            Conn::Pg(conn) => conn.walk(&step).await?,
        };
        match step.order {
            Order::Descending => stepped.left.start = whole.start,
            Order::Ascending => stepped.left.end = whole.end,
        }
        Ok(stepped)
    }
}

/// Walks through a range of the log until the room is filled, the range is at its end, or patience is.
///
/// Nobody knows beforehand which of several conditions is the rarest, and it may be another one in another part of the
/// log. So the way that came furthest is tried together with one of the others, which take turns, each for as many looks:
/// whichever of the two comes further is the one that is taken, and the first that is tried next. A walk thus never costs
/// more than twice the best way, however many there are, once it was its turn.
pub(crate) async fn walk(
    conn: &mut Conn,
    terms: &[Term],
    order: Order,
    mut range: Range<u64>,
    mut room: Room,
    patience: Option<&Patience<'_>>,
) -> Result<Found, Error> {
    let mut ways: Vec<Option<usize>> = (0..terms.len())
        .filter(|position| terms[*position].index.is_some())
        .map(Some)
        .collect();
    if ways.is_empty() {
        ways.push(None);
    }
    let mut looks = LOOKS.start.max(4 * u64::from(room.entries)).min(LOOKS.end);
    let mut found = Found::default();
    let started = patience.map(|patience| (patience.clock)());
    let mut before = started;
    let mut turn = 0;
    while !range.is_empty() && room.entries > 0 {
        let step = |way| Step {
            terms,
            way,
            order,
            range: range.clone(),
            looks,
            room,
        };
        let length = |left: &Range<u64>| left.end.saturating_sub(left.start);
        let mut best = step(ways[0]).run(conn).await?;
        let done = best.cut || best.left.is_empty() || best.entries.len() >= room.entries as usize;
        if ways.len() > 1 && !done {
            let other = 1 + turn % (ways.len() - 1);
            turn += 1;
            let stepped = step(ways[other]).run(conn).await?;
            if stepped.cut || length(&stepped.left) < length(&best.left) {
                best = stepped;
                ways.swap(0, other);
            }
        }
        room.take(&best.entries);
        found.entries.append(&mut best.entries);
        range = best.left;
        found.cut = best.cut || room.bytes == Some(0);
        if found.cut {
            break;
        }
        looks = (2 * looks).min(LOOKS.end);
        if let (Some(patience), Some(started), Some(last)) = (patience, started, before) {
            let now = (patience.clock)();
            if now.saturating_sub(started) >= patience.at_most {
                found.reached = reached(order, &range);
                break;
            }
            // Entries may be large: a step should take a small part of the time.
            if now.saturating_sub(last) > patience.at_most / 8 {
                looks = (looks / 8).max(1);
            }
            before = Some(now);
        }
    }
    Ok(found)
}

/// The entry up to which everything was looked at; none where nothing is left.
fn reached(order: Order, left: &Range<u64>) -> Option<u64> {
    (!left.is_empty()).then(|| match order {
        Order::Descending => left.end,
        Order::Ascending => left.start.saturating_sub(1),
    })
}

/// The parameters of a range.
pub(crate) fn ends(range: &Range<u64>) -> [Val; 2] {
    [int(range.start).into(), int(range.end).into()]
}
