//! Erasing payloads: what was personal goes, every proof stays valid.

use crate::audit::erasure::Erasure;
use crate::audit::hold::{self, Holds};
use crate::audit::known::KnownEntry;
use crate::prelude::*;

/// Most entries erased by one command.
pub const ERASE_MAX: usize = 1_000;

/// Erases the payload of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseEntries {
    /// One to 1,000 indexes.
    pub entries: Vec<u64>,
    /// Why: 1 to 500 characters, kept in the entry that records the erasure.
    pub reason: String,
}

impl Act for EraseEntries {
    act! { action: AUDIT_ERASE, changes_access: false, target: none, refusals: INVALID_FIELD, UNKNOWN_ENTRY, HELD }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.rows(&looks::ENTRY_AT, self.entries.iter().copied());
        hold::needs(needs);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // Entries already erased are passed over.
        if self.entries.is_empty() || self.entries.len() > ERASE_MAX {
            return Err(FieldError::new("entries", format!("must name 1 to {ERASE_MAX} entries")).into());
        }
        let length = self.reason.chars().count();
        if length == 0 || length > 500 {
            return Err(FieldError::new("reason", "must be 1 to 500 characters").into());
        }
        let erasures = erasures(facts, &self.entries, by.who, |_| Ok(()))?;
        let count = erasures.len() as u64;
        if erasures.is_empty() {
            return Ok(Decision {
                reply: Reply::Erased(0),
                drafts: Vec::new(),
            });
        }
        let mut change = Change::new(by, ctx);
        change.detail("reason", self.reason.as_str());
        let erases = erasures.iter().map(|erasure| erasure.erased).collect();
        for erasure in erasures {
            change.insert(erasure);
        }
        let mut draft = change.untargeted(Self::ACTION.name);
        draft.erases = erases;
        Ok(Decision {
            reply: Reply::Erased(count),
            drafts: vec![draft],
        })
    }
}

/// The marks of entries that are not erased yet, in the order of their indexes; `check` may refuse one, and so may a hold.
pub(crate) fn erasures(
    facts: &Facts,
    entries: &[u64],
    who: &Principal,
    check: impl Fn(&KnownEntry) -> Result<(), Refusal>,
) -> Result<Vec<Erasure>, Refusal> {
    let found = with_payload(facts, entries, &Holds::binding(facts, who), check)?;
    let mark = |(erased, entry): (u64, &KnownEntry)| Erasure { id: entry.id, erased };
    Ok(found.into_iter().map(mark).collect())
}

/// Those of these entries whose payload is there, in the order of their indexes; `check` may refuse one, and so may a hold.
pub(crate) fn with_payload<'a>(
    facts: &'a Facts,
    entries: &[u64],
    holds: &Holds,
    check: impl Fn(&KnownEntry) -> Result<(), Refusal>,
) -> Result<Vec<(u64, &'a KnownEntry)>, Refusal> {
    let mut indexes = entries.to_vec();
    indexes.sort_unstable();
    indexes.dedup();
    let mut found = Vec::with_capacity(indexes.len());
    for index in indexes {
        let entry = facts.entry_ids.get(&index).and_then(|id| facts.entries.get(id));
        let entry =
            entry.ok_or_else(|| code::UNKNOWN_ENTRY.absent(format_args!("entry {index}"), "entries"))?;
        check(entry)?;
        holds.check_entry(entry)?;
        if entry.payload.is_some() {
            found.push((index, entry));
        }
    }
    Ok(found)
}
