//! What a person decides: with a password, and the second factor where there is one.
use domain::{Caller, Command};
use engine::identity::LogInRequest;
use engine::{Answer, Engine, Error};

use crate::context::{Context, origin};
use crate::failure::Failure;
use crate::prompt;
use domain::identity::session::EndSession;

/// Carries out a command as a user: logs in, acts, logs out.
pub async fn act_as(
    context: &Context,
    engine: &Engine,
    user: &str,
    command: Command,
) -> Result<Answer, Failure> {
    let session = log_in(context, engine, user).await?;
    let person = Caller::Session(session);
    let done = engine.submit(&person, origin(), command).await;
    let ended = Command::EndSession(EndSession { session });
    if let Err(error) = engine.submit(&person, origin(), ended).await {
        context.remark(&format!(
            "The session was not ended ({error}): probity session end {session}"
        ));
    }
    Ok(done?)
}

/// Who is named, where a person must decide: refused before anything is asked or looked up.
pub fn needed(user: Option<&str>) -> Result<&str, Failure> {
    user.ok_or_else(|| {
        Failure::could_not_run(
            "person_needed",
            "a person decides this: someone must log in",
            "say who with --as NAME; the password is asked for on a terminal, or is the first line of standard input",
        )
    })
}

async fn log_in(context: &Context, engine: &Engine, user: &str) -> Result<uuid::Uuid, Failure> {
    let mut request = LogInRequest {
        name: user.to_owned(),
        password: prompt::secret(&format!("Password of {user}: "))?,
        ..LogInRequest::default()
    };
    let mut answer = engine.log_in(request.clone(), origin()).await;
    if let Err(Error::Refused { refusal, .. }) = &answer
        && refusal.code == "second_factor_needed"
    {
        let code = prompt::secret("Code of the second factor, or a recovery code: ")?;
        let digits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        if digits {
            request.totp = Some(code);
        } else {
            request.recovery_code = Some(code);
        }
        answer = engine.log_in(request, origin()).await;
    }
    let done = answer?;
    if done.must.is_some() {
        context.remark(&format!(
            "{} has to do something first: see probity user show {}",
            done.user.username, done.user.username
        ));
    }
    Ok(done.session.id)
}
