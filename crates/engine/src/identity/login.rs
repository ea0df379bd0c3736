//! Logging in.

use std::time::{Duration, Instant};

use domain::identity::login::{LogIn, invalid_credentials, second_factor_needed};
use domain::identity::second_factor::{Proof, SecondFactor, invalid};
use domain::identity::security_event::{LOGIN_FAIL, LOGIN_FAIL_MAX, SecurityEvent};
use domain::identity::session::Session;
use domain::identity::token::{Token, TokenKind};
use domain::identity::user::User;
use domain::identity::{Must, password};
use domain::record::Sealed;
use domain::{Caller, Command, Origin, Refusal, RefusalKind};
use uuid::Uuid;

use super::throttle::account_of;
use crate::credentials::{Verified, recovery, totp};
use crate::engine::Engine;
use crate::error::Error;
use crate::limits::SeenKind;

/// A refused login is answered no sooner than this after it came in, so that the time tells nothing: not whether
/// there is such a user, nor by what its password is hashed. A bcrypt hash of cost 12 takes less.
const REFUSED_AFTER: Duration = Duration::from_millis(500);

/// What someone logs in with.
#[derive(Clone, Default)]
pub struct LogInRequest {
    /// User name or e-mail address.
    pub name: String,
    /// The password as it was typed.
    pub password: String,
    /// Code of the second factor.
    pub totp: Option<String>,
    /// Recovery code, instead.
    pub recovery_code: Option<String>,
}

/// A new session.
pub struct LoggedIn {
    /// Its token, shown once.
    pub token: Token,
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// The user's version.
    pub version: u64,
    /// What must be done before anything else.
    pub must: Option<Must>,
}

fn login() -> Caller {
    Caller::System { part: "login" }
}

impl Engine {
    /// Begins a session. Every wrong name, password or disabled user is answered alike, and after the same time.
    pub async fn log_in(&self, request: LogInRequest, origin: Origin) -> Result<LoggedIn, Error> {
        let started = Instant::now();
        let answer = self.log_in_throttled(request, origin).await;
        if let Err(Error::Refused { refusal, .. }) = &answer
            && refusal.kind == RefusalKind::Unauthenticated
            && refusal.code != "second_factor_needed"
        {
            tokio::time::sleep(REFUSED_AFTER.saturating_sub(started.elapsed())).await;
        }
        answer
    }

    async fn log_in_throttled(&self, request: LogInRequest, origin: Origin) -> Result<LoggedIn, Error> {
        // Longer texts can be nobody's, and hashing them would be work for nothing.
        for (field, text, max) in [
            ("username", &request.name, 254),
            ("password", &request.password, password::LEN_MAX),
        ] {
            if text.is_empty() || text.chars().count() > max {
                let message = format!("must be 1 to {max} characters");
                return Err(Refusal::invalid(field, message).into());
            }
        }
        let user = self.user_by_login(&request.name).await?;
        let account = account_of(user.as_ref().map(|user| user.row.id), &request.name);
        let now = self.now();
        let attempt = match self.attempt(&account, &origin, now).await {
            Ok(attempt) => attempt,
            Err(refusal) => {
                let event = failure(LOGIN_FAIL_MAX, user.as_ref(), refusal.code);
                self.report(event, &account, origin).await;
                return Err(refusal.into());
            }
        };
        let mut answer = self
            .log_in_counted(&request, user.as_ref(), &account, origin.clone())
            .await;
        if let (
            Err(Error::Refused {
                refusal,
                entry: Some(_),
            }),
            Some(before),
        ) = (&answer, &user)
            && refusal.code == invalid_credentials().code
        {
            // The password was right when it was looked at: another login at the same moment may have put a
            // stronger hash of it in place.
            let now = self.user(before.row.id).await?;
            if now
                .as_ref()
                .is_some_and(|now| now.row.password_hash != before.row.password_hash)
            {
                answer = self
                    .log_in_counted(&request, now.as_ref(), &account, origin)
                    .await;
            }
        }
        match &answer {
            Ok(done) => {
                self.was_right(&attempt);
                self.remember_address(&attempt);
                self.limits().touch(SeenKind::User, done.user.id, now);
            }
            // The password was right, or nobody could look.
            Err(Error::Refused { refusal, .. }) if refusal.code != "second_factor_needed" => {}
            Err(_) => self.was_right(&attempt),
        }
        answer
    }

    async fn log_in_counted(
        &self,
        request: &LogInRequest,
        user: Option<&Sealed<User>>,
        account: &str,
        origin: Origin,
    ) -> Result<LoggedIn, Error> {
        let stored = user.and_then(|user| user.row.password_hash.clone());
        let verified = self
            .shared()
            .hashes
            .verify(request.password.clone(), stored.clone())
            .await?;
        let (Some(user), Some(stored), true) = (user, stored, verified.is_right()) else {
            let reason = if user.is_some() {
                "wrong_password"
            } else {
                "unknown_user"
            };
            self.report(failure(LOGIN_FAIL, user, reason), account, origin)
                .await;
            return Err(invalid_credentials().into());
        };
        let second_factor = match self.check_second_factor(user.row.id, request).await {
            Ok(proof) => proof,
            Err(Error::Refused { refusal, .. }) if refusal.code == "invalid_second_factor" => {
                let event = failure(LOGIN_FAIL, Some(user), "wrong_second_factor");
                self.report(event, account, origin).await;
                return Err(refusal.into());
            }
            Err(error) => return Err(error),
        };
        let token = Engine::new_token(TokenKind::Session)?;
        let command = LogIn {
            user: user.row.id,
            verified_hash: stored,
            in_part: verified == Verified::InPart,
            upgraded_hash: match verified {
                Verified::Upgraded(hash) => Some(hash),
                _ => None,
            },
            second_factor,
            hash: token.hash(),
        };
        let answer = self
            .submit_for::<Session>(&login(), origin, Command::LogIn(command))
            .await?;
        let session = answer.reply;
        let identity = self.identity(&Caller::Session(session.id)).await?;
        Ok(LoggedIn {
            token,
            must: identity.principal.must(),
            user: identity.user.clone(),
            version: identity.version,
            session,
        })
    }

    /// What proves the second factor; none where there is none.
    async fn check_second_factor(&self, user: Uuid, request: &LogInRequest) -> Result<Option<Proof>, Error> {
        let Some(factor) = self.second_factor(user).await?.filter(SecondFactor::is_confirmed) else {
            return Ok(None);
        };
        match (&request.totp, &request.recovery_code) {
            (Some(code), None) => Ok(Some(self.check_totp(&factor, code)?)),
            (None, Some(code)) => {
                let hash = recovery::hash(code);
                // Looked for again where it is used up; this only tells a wrong one apart from a lost race.
                if !factor.recovery.0.contains(&hash) {
                    return Err(invalid().into());
                }
                Ok(Some(Proof::Recovery(hash)))
            }
            (None, None) => Err(second_factor_needed().into()),
            (Some(_), Some(_)) => {
                let message = "give either `totp` or `recovery_code`, not both";
                Err(Refusal::invalid("recovery_code", message).into())
            }
        }
    }

    /// The proof that a code is the one of this moment.
    pub(super) fn check_totp(&self, factor: &SecondFactor, code: &str) -> Result<Proof, Error> {
        let sealed = factor.secret.clone().ok_or_else(invalid)?;
        let secret = self.shared().secrets.open(&sealed, factor.user_id.as_bytes())?;
        let last = factor.last_step.and_then(|step| u64::try_from(step).ok());
        let step = totp::verify(&secret, code, self.now(), last).ok_or_else(invalid)?;
        Ok(Proof::Totp {
            secret: sealed,
            step: i64::try_from(step).unwrap_or(i64::MAX),
        })
    }
}

/// A login that failed. What was written as the name of nobody is not kept: people write passwords there.
fn failure(action: &'static str, user: Option<&Sealed<User>>, reason: &str) -> SecurityEvent {
    SecurityEvent {
        target: user.map(|user| ("user", user.row.id)),
        ..SecurityEvent::failed(action, reason)
    }
}
