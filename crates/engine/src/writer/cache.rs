//! What is known of rows, so that a batch need not read them again.
//!
//! Every change of a sealed row is in a transaction that moves the head. So while the head is the one at which a row was
//! read or written, the row is as it was, and where there was none there is none. Whether the head is still that one is
//! asked in the transaction that writes, see [`store::ground`]; nothing is obeyed that this does not prove.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use domain::custody::{Amount, Balance};
use domain::looks::{self, By, Key, Look, Source};
use domain::record::{Record as _, Val};
use domain::tables::{RowKey, RowWrite};
use domain::{Facts, Needs};
use store::Head;
use store::facts::Stamps;
use store::ground::{Ground, Known};
use store::row::Stamp;
use uuid::Uuid;

use crate::metrics::{Counters, add};

/// Most bytes of rows that are known, of which the older half goes when there are more: some 200,000 balances.
const BYTES_MAX: usize = 64 << 20;

/// What a row takes beside itself: a table grows when it is nearly full, and is then nearly half empty.
const PLACE_BYTES: usize = 2 * size_of::<(RowKey, Remembered)>();

/// Most bytes of callers' texts in a row that is kept. One with more is read each time, or a few rows would fill the memory.
const TEXT_BYTES_MAX: usize = 1_024;

/// For how long every locked head must have been our own last one until rows are no longer locked.
const ALONE_AFTER: Duration = Duration::from_secs(2);

/// For how long callers' own ids are looked up after one of them was not new: who sends again sends more than one.
const LOOK_UP_FOR: Duration = Duration::from_secs(5);

/// A row, or that there is none; and which transaction wrote it.
struct Remembered {
    row: Option<RowWrite>,
    stamp: Option<Stamp>,
    /// What it takes in memory, about, where it is kept.
    bytes: usize,
}

impl Remembered {
    fn new(row: Option<RowWrite>, stamp: Option<Stamp>) -> Remembered {
        let kept = row.as_ref().filter(|row| is_worth_keeping(row));
        let bytes = PLACE_BYTES + kept.map_or(0, RowWrite::bytes);
        Remembered { row, stamp, bytes }
    }
}

/// What a batch was decided on.
#[derive(Default)]
pub(super) struct Basis {
    /// The head; none where rows are locked.
    head: Option<Head>,
    /// Rows, and those that are not there.
    rows: HashMap<RowKey, Known>,
    /// Callers' own ids that were taken for new, without having looked.
    presumed: HashSet<Uuid>,
}

impl Basis {
    /// The head that it was decided at, unless rows are locked.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// What is to be proven where the batch is written.
    pub fn ground(&self) -> Option<Ground<'_>> {
        let head = self.head.as_ref()?;
        let rows = &self.rows;
        Some(Ground { head, rows })
    }
}

/// What a batch that is being committed writes: the next one is decided on it, and both are forgotten if it fails.
struct Flying {
    head: Head,
    rows: HashMap<RowKey, Remembered>,
    /// The ids of its entries.
    made: HashSet<Uuid>,
}

/// Rows that are known at a head, on one connection.
#[derive(Default)]
pub(super) struct Cache {
    /// The head that all of it belongs to: the one last written or found. None on a new connection.
    head: Option<Head>,
    /// Rows in two halves: what is used moves to the young one, and when that is full the old one goes.
    young: HashMap<RowKey, Remembered>,
    young_bytes: usize,
    old: HashMap<RowKey, Remembered>,
    /// What the batch that is being committed writes.
    flying: Option<Flying>,
    /// What the batch that is being decided rests on.
    basis: Basis,
    /// Whether it may take callers' own ids for new.
    presumes: bool,
    /// Until when own ids are looked up.
    looks_up: Option<Instant>,
    /// Where somebody else was seen to write: since when every locked head was our own last one, and when one was last
    /// locked. Then rows are locked, and nothing is known.
    shared: Option<(Instant, Instant)>,
}

/// Whether a row is found again by its id, and may still change or be relied on.
fn is_worth_keeping(row: &RowWrite) -> bool {
    match row {
        RowWrite::Operation(operation) => !operation.row.status.is_final(),
        RowWrite::Execution(execution) => {
            let row = &execution.row;
            row.finished_at.is_none() && is_short([&row.actor, &row.input, &row.mission])
        }
        RowWrite::Conversation(conversation) => {
            let row = &conversation.row;
            is_short([&row.thread, &row.title, &row.context])
        }
        RowWrite::Approval(approval) => approval.row.arguments.len() <= TEXT_BYTES_MAX,
        RowWrite::Erasure(_)
        | RowWrite::ChainOutput(_)
        | RowWrite::Vote(_)
        | RowWrite::KycDocument(_)
        | RowWrite::ExecutionStep(_)
        | RowWrite::Metric(_) => false,
        _ => true,
    }
}

fn is_short(texts: [&Option<String>; 3]) -> bool {
    let bytes: usize = texts.into_iter().flatten().map(String::len).sum();
    bytes <= TEXT_BYTES_MAX
}

impl Cache {
    /// The head that rows are known at.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Whether rows are locked, since somebody else writes too.
    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Knows nothing any more: the connection is another one, or the rows are as at another head.
    pub fn clear(&mut self, head: Option<Head>) {
        self.head = head;
        self.young.clear();
        self.young_bytes = 0;
        self.old.clear();
        self.flying = None;
        self.basis = Basis::default();
    }

    /// Somebody else writes too.
    pub fn share(&mut self, counters: &Counters) {
        self.clear(self.head.clone());
        let now = Instant::now();
        self.shared = Some((now, now));
        counters.shared.store(true, Ordering::Relaxed);
    }

    /// The head is locked: whether somebody else has written since our own last batch.
    pub fn found(&mut self, head: &Head) {
        let own = self.head.as_ref() == Some(head);
        if let Some((since, seen)) = &mut self.shared {
            *seen = Instant::now();
            if !own {
                *since = *seen;
            }
        }
    }

    /// A batch begins. Where nobody else was seen to write for long enough, rows need no locks from here on.
    pub fn begin(&mut self, counters: &Counters) {
        self.basis = Basis::default();
        if let Some((since, seen)) = self.shared
            && seen.duration_since(since) >= ALONE_AFTER
        {
            self.shared = None;
            counters.shared.store(false, Ordering::Relaxed);
        }
        let looks_up = self.looks_up.is_some_and(|until| Instant::now() < until);
        self.presumes = !looks_up && self.shared.is_none();
    }

    /// The head that a batch is decided at: of the one that is being committed, where there is one.
    pub fn newest(&self) -> Option<&Head> {
        self.flying
            .as_ref()
            .map_or(self.head.as_ref(), |flying| Some(&flying.head))
    }

    /// The batch is decided, on this.
    pub fn decided(&mut self) -> Basis {
        let head = self.newest().filter(|_| self.shared.is_none()).cloned();
        Basis {
            head,
            ..std::mem::take(&mut self.basis)
        }
    }

    /// A batch is sent for commit, with its rows in the order in which they are written and the ids of its entries.
    pub fn take_off(&mut self, head: Head, rows: impl Iterator<Item = RowWrite>, made: HashSet<Uuid>) {
        let rows = rows
            .map(|row| (row.key(), Remembered::new(Some(row), None)))
            .collect();
        self.flying = Some(Flying { head, rows, made });
    }

    /// The batch that was sent is committed, by this transaction. What was decided on it rests on rows of that transaction.
    pub fn land(&mut self, stamp: Stamp, next: Option<&mut Basis>) {
        let Some(flying) = self.flying.take() else { return };
        for (key, known) in next.into_iter().flat_map(|next| &mut next.rows) {
            if flying.rows.contains_key(key) {
                known.stamp = Some(stamp);
            }
        }
        self.head = Some(flying.head);
        if self.shared.is_some() {
            return;
        }
        let stamp = Some(stamp);
        for (key, row) in flying.rows {
            self.put(key, Remembered { stamp, ..row });
        }
    }

    /// The batch that was sent is not committed; it was decided on this.
    pub fn fall(&mut self, basis: Basis) {
        self.flying = None;
        self.basis = basis;
    }

    /// Forgets what the batch under way was decided on: one of it may be wrong.
    pub fn forget_taken(&mut self) {
        for key in std::mem::take(&mut self.basis.rows).into_keys() {
            self.remove(&key);
        }
    }

    /// What is needed in two parts: rows that are known, and what must be read.
    pub fn split(&mut self, needs: &Needs, counters: &Counters) -> (Vec<RowWrite>, Needs) {
        let (mut rows, mut missing, mut hits) = (HashMap::new(), needs.none(), 0);
        for (look, keys) in needs.plan() {
            for key in keys {
                if self.presumes(look, key, needs) {
                    continue;
                }
                let Some(Answer { rests_on, row }) = self.answer(look, key) else {
                    missing.row(look, key.clone());
                    continue;
                };
                hits += 1;
                for key in rests_on.into_iter().flatten() {
                    let stamp = self.get(&key).and_then(|known| known.stamp);
                    let fresh = false;
                    self.basis.rows.entry(key).or_insert(Known { stamp, fresh });
                }
                if let Some(key) = row
                    && let Some(row) = self.get(&key).and_then(|known| known.row.clone())
                {
                    rows.insert(key, row);
                }
            }
        }
        add(&counters.known_hits, hits);
        add(&counters.known_misses, missing.len() as u64);
        (rows.into_values().collect(), missing)
    }

    /// Whether this is an own id that is taken for new: an entry has it, where it is not, and there is only one of an id.
    /// What the batch that is being committed makes is no longer new.
    fn presumes(&mut self, look: &'static Look, key: &Key, needs: &Needs) -> bool {
        let Key::Id(id) = key else { return false };
        let made = |flying: &Flying| flying.made.contains(id);
        if !self.presumes || self.flying.as_ref().is_some_and(made) || !needs.has(&looks::ENTRY, id) {
            return false;
        }
        let is_new = std::ptr::eq(look, &raw const looks::ENTRY)
            || (std::ptr::eq(look, &raw const looks::OPERATION) && self.get(&(look.table(), *id)).is_none());
        if is_new {
            self.basis.presumed.insert(*id);
        }
        is_new
    }

    /// Whether ids were taken for new of which the batch makes no entry: then nothing refuses them where they are not.
    pub fn presumed_too_much(&self, made: impl Iterator<Item = Uuid>) -> bool {
        let made: HashSet<Uuid> = made.collect();
        !self.basis.presumed.is_subset(&made)
    }

    /// From here on own ids are looked up; whether the batch under way took some for new.
    pub fn look_up_ids(&mut self) -> bool {
        self.looks_up = Some(Instant::now() + LOOK_UP_FOR);
        self.presumes = false;
        !self.basis.presumed.is_empty()
    }

    /// What a look would find by a key, where that is known.
    fn answer(&mut self, look: &'static Look, key: &Key) -> Option<Answer> {
        let (Source::Rows(table, _), Key::Id(id)) = (look.source, key) else {
            return None;
        };
        let row = (table.name, *id);
        if look.is_by_id() {
            return self.get(&row).map(|_| Answer::found(row));
        }
        // Of a balance of which nothing is held, nothing is past its time.
        if std::ptr::eq(look, &raw const looks::DUE_OF) {
            let balance = (Balance::TABLE.name, *id);
            let held = match &self.get(&balance)?.row {
                Some(RowWrite::Balance(balance)) => balance.row.held,
                _ => Amount::ZERO,
            };
            return (held == Amount::ZERO).then(|| Answer::none(balance));
        }
        match look.by {
            By::Through(way) if way.column == "id" && way.by == By::Column("id") && look.only.is_empty() => {
                let other = (way.table, *id);
                match &self.get(&other)?.row {
                    None => Some(Answer::none(other)),
                    Some(through) => match through.value(way.gives)? {
                        Val::Uuid(id) => {
                            let row = (table.name, id);
                            self.get(&row)?;
                            Some(Answer {
                                rests_on: [Some(other), Some(row)],
                                row: Some(row),
                            })
                        }
                        _ => None,
                    },
                }
            }
            _ => None,
        }
    }

    /// What is known of a row. What is used stays longer.
    fn get(&mut self, key: &RowKey) -> Option<&Remembered> {
        let flying = self.flying.as_ref().map(|flying| &flying.rows);
        if flying.is_some_and(|rows| rows.contains_key(key)) {
            return self.flying.as_ref()?.rows.get(key);
        }
        if let Some(row) = self.old.remove(key) {
            self.put(*key, row);
        }
        self.young.get(key)
    }

    fn remove(&mut self, key: &RowKey) {
        if let Some(row) = self.young.remove(key) {
            self.young_bytes -= row.bytes;
        }
        self.old.remove(key);
    }

    fn put(&mut self, key: RowKey, row: Remembered) {
        self.remove(&key);
        if !row.row.as_ref().is_none_or(is_worth_keeping) {
            return;
        }
        if self.young_bytes + row.bytes > BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += row.bytes;
        self.young.insert(key, row);
    }

    /// Takes in what was read, and where there was nothing. All of it was checked.
    pub fn learn(&mut self, facts: &Facts, absent: &[RowKey], stamps: &Stamps) {
        if self.shared.is_some() {
            return;
        }
        let mut take = |key: RowKey, row: Option<RowWrite>| {
            let stamp = row
                .is_some()
                .then(|| stamps.get(&key).copied().unwrap_or_default());
            let fresh = true;
            self.basis.rows.insert(key, Known { stamp, fresh });
            self.put(key, Remembered::new(row, stamp));
        };
        for row in facts.rows() {
            take(row.key(), Some(row));
        }
        for key in absent {
            take(*key, None);
        }
    }
}

/// What a look finds, and the rows that say so.
struct Answer {
    rests_on: [Option<RowKey>; 2],
    row: Option<RowKey>,
}

impl Answer {
    /// This row, or that there is none.
    fn found(row: RowKey) -> Answer {
        Answer {
            rests_on: [Some(row), None],
            row: Some(row),
        }
    }

    /// Nothing, as this row says.
    fn none(row: RowKey) -> Answer {
        Answer {
            rests_on: [Some(row), None],
            row: None,
        }
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
