//! Questions to the facts that more than one command asks.

use std::collections::HashMap;

use uuid::Uuid;

use crate::audit::known::KnownEntry;
use crate::governance::Agent;
use crate::identity::api_key::ApiKey;
use crate::identity::invitation::Invitation;
use crate::identity::permission::Role;
use crate::identity::session::Session;
use crate::identity::user::User;
use crate::record::{Record, Sealed};
use crate::tables::Facts;

/// The rows that match, oldest first.
fn matching<T>(rows: &HashMap<Uuid, Sealed<T>>, belongs: impl Fn(&T) -> bool) -> Vec<&Sealed<T>>
where
    T: Record,
{
    let mut found: Vec<_> = rows.values().filter(|sealed| belongs(&sealed.row)).collect();
    // UUIDv7: the order of ids is the order of making.
    found.sort_unstable_by_key(|sealed| sealed.row.id());
    found
}

impl Facts {
    /// The user of this name, in any case.
    pub fn user_named(&self, name: &str) -> Option<&Sealed<User>> {
        self.users
            .values()
            .find(|user| user.row.username.eq_ignore_ascii_case(name))
    }

    /// The user of this e-mail address, in any case.
    pub fn user_with_email(&self, email: &str) -> Option<&Sealed<User>> {
        let has = |user: &&Sealed<User>| {
            let own = user.row.email.as_deref();
            own.is_some_and(|own| own.eq_ignore_ascii_case(email))
        };
        self.users.values().find(has)
    }

    /// Whether an active admin other than this user is there.
    pub fn other_admin(&self, id: Uuid) -> bool {
        let other =
            |user: &Sealed<User>| user.row.id != id && user.row.active && user.row.role == Role::ADMIN;
        self.users.values().any(other)
    }

    /// The user's sessions that have not ended, oldest first.
    pub fn sessions_of(&self, user: Uuid) -> Vec<&Sealed<Session>> {
        matching(&self.sessions, |session| {
            session.user_id == user && session.ended_at.is_none()
        })
    }

    /// The user's API keys, revoked ones too, oldest first.
    pub fn api_keys_of(&self, user: Uuid) -> Vec<&Sealed<ApiKey>> {
        matching(&self.api_keys, |key| key.user_id == user)
    }

    /// The user's agents, oldest first.
    pub fn agents_of(&self, user: Uuid) -> Vec<&Sealed<Agent>> {
        matching(&self.agents, |agent| agent.user_id == user)
    }

    /// The user's invitations that are neither accepted nor withdrawn, oldest first.
    pub fn invitations_of(&self, user: Uuid) -> Vec<&Sealed<Invitation>> {
        matching(&self.invitations, |invitation| {
            invitation.user_id == user && invitation.closed_at.is_none()
        })
    }

    /// Takes in an entry.
    pub fn know(&mut self, entry: KnownEntry) {
        if let Some(place) = entry.place {
            self.entry_ids.insert(place.index, entry.id);
        }
        self.entries.insert(entry.id, entry);
    }
}
