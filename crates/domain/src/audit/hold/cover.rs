//! What is under a hold.

use std::collections::BTreeSet;

use evidence::leaf::RecorderKind;
use evidence::payload::Found;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::{HoldStatus, LegalHold};
use crate::audit::known::KnownEntry;
use crate::code;
use crate::identity::Principal;
use crate::refusal::{BrokenRule, Refusal};
use crate::tables::Facts;

/// By what an entry is covered.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// Its actor, as the filter finds it.
    pub actor: Option<&'a str>,
    /// Its target, as the filter finds it.
    pub target: Option<&'a str>,
    /// When it was recorded.
    pub at: Option<Timestamp>,
    /// When what it tells of happened, where that was said.
    pub occurred_at: Option<Timestamp>,
}

/// The holds that are active, in the order of their ids.
#[derive(Debug, Default)]
pub struct Holds(Vec<Held>);

#[derive(Debug)]
struct Held {
    hold: LegalHold,
    /// The ids of its user, the user's API keys and agents.
    ids: BTreeSet<String>,
}

/// A user with its API keys and agents, of those that are known.
fn ids_of(facts: &Facts, user: Uuid) -> BTreeSet<String> {
    let keys = facts.api_keys_of(user).into_iter().map(|key| key.row.id);
    let agents = facts.agents_of(user).into_iter().map(|agent| agent.row.id);
    let all = std::iter::once(user).chain(keys).chain(agents);
    all.map(|id| id.to_string()).collect()
}

impl Held {
    fn covers(&self, about: &About<'_>) -> bool {
        let LegalHold {
            actor,
            target,
            user_id,
            since,
            until,
            ..
        } = &self.hold;
        let is = |named: &Option<String>, found: Option<&str>| {
            named.as_deref().is_none_or(|named| found == Some(named))
        };
        let own = |found: Option<&str>| found.is_some_and(|found| self.ids.contains(found));
        let within = |time: &Timestamp| {
            since.is_none_or(|since| *time >= since) && until.is_none_or(|until| *time < until)
        };
        is(actor, about.actor)
            && is(target, about.target)
            && (user_id.is_none() || own(about.actor) || own(about.target))
            && [about.at, about.occurred_at].iter().flatten().any(within)
    }
}

impl Holds {
    /// Those that are active among the facts.
    pub fn of(facts: &Facts) -> Holds {
        let rows = facts.legal_holds.values().map(|sealed| &sealed.row);
        let mut active: Vec<&LegalHold> = rows.filter(|hold| hold.status == HoldStatus::Active).collect();
        active.sort_unstable_by_key(|hold| hold.id);
        let held = active.into_iter().map(|hold| Held {
            hold: hold.clone(),
            ids: hold.user_id.map(|user| ids_of(facts, user)).unwrap_or_default(),
        });
        Holds(held.collect())
    }

    /// Those that bind this caller. A restore erases again what a command had erased, which no hold refused: one that was
    /// released since the backup is active in it still.
    pub(crate) fn binding(facts: &Facts, who: &Principal) -> Holds {
        if who.recorded_by.kind == RecorderKind::System {
            return Holds::default();
        }
        Holds::of(facts)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their ids, in order.
    pub fn ids(&self) -> Vec<Uuid> {
        self.0.iter().map(|held| held.hold.id).collect()
    }

    /// The first one that covers this.
    pub fn covering(&self, about: &About<'_>) -> Option<Uuid> {
        let found = self.0.iter().find(|held| held.covers(about));
        found.map(|held| held.hold.id)
    }

    /// The first one that covers an entry whose payload is there.
    pub fn covering_entry(&self, entry: &KnownEntry) -> Option<Uuid> {
        let payload = entry.payload.as_deref().filter(|_| !self.is_empty())?;
        // One that does not read was changed by hand. What its leaf says still counts.
        let payload = Found::parse(payload).unwrap_or_default();
        let [actor, target] = [entry.actor_id, entry.target_id].map(|id| id.map(|id| id.to_string()));
        self.covering(&About {
            actor: actor.as_deref().or(payload.actor()),
            target: target.as_deref().or(payload.target()),
            at: entry.place.map(|place| place.at),
            occurred_at: payload.occurred_at,
        })
    }

    /// Refuses to erase or prune an entry that is covered.
    pub(crate) fn check_entry(&self, entry: &KnownEntry) -> Result<(), Refusal> {
        self.covering_entry(entry).map_or(Ok(()), |hold| {
            let index = entry.place.map(|place| place.index.to_string());
            let what = index.unwrap_or_else(|| entry.id.to_string());
            Err(held(&format!("entry {what}"), hold).field("entries"))
        })
    }

    /// Refuses to erase a user whom a hold names: as its user, or as an actor or target.
    pub(crate) fn check_user(&self, facts: &Facts, user: Uuid) -> Result<(), Refusal> {
        let own = ids_of(facts, user);
        let names = |hold: &LegalHold| {
            let named = [&hold.actor, &hold.target].into_iter().flatten();
            hold.user_id == Some(user) || named.into_iter().any(|named| own.contains(named))
        };
        let found = self.0.iter().find(|held| names(&held.hold));
        found.map_or(Ok(()), |one| Err(held(&format!("user {user}"), one.hold.id)))
    }
}

/// What is refused of what is under this hold.
fn held(what: &str, hold: Uuid) -> Refusal {
    let rule = BrokenRule {
        rule: format!("legal hold {hold}"),
        lifted_by: "who holds audit:hold, and did not set the hold".to_owned(),
        ..BrokenRule::default()
    };
    let message =
        format!("{what} is under legal hold {hold}: nothing is erased or pruned until it is released");
    code::HELD.because(message).by(rule)
}
