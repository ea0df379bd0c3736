//! One's own account: password, second factor.

use std::sync::Arc;

use domain::action::{self, Action};
use domain::identity::invitation::{self, AcceptInvitation, Invitation};
use domain::identity::password;
use domain::identity::second_factor::{ChangeSecondFactor, Confirm, Enrol, RecoveryCodes, Remove};
use domain::identity::security_event::SecurityEvent;
use domain::identity::token::{Token, TokenKind};
use domain::identity::user::{ChangePassword, User, wrong_password};
use domain::{Caller, Command, Origin, Refusal, code};
use evidence::Outcome;
use uuid::Uuid;

use super::throttle::{Attempt, address_of};
use crate::auth::Identity;
use crate::credentials::{recovery, totp};
use crate::engine::Engine;
use crate::error::Error;

/// A second factor to be confirmed, shown once.
pub struct Enrolment {
    /// The secret in base32, to be typed in.
    pub secret: String,
    /// The same as an `otpauth://` address, to be shown as a QR code.
    pub uri: String,
}

/// A password that a user may have.
pub(super) fn check_password(text: &str, user: &User) -> Result<(), Refusal> {
    let mut words = vec![user.username.as_str()];
    words.extend(user.email.as_deref());
    words.extend(user.full_name.as_deref());
    Ok(password::check(text, &words)?)
}

/// The session and its user; a key has no account of its own.
fn session_of(identity: &Identity) -> Result<(Uuid, Uuid), Error> {
    identity.principal.session()?;
    let session = identity.session.as_ref().map(|session| session.id);
    let session =
        session.ok_or_else(|| code::SESSION_NEEDED.because("this is for the session that calls"))?;
    Ok((session, identity.user.id))
}

impl Engine {
    /// The password hash of the caller that `text` is the password of; wrong ones are counted like wrong logins.
    async fn own_password(
        &self,
        identity: &Identity,
        text: String,
        action: &'static str,
        origin: &Origin,
    ) -> Result<String, Error> {
        let id = identity.user.id;
        let attempt = self.own_attempt(identity, action, origin).await?;
        // Not from memory: another process may have changed it.
        let user = self.user(id).await?.ok_or_else(wrong_password)?;
        let stored = user.row.password_hash;
        let verified = self.shared().hashes.verify(text, stored.clone()).await;
        if let (Ok(verified), Some(stored)) = (&verified, stored)
            && verified.is_right()
        {
            self.was_right(&attempt);
            return Ok(stored);
        }
        if let Err(error) = verified {
            // Nobody could look.
            self.was_right(&attempt);
            return Err(error);
        }
        self.report_own(identity, action, "wrong_password", origin).await;
        Err(wrong_password().into())
    }

    /// Counts an attempt at one's own account; that there were too many is an entry.
    async fn own_attempt(
        &self,
        identity: &Identity,
        action: &'static str,
        origin: &Origin,
    ) -> Result<Attempt, Error> {
        let id = identity.user.id.to_string();
        match self.attempt(&id, origin, self.now()).await {
            Ok(attempt) => Ok(attempt),
            Err(refusal) => {
                self.report_own(identity, action, refusal.code, origin).await;
                Err(refusal.into())
            }
        }
    }

    /// Records that something with one's own account failed before there was a command.
    async fn report_own(
        &self,
        identity: &Identity,
        action: &'static str,
        reason: &'static str,
        origin: &Origin,
    ) {
        let id = identity.user.id;
        let event = SecurityEvent {
            recorded_by: Some(identity.principal.recorded_by),
            actor: Some((id, identity.user.username.clone())),
            target: Some(("user", id)),
            ..SecurityEvent::failed(action, reason)
        };
        self.report(event, &id.to_string(), origin.clone()).await;
    }

    /// Changes the caller's own password. Its other sessions end.
    pub async fn change_password(
        &self,
        caller: &Caller,
        origin: Origin,
        current: String,
        new: String,
    ) -> Result<(), Error> {
        let identity = self.identity(caller).await?;
        session_of(&identity)?;
        check_password(&new, &identity.user).map_err(|refusal| refusal.field("new_password"))?;
        if new == current {
            // Otherwise a one-time password could stay.
            return Err(Refusal::invalid("new_password", "must be another one than before").into());
        }
        let refused = action::PASSWORD_CHANGE.refused;
        let verified_hash = self
            .own_password(&identity, current, refused, &origin)
            .await
            .map_err(|error| at(error, "current_password"))?;
        let command = ChangePassword {
            user: identity.user.id,
            verified_hash,
            password_hash: self.shared().hashes.hash(new).await?,
        };
        self.submit(caller, origin, Command::ChangePassword(command))
            .await?;
        Ok(())
    }

    /// Accepts an invitation: sets the user's password. The token works once.
    pub async fn accept_invitation(
        &self,
        token: &str,
        new: String,
        origin: Origin,
    ) -> Result<(User, u64), Error> {
        let Some(invitation) = self.invitation_of(token).await? else {
            let refusal = invitation::invalid();
            let event = SecurityEvent {
                outcome: Outcome::Refused,
                ..SecurityEvent::failed(action::INVITATION_ACCEPT.refused, refusal.code)
            };
            // Whoever tries many is one subject.
            let subject = address_of(&origin);
            self.report(event, &subject, origin).await;
            return Err(refusal.into());
        };
        let user = self
            .user(invitation.user_id)
            .await?
            .ok_or_else(invitation::invalid)?;
        check_password(&new, &user.row)?;
        let command = AcceptInvitation {
            invitation: invitation.id,
            user: invitation.user_id,
            password_hash: self.shared().hashes.hash(new).await?,
        };
        let caller = Caller::System { part: "invitation" };
        let answer = self
            .submit_for(&caller, origin, Command::AcceptInvitation(command))
            .await?;
        Ok(answer.reply)
    }

    /// The invitation of this token, while it can be accepted.
    async fn invitation_of(&self, token: &str) -> Result<Option<Invitation>, Error> {
        let token = Token::parse(token).filter(|token| token.kind() == TokenKind::Invitation);
        match token {
            Some(token) => self.open_invitation(&token.hash()).await,
            None => Ok(None),
        }
    }

    async fn change_second_factor<C>(
        &self,
        caller: &Caller,
        origin: Origin,
        identity: &Identity,
        change: C,
    ) -> Result<(), Error>
    where
        Command: From<ChangeSecondFactor<C>>,
    {
        let (session, user) = session_of(identity)?;
        let command = ChangeSecondFactor {
            user,
            session,
            change,
        };
        self.submit(caller, origin, command.into()).await?;
        Ok(())
    }

    /// Who calls with a session, and the hash of the password that they gave once more.
    async fn own(
        &self,
        caller: &Caller,
        origin: &Origin,
        password: String,
        action: &Action,
    ) -> Result<(Arc<Identity>, String), Error> {
        let identity = self.identity(caller).await?;
        session_of(&identity)?;
        let verified_hash = self
            .own_password(&identity, password, action.refused, origin)
            .await?;
        Ok((identity, verified_hash))
    }

    /// Begins to enrol a second factor, which counts once a code of it was confirmed.
    pub async fn enrol_second_factor(
        &self,
        caller: &Caller,
        origin: Origin,
        password: String,
    ) -> Result<Enrolment, Error> {
        let action = &action::SECOND_FACTOR_ENROL;
        let (identity, verified_hash) = self.own(caller, &origin, password, action).await?;
        let secret = totp::new_secret()?;
        let change = Enrol {
            secret: self.shared().secrets.seal(&secret, identity.user.id.as_bytes())?,
            verified_hash,
        };
        self.change_second_factor(caller, origin, &identity, change)
            .await?;
        Ok(Enrolment {
            secret: totp::base32(&secret),
            uri: totp::uri(&secret, "Probity", &identity.user.username),
        })
    }

    /// Confirms a second factor by its first code; gives the recovery codes, shown once.
    pub async fn confirm_second_factor(
        &self,
        caller: &Caller,
        origin: Origin,
        code: &str,
    ) -> Result<Vec<String>, Error> {
        let identity = self.identity(caller).await?;
        let (_, user) = session_of(&identity)?;
        let factor = self.second_factor(user).await?;
        let factor = factor.filter(|factor| factor.secret.is_some()).ok_or_else(|| {
            let message = "no second factor waits to be confirmed; enrol one first";
            code::NOTHING_TO_CONFIRM.because(message)
        })?;
        let refused = action::SECOND_FACTOR_CONFIRM.refused;
        let attempt = self.own_attempt(&identity, refused, &origin).await?;
        let wrong = |error: Error| match error {
            Error::Refused { refusal, entry } if refusal.code == code::WRONG_SECOND_FACTOR.name => {
                let refusal = code::WRONG_SECOND_FACTOR.because(refusal.message).field("code");
                Error::Refused { refusal, entry }
            }
            error => error,
        };
        let proof = match self.check_totp(&factor, code) {
            Ok(proof) => proof,
            Err(error) => {
                self.report_own(&identity, refused, "wrong_second_factor", &origin)
                    .await;
                return Err(wrong(error));
            }
        };
        self.was_right(&attempt);
        let codes = recovery::new_codes()?;
        let change = Confirm {
            proof,
            recovery: codes.iter().map(|code| recovery::hash(code)).collect(),
        };
        self.change_second_factor(caller, origin, &identity, change)
            .await
            .map_err(wrong)?;
        Ok(codes)
    }

    /// Removes the caller's second factor.
    pub async fn remove_second_factor(
        &self,
        caller: &Caller,
        origin: Origin,
        password: String,
    ) -> Result<(), Error> {
        let action = &action::SECOND_FACTOR_REMOVE;
        let (identity, verified_hash) = self.own(caller, &origin, password, action).await?;
        let change = Remove { verified_hash };
        self.change_second_factor(caller, origin, &identity, change).await
    }

    /// Replaces the caller's recovery codes; the former ones no longer work.
    pub async fn new_recovery_codes(
        &self,
        caller: &Caller,
        origin: Origin,
        password: String,
    ) -> Result<Vec<String>, Error> {
        let action = &action::SECOND_FACTOR_RECOVERY_CODES;
        let (identity, verified_hash) = self.own(caller, &origin, password, action).await?;
        let codes = recovery::new_codes()?;
        let change = RecoveryCodes {
            recovery: codes.iter().map(|code| recovery::hash(code)).collect(),
            verified_hash,
        };
        self.change_second_factor(caller, origin, &identity, change)
            .await?;
        Ok(codes)
    }
}

/// The same refusal, naming another field.
fn at(error: Error, field: &str) -> Error {
    match error {
        Error::Refused { refusal, entry } if refusal.field.is_some() => {
            let refusal = refusal.field(field);
            Error::Refused { refusal, entry }
        }
        error => error,
    }
}
