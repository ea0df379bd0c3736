//! Making a user.

use super::{User, check_email, check_free, check_full_name, check_role, check_username};
use crate::identity::invitation;
use crate::identity::permission::Role;
use crate::prelude::*;

/// Makes a user.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateUser {
    /// Name: 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub username: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Full name: 1 to 200 characters.
    pub full_name: Option<String>,
    /// Role.
    pub role: Role,
    /// Hash of a first password.
    pub password_hash: Option<String>,
    /// Whether that password must be changed at first login.
    pub password_temporary: bool,
    /// SHA-256 of an invitation's token, by which the user sets the first password.
    pub invitation: Option<[u8; 32]>,
    /// False for one that is imported as disabled.
    pub active: bool,
}

shows! { CreateUser: username, role }

impl CreateUser {
    /// A user without anything that can be left out.
    pub fn new(username: impl Into<String>, role: Role) -> CreateUser {
        CreateUser {
            username: username.into(),
            email: None,
            full_name: None,
            role,
            password_hash: None,
            password_temporary: false,
            invitation: None,
            active: true,
        }
    }

    fn names(&self, needs: &mut Needs) {
        needs.username(&self.username);
        self.email.iter().for_each(|email| needs.email(email));
    }

    fn make(
        &self,
        action: &'static Action,
        facts: &Facts,
        by: &By<'_>,
        ctx: &Context,
    ) -> Result<Decision, Refusal> {
        check_username(&self.username)?;
        self.email.as_deref().map_or(Ok(()), check_email)?;
        self.full_name.as_deref().map_or(Ok(()), check_full_name)?;
        check_role(facts, &self.role)?;
        by.who.covers(&self.role, &facts.rules)?;
        check_free(facts, None, &self.username, self.email.as_deref())?;
        let user = User {
            id: ctx.id(1),
            username: self.username.clone(),
            email: self.email.clone(),
            full_name: self.full_name.clone(),
            role: self.role.clone(),
            active: self.active,
            password_hash: self.password_hash.clone(),
            password_temporary: self.password_temporary,
            created_at: ctx.now,
            updated_at: ctx.now,
            password_changed_at: None,
            erased_at: None,
            balances: None,
        };
        let mut change = Change::new(by, ctx);
        change.insert(user.clone());
        if let Some(hash) = self.invitation {
            invitation::invite(&mut change, facts, user.id, hash, ctx);
        }
        let draft = change.draft(action.name, "user", user.id);
        Ok(Decision::one(Reply::User { user, version: 1 }, draft))
    }
}

/// Makes a user who comes from another system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportUser(pub CreateUser);

impl Act for CreateUser {
    act! {
        action: USER_CREATE, changes_access: false, target: none,
        refusals: INVALID_FIELD, EXCEEDS_OWN, USERNAME_TAKEN, EMAIL_TAKEN
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        self.names(needs);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        self.make(Self::ACTION, facts, by, ctx)
    }
}

impl Act for ImportUser {
    act! { action: USER_IMPORT, changes_access: false, target: none, refusals: = CreateUser::REFUSALS }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        self.0.names(needs);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        self.0.make(Self::ACTION, facts, by, ctx)
    }
}
