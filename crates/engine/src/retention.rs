//! Retention: what is past the policy of its action is pruned, by commands that are small enough not to hold others up.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::audit::hold::{self, Holds};
use domain::audit::prune::{PRUNE_MAX, PruneEntries};
use domain::audit::retention::Policy;
use domain::{Caller, Needs, Origin, code, looks};
use evidence::Timestamp;
use store::prunings::Payload;
use store::{Conn, Head};

use crate::engine::Engine;
use crate::error::Error;
use crate::verify::{Progress, VerifyProgress};

/// Entries that are looked at by one statement, and payloads that it gives at most.
const LOOKED_AT: u64 = 65_536;
const GIVEN_MAX: u32 = 4_096;

/// Entries in the first command, and in the smallest one.
const FIRST: usize = 1_024;
const SMALLEST: usize = 64;

/// A command that took longer makes the next one smaller, one that took less makes it larger.
const LONG: Duration = Duration::from_millis(35);
const SHORT: Duration = Duration::from_millis(15);

/// What is past its time, or was, of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The policy that holds for it.
    pub policy: Policy,
    /// How many entries.
    pub entries: u64,
    /// How many more there are, which a legal hold keeps.
    pub held: u64,
    /// When the oldest of them was recorded.
    pub oldest: Timestamp,
}

/// What retention found, by action, and what it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// By action.
    pub actions: BTreeMap<String, Past>,
    /// By how many commands it was pruned; none where it was only looked for.
    pub commands: u64,
}

impl Retained {
    /// How many entries are past their time and not held.
    pub fn entries(&self) -> u64 {
        self.actions.values().map(|past| past.entries).sum()
    }

    /// How many a legal hold keeps.
    pub fn held(&self) -> u64 {
        self.actions.values().map(|past| past.held).sum()
    }

    fn add(&mut self, found: &Found) {
        for (payload, policy, held) in &found.payloads {
            let past = self
                .actions
                .entry(payload.action.clone())
                .or_insert_with(|| Past {
                    policy: policy.clone(),
                    entries: 0,
                    held: 0,
                    oldest: payload.at,
                });
            *(if *held { &mut past.held } else { &mut past.entries }) += 1;
        }
    }
}

/// Payloads that are past their time.
struct Found {
    /// Each with its policy, and whether it is under a hold.
    payloads: Vec<(Payload, Policy, bool)>,
    /// Where to go on.
    next: u64,
}

impl Found {
    /// The entries that may be pruned.
    fn free(&self) -> Vec<u64> {
        let free = self.payloads.iter().filter(|(_, _, held)| !held);
        free.map(|(payload, ..)| payload.entry).collect()
    }
}

impl Engine {
    /// What retention would prune now, by action. Nothing is pruned.
    pub async fn past_retention(&self, progress: Progress<'_>) -> Result<Retained, Error> {
        self.each_past(None, progress).await
    }

    /// Prunes what is past its time now; what a legal hold covers stays. It may run twice, and where it ends half-way the
    /// next run goes on: each command is whole.
    ///
    /// Commands are as large as they can be in some 35 ms each, 65,536 entries at most, and others are served in between.
    pub async fn retain(&self, caller: &Caller, progress: Progress<'_>) -> Result<Retained, Error> {
        self.each_past(Some(caller), progress).await
    }

    async fn each_past(&self, caller: Option<&Caller>, progress: Progress<'_>) -> Result<Retained, Error> {
        let now = self.now();
        let (mut done, mut at_once) = (Retained::default(), FIRST);
        let Some(begins) = self.rules().retention.begins(now) else {
            return Ok(done);
        };
        let total = {
            let mut conn = self.db().reader().await?;
            let size = Head::load(&mut conn).await?.map_or(0, |head| head.edge.size());
            store::query::index_at(&mut conn, begins, size).await?
        };
        let look = |from: u64, at_once: usize| {
            let limit = u32::try_from(at_once).unwrap_or(GIVEN_MAX);
            let limit = if caller.is_some() { limit } else { GIVEN_MAX };
            self.find_past(from..total.min(from + LOOKED_AT), limit, now)
        };
        let mut next = None;
        let mut from = 0;
        while from < total {
            let what = "entries";
            progress(VerifyProgress {
                done: from,
                total,
                what,
            });
            let found = match next.take() {
                Some(found) => found,
                None => look(from, at_once).await?,
            };
            let free = found.free();
            if let Some(caller) = caller.filter(|_| !free.is_empty()) {
                let prune = async {
                    let began = Instant::now();
                    (self.prune(caller, free).await, began.elapsed())
                };
                // What comes after it is looked for meanwhile.
                let (pruned, after) = if found.next < total {
                    let (pruned, after) = tokio::join!(prune, look(found.next, at_once));
                    (pruned, Some(after?))
                } else {
                    (prune.await, None)
                };
                match pruned {
                    // A hold was set since it was looked for: it is looked for again.
                    (Err(Error::Refused { refusal, .. }), _) if refusal.code == code::HELD.name => continue,
                    (result, took) => {
                        result?;
                        at_once = paced(at_once, took);
                    }
                }
                done.commands += 1;
                next = after;
            }
            done.add(&found);
            from = found.next;
        }
        progress(VerifyProgress {
            done: total,
            total,
            what: "entries",
        });
        Ok(done)
    }

    async fn prune(&self, caller: &Caller, entries: Vec<u64>) -> Result<(), Error> {
        let command = PruneEntries { entries };
        let pruned = self.submit_for::<u64>(caller, Origin::default(), command.into());
        pruned.await.map(drop)
    }

    /// What is past its time among these entries, of the first ones that have a payload.
    async fn find_past(&self, entries: Range<u64>, limit: u32, now: Timestamp) -> Result<Found, Error> {
        let rules = Arc::clone(self.rules());
        let mut conn = self.db().reader().await?;
        let payloads = store::prunings::payloads(&mut conn, entries.clone(), limit).await?;
        let next = match payloads.last() {
            Some(last) if payloads.len() >= limit as usize => last.entry + 1,
            _ => entries.end,
        };
        let past = payloads.into_iter().filter_map(|payload| {
            let policy = rules.retention.past(&payload.action, payload.at, now)?;
            Some((payload, policy.clone(), false))
        });
        let mut payloads: Vec<_> = past.collect();
        mark_held(&mut conn, &mut payloads).await?;
        Ok(Found { payloads, next })
    }
}

/// Says which ones are under a hold. The command that prunes looks again.
async fn mark_held(conn: &mut Conn, payloads: &mut [(Payload, Policy, bool)]) -> Result<(), Error> {
    if payloads.is_empty() {
        return Ok(());
    }
    let facts = store::facts::load(conn, &hold::needed(), false).await?;
    let holds = Holds::of(&facts);
    if holds.is_empty() {
        return Ok(());
    }
    let mut needs = Needs::default();
    needs.rows(
        &looks::ENTRY_AT,
        payloads.iter().map(|(payload, ..)| payload.entry),
    );
    let facts = store::facts::load(conn, &needs, false).await?;
    for (payload, _, held) in payloads {
        let id = facts.entry_ids.get(&payload.entry);
        let entry = id.and_then(|id| facts.entries.get(id));
        *held = entry.is_some_and(|entry| holds.covering_entry(entry).is_some());
    }
    Ok(())
}

/// How many entries the next command has, after one of so many took so long.
fn paced(entries: usize, took: Duration) -> usize {
    if took > LONG {
        (entries / 2).max(SMALLEST)
    } else if took < SHORT {
        (entries * 2).min(PRUNE_MAX)
    } else {
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_as_large_as_their_time_allows() {
        let [short, right, long] = [5, 25, 60].map(Duration::from_millis);
        assert_eq!(paced(FIRST, short), 2_048);
        assert_eq!(paced(FIRST, right), FIRST);
        assert_eq!(paced(FIRST, long), 512);
        assert_eq!(
            (paced(SMALLEST, long), paced(PRUNE_MAX, short)),
            (SMALLEST, PRUNE_MAX)
        );
    }
}
