//! Recording events: one entry each, all or none.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::audit::event::{AHEAD_SECONDS_MAX, EVENTS_MAX, NewEntry};
use crate::audit::known::KnownEntry;
use crate::code::check_count;
use crate::decision::Recorded;
use crate::prelude::*;

/// Records events.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordEvents {
    /// One to 1,000 events.
    pub events: Vec<NewEntry>,
    /// Whether they came as a list, so that a field's path begins with a position.
    pub list: bool,
}

impl RecordEvents {
    fn path(&self, position: usize, field: &str) -> String {
        if self.list {
            format!("[{position}].{field}")
        } else {
            field.to_owned()
        }
    }
}

impl Act for RecordEvents {
    act! {
        action: AUDIT_APPEND, changes_access: false, target: none,
        refusals: INVALID_FIELD, TOO_MANY_ENTRIES, ID_CONFLICT
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        let own = self.events.iter().filter(|event| event.own_id);
        needs.rows(&looks::ENTRY, own.map(|event| event.id));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let count = self.events.len();
        check_count(&code::TOO_MANY_ENTRIES, "entries", count, EVENTS_MAX, "")?;
        let latest = ctx.now.plus_seconds(AHEAD_SECONDS_MAX);
        let mut reply = Vec::with_capacity(self.events.len());
        let mut drafts = Vec::with_capacity(self.events.len());
        // Ids that this very self brings, so that a list with the same id twice is seen as a replay or refused.
        let mut brought: HashMap<Uuid, KnownEntry> = HashMap::new();
        for (position, event) in self.events.iter().enumerate() {
            if event.occurred_at.is_some_and(|time| time > latest) {
                let message = format!("must not be later than a day from now, {latest}");
                return Err(FieldError::new(self.path(position, "occurred_at"), message).into());
            }
            if event.own_id {
                if let Some(known) = facts.entries.get(&event.id).or_else(|| brought.get(&event.id)) {
                    if let Some(field) = known.difference(event) {
                        let may_read =
                            known.recorded_by == by.who.recorded_by || by.who.holds(Permission::AuditRead);
                        let refusal = own_id::conflict_seen(may_read, "entry", event.id, field);
                        let field = self.path(position, refusal.field.as_deref().unwrap_or("id"));
                        return Err(refusal.field(field));
                    }
                    reply.push(known.again());
                    continue;
                }
                brought.insert(event.id, KnownEntry::pending(event, by.who.recorded_by));
            }
            reply.push(Recorded {
                id: event.id,
                place: None,
                replayed: false,
            });
            drafts.push(draft(event, by.who, by.authority));
        }
        Ok(Decision {
            reply: Reply::Recorded(reply),
            drafts,
        })
    }

    fn weight(&self) -> usize {
        self.events.len().max(1)
    }

    fn own_ids(&self) -> usize {
        self.events.iter().filter(|event| event.own_id).count()
    }
}

fn draft(event: &NewEntry, who: &Principal, authority: &Authority) -> Draft {
    Draft {
        id: event.id,
        recorded_by: who.recorded_by,
        actor_kind: event.actor_kind,
        actor_id: None,
        actor: event.actor.clone(),
        action: Cow::Owned(event.action.clone()),
        target_kind: event.target_kind.clone(),
        target_id: None,
        target: event.target.clone(),
        ip: event.ip.clone(),
        occurred_at: event.occurred_at,
        outcome: event.outcome,
        authority: authority.as_str().to_owned(),
        payload: event.payload.clone(),
        salt: event.salt,
        commitment: event.commitment,
        writes: Vec::new(),
        erases: Vec::new(),
    }
}
