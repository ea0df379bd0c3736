//! Whether all steps of an execution are there: its end says how many it has, and each entry that recorded some has them
//! in its list of changes. Of a trace, steps may follow the end; each entry that brings some then says how many there are.

use std::collections::HashMap;

use uuid::Uuid;

use crate::entry::Entry;
use crate::leaf::{Leaf, Outcome};

/// An execution whose steps are not all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSteps {
    /// The execution.
    pub execution: Uuid,
    /// How many its end says.
    pub said: u64,
    /// How many entries of the bundle record.
    pub found: u64,
}

/// Actions that end an execution, in entries of its own.
const ENDS: [&str; 5] = [
    OBSERVE,
    "execution.complete",
    "execution.fail",
    "execution.cancel",
    "execution.expire",
];

/// The action that takes in spans of a trace.
const OBSERVE: &str = "execution.observe";

/// The steps of an execution.
#[derive(Clone, Debug, Default)]
struct Count {
    /// How many its end says, or what followed it.
    said: Option<u64>,
    /// How many entries record.
    found: u64,
    /// Whether it is of a trace, so that more may follow.
    open: bool,
}

impl Count {
    fn is_missing(&self) -> bool {
        self.said.is_some_and(|said| said != self.found)
    }
}

/// Steps by execution. One of which all steps are there takes no memory, unless it is of a trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    counts: HashMap<Uuid, Count>,
    /// The execution that all entries are about, if it is one; none before the first.
    #[expect(
        clippy::option_option,
        reason = "no entry yet, entries of several and of one are three things"
    )]
    alone: Option<Option<Uuid>>,
    /// How many steps it has, once all of them are there.
    all: Option<u64>,
    /// Whether the bundle was asked for less than all about what it is about: then it may lack steps.
    pub narrowed: bool,
    /// Whether an end is there whose payload is erased or pruned.
    pub end_gone: bool,
}

impl Steps {
    /// Takes in an entry that holds.
    pub fn take(&mut self, entry: &Entry) {
        let target = entry.target.as_ref().filter(|target| target.kind == "execution");
        // An id that an application named may be that of anything.
        let leaf = target.and_then(|_| Leaf::parse_lenient(&entry.evidence.leaf).ok());
        let execution = leaf.and_then(|leaf| leaf.target_id);
        let alone = *self.alone.get_or_insert(execution);
        self.alone = Some(alone.filter(|alone| Some(*alone) == execution));
        let Some(execution) = execution.filter(|_| entry.outcome == Outcome::Success) else {
            return;
        };
        self.end_gone |= entry.is_gone() && ENDS.contains(&entry.action.as_str());
        let made = |change: &&crate::entry::Change| change.table == "execution_steps" && change.version == 1;
        let found = entry.changes.iter().filter(made).count() as u64;
        let details = entry
            .details
            .as_ref()
            .filter(|_| entry.action != "execution.record");
        let said = details.and_then(|details| details.0.get("steps")?.as_u64());
        if found == 0 && said.is_none() {
            return;
        }
        let count = self.counts.entry(execution).or_default();
        count.open |= entry.action == OBSERVE;
        count.said = if count.open {
            count.said.max(said)
        } else {
            count.said.or(said)
        };
        count.found += found;
        if count.said == Some(count.found) {
            self.all = count.said;
            if !count.open {
                self.counts.remove(&execution);
            }
        }
    }

    /// Those of which some are missing.
    pub fn missing(&self) -> Vec<MissingSteps> {
        let counts = self.counts.iter().filter(|(_, count)| count.is_missing());
        let mut missing: Vec<_> = counts
            .map(|(execution, count)| MissingSteps {
                execution: *execution,
                said: count.said.unwrap_or_default(),
                found: count.found,
            })
            .collect();
        missing.sort_unstable_by_key(|missing| missing.execution);
        missing
    }

    /// The execution that all entries are about, and how many steps it has, where all are there.
    pub fn alone(&self) -> Option<(Uuid, Option<u64>)> {
        let alone = self.alone.flatten()?;
        let whole = self
            .counts
            .get(&alone)
            .is_none_or(|count| count.said == Some(count.found));
        Some((alone, self.all.filter(|_| whole)))
    }
}
