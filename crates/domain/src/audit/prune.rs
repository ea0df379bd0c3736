//! Pruning payloads that are past their time: leaves and changes stay, and every proof stays valid.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::erase::with_payload;
use crate::audit::hold::{self, Holds};
use crate::audit::pruning::{Pruning, bucket_of, by_bucket};
use crate::audit::retention::Policy;
use crate::prelude::*;

/// Most entries pruned by one command.
pub const PRUNE_MAX: usize = 65_536;

/// Prunes the payload of entries that are past the policy of their action. Those that have none any more are passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PruneEntries {
    /// One to 65,536 indexes.
    pub entries: Vec<u64>,
}

impl Act for PruneEntries {
    act! { action: AUDIT_PRUNE, changes_access: false, target: none, refusals: INVALID_FIELD, UNKNOWN_ENTRY, HELD, RETAINED }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.rows(&looks::ENTRY_AT, self.entries.iter().copied());
        let buckets: BTreeSet<u64> = self.entries.iter().copied().map(bucket_of).collect();
        needs.rows(&looks::PRUNING, buckets.into_iter().map(Pruning::id_of));
        hold::needs(needs);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        if self.entries.is_empty() || self.entries.len() > PRUNE_MAX {
            return Err(FieldError::new("entries", format!("must name 1 to {PRUNE_MAX} entries")).into());
        }
        let retention = &facts.rules.retention;
        let (mut policies, mut entries) = (BTreeMap::<&str, u64>::new(), Vec::new());
        // Holds bind whoever prunes, Probity itself too.
        for (index, entry) in with_payload(facts, &self.entries, &Holds::of(facts), |_| Ok(()))? {
            let past = entry
                .place
                .and_then(|place| retention.past(&entry.action, place.at, ctx.now));
            let policy = past.ok_or_else(|| retained(index, retention.policy(&entry.action)))?;
            *policies.entry(&policy.action).or_default() += 1;
            entries.push(index);
        }
        let count = entries.len() as u64;
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(Decision::nothing(Reply::Pruned(0)));
        };
        let mut change = Change::new(by, ctx);
        change.detail("entries", count);
        change.detail("first", *first);
        change.detail("last", *last);
        change.detail("policies", serde_json::json!(policies));
        for (bucket, of_bucket) in by_bucket(entries.iter().copied()) {
            match facts.prunings.get(&Pruning::id_of(bucket)) {
                Some(before) => change.alter(before, before.row.clone().with(&of_bucket)),
                None => change.insert(Pruning::none_of(bucket).with(&of_bucket)),
            }
        }
        let mut draft = change.untargeted(Self::ACTION.name);
        draft.erases = entries;
        Ok(Decision::one(Reply::Pruned(count), draft))
    }
}

fn retained(index: u64, policy: Option<&Policy>) -> Refusal {
    let why = match policy {
        Some(policy) => format!("{} keeps it for {} days", policy.action, policy.keep_days),
        None => "no policy is about its action".to_owned(),
    };
    let message = format!("entry {index} is not past its time: {why}");
    code::RETAINED.because(message).field("entries")
}

#[cfg(test)]
#[path = "prune_tests.rs"]
pub(crate) mod tests;
