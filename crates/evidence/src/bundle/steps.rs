//! Whether all steps of an execution are there: its end says how many it has, and each entry that recorded some has them
//! in its list of changes.

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
const ENDS: [&str; 4] = [
    "execution.complete",
    "execution.fail",
    "execution.cancel",
    "execution.expire",
];

/// Steps by execution. One of which all steps are there takes no memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    counts: HashMap<Uuid, (Option<u64>, u64)>,
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
        count.0 = count.0.or(said);
        count.1 += found;
        if count.0 == Some(count.1) {
            self.all = count.0;
            self.counts.remove(&execution);
        }
    }

    /// Those of which some are missing.
    pub fn missing(&self) -> Vec<MissingSteps> {
        let missing = |(execution, (said, found)): (&Uuid, &(Option<u64>, u64))| {
            let (execution, found) = (*execution, *found);
            said.map(|said| MissingSteps {
                execution,
                said,
                found,
            })
        };
        let mut missing: Vec<_> = self.counts.iter().filter_map(missing).collect();
        missing.sort_unstable_by_key(|missing| missing.execution);
        missing
    }

    /// The execution that all entries are about, and how many steps it has, where all are there.
    pub fn alone(&self) -> Option<(Uuid, Option<u64>)> {
        let alone = self.alone.flatten()?;
        Some((alone, self.all.filter(|_| !self.counts.contains_key(&alone))))
    }
}
