//! Users of the stub: made, disabled, and let in or refused as Probity does it, without any hashing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{Reply, Request};

/// A refused login is answered no sooner than this.
pub const REFUSED_AFTER: Duration = Duration::from_millis(20);

const ME: &str = r#"{"user":{"id":"u"},"key":{"id":"k"},"session":null,"permissions":["audit:read"]}"#;

struct User {
    password: String,
    active: bool,
}

/// Users by name; a user's id is its name.
#[derive(Default)]
pub(super) struct Users(Mutex<BTreeMap<String, User>>);

impl Users {
    /// The answer to what concerns users; `None` to everything else.
    pub fn answer(&self, request: &Request) -> Option<Reply> {
        match request.line.as_str() {
            "GET /v1/me" => Some(Reply::new(200, ME)),
            "POST /v1/users" => Some(self.create(&request.body)),
            "POST /v1/auth/login" => Some(self.log_in(&request.body)),
            line => {
                let name = line.strip_prefix("POST /v1/users/")?.strip_suffix("/disable")?;
                Some(self.disable(name))
            }
        }
    }

    fn users(&self) -> MutexGuard<'_, BTreeMap<String, User>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, body: &[u8]) -> Reply {
        let Some([name, password]) = fields(body) else {
            return Reply::new(400, r#"{"code":"invalid"}"#);
        };
        let answer = Reply::new(201, &format!(r#"{{"user":{{"id":"{name}"}}}}"#));
        let active = true;
        match self.users().insert(name, User { password, active }) {
            None => answer,
            Some(_) => Reply::new(409, r#"{"code":"username_taken"}"#),
        }
    }

    fn disable(&self, name: &str) -> Reply {
        match self.users().get_mut(name) {
            Some(user) => {
                user.active = false;
                Reply::new(200, &format!(r#"{{"id":"{name}","active":false}}"#))
            }
            None => Reply::new(404, r#"{"code":"not_found"}"#),
        }
    }

    fn log_in(&self, body: &[u8]) -> Reply {
        let known = fields(body).is_some_and(|[name, password]| {
            let users = self.users();
            users
                .get(&name)
                .is_some_and(|user| user.active && user.password == password)
        });
        if known {
            return Reply::new(200, r#"{"token":"prs_stub","must":null}"#);
        }
        thread::sleep(REFUSED_AFTER);
        refusal()
    }
}

/// The answer to every login that is refused.
pub fn refusal() -> Reply {
    Reply::new(401, r#"{"status":401,"code":"invalid_credentials"}"#)
}

/// User name and password.
fn fields(body: &[u8]) -> Option<[String; 2]> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let field = |name: &str| Some(body.get(name)?.as_str()?.to_owned());
    Some([field("username")?, field("password")?])
}
