//! Setting a hold.

use super::row::{ACTIVE_MAX, HoldStatus, LegalHold, NAMED_LEN_MAX, REASON_LEN_MAX};
use super::{Holds, needs};
use crate::prelude::*;

/// Sets a hold: nothing that it covers is erased or pruned until somebody else releases it.
///
/// At least one of actor, target, user and times is named; where there are several, all of them must be true of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateHold {
    /// The caller's own id for it: the same id with the same content is the same hold.
    pub id: Option<Uuid>,
    /// Entries by this actor: 1 to 256 printable characters.
    pub actor: Option<String>,
    /// Entries about this target: 1 to 256 printable characters.
    pub target: Option<String>,
    /// Entries by or about this user, its API keys and its agents.
    pub user: Option<Uuid>,
    /// Entries of this time or later.
    pub since: Option<Timestamp>,
    /// Entries of before this time.
    pub until: Option<Timestamp>,
    /// Why: 1 to 500 printable characters.
    pub reason: String,
}

fn check(command: &CreateHold) -> Result<(), FieldError> {
    own_id::check("id", command.id)?;
    for (field, named) in [("actor", &command.actor), ("target", &command.target)] {
        if let Some(named) = named {
            check_text(field, named, NAMED_LEN_MAX)?;
        }
    }
    let (since, until) = (command.since, command.until);
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        return Err(FieldError::new("to", "must be after `from`"));
    }
    let named = command.actor.is_some() || command.target.is_some() || command.user.is_some();
    if !named && since.or(until).is_none() {
        let message = "name what is held: `actor`, `target`, `user`, `from` or `to`";
        return Err(FieldError::new("actor", message));
    }
    check_text("reason", &command.reason, REASON_LEN_MAX)
}

/// The field in which a hold is not what a command asks for.
fn difference(hold: &LegalHold, command: &CreateHold) -> Option<&'static str> {
    let fields = [
        ("actor", hold.actor == command.actor),
        ("target", hold.target == command.target),
        ("user", hold.user_id == command.user),
        ("from", hold.since == command.since),
        ("to", hold.until == command.until),
        ("reason", hold.reason == command.reason),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

impl Act for CreateHold {
    act! {
        action: LEGAL_HOLD_CREATE, changes_access: false, target: none,
        refusals: INVALID_FIELD, ID_CONFLICT, UNKNOWN_USER, TOO_MANY_HOLDS
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        self::needs(needs);
        needs.rows(&looks::LEGAL_HOLD, self.id);
        needs.rows(&looks::USER_RELIED_ON, self.user);
        // What a later command of the batch erases may be theirs.
        needs.rows(&looks::API_KEYS_OF, self.user);
        needs.rows(&looks::AGENTS_OF, self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        check(self)?;
        if let Some(known) = self.id.and_then(|id| facts.legal_holds.get(&id)) {
            return match difference(&known.row, self) {
                None => Ok(Decision::nothing(Reply::Hold(known.row.clone(), known.version))),
                Some(field) => {
                    let may_read = by.who.holds(Permission::AuditRead);
                    Err(own_id::conflict_seen(may_read, "legal hold", known.row.id, field))
                }
            };
        }
        if let Some(user) = self.user.filter(|user| !facts.users.contains_key(user)) {
            return Err(code::UNKNOWN_USER.absent(format_args!("user {user}"), "user"));
        }
        if Holds::of(facts).len() >= ACTIVE_MAX {
            let message =
                format!("{ACTIVE_MAX} legal holds are active, which is the most: release one first");
            return Err(code::TOO_MANY_HOLDS.because(message));
        }
        let hold = LegalHold {
            id: self.id.unwrap_or_else(|| ctx.id(1)),
            actor: self.actor.clone(),
            target: self.target.clone(),
            user_id: self.user,
            since: self.since,
            until: self.until,
            reason: self.reason.clone(),
            status: HoldStatus::Active,
            created_by: by.who.user_id,
            created_at: ctx.now,
            released_by: None,
            released_at: None,
            release_reason: None,
        };
        let mut change = Change::new(by, ctx);
        change.insert(hold.clone());
        let draft = change.draft(Self::ACTION.name, "legal_hold", hold.id);
        Ok(Decision::one(Reply::Hold(hold, 1), draft))
    }
}
