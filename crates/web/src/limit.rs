//! Rate limits: a quota of requests a minute for each API key and for each user's sessions together.
//!
//! The headers are those of draft-ietf-httpapi-ratelimit-headers (revision 10): `RateLimit-Policy` says what the quota
//! is, `RateLimit` what is left of it and when the next minute begins.

use engine::{Identity, Quota};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::app::App;
use crate::problem::Problem;

/// A quota's window, in seconds.
const WINDOW_S: u32 = 60;

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What is left of a quota after a request.
pub(crate) struct QuotaLeft {
    /// Whether the request was within it.
    pub allowed: bool,
    name: &'static str,
    quota: u64,
    remaining: u64,
    reset_s: u64,
}

/// Takes one request of the caller's quota, where there is one.
pub(crate) fn take(app: &App, identity: &Identity) -> Option<QuotaLeft> {
    let options = &app.engine.options().identity;
    let (name, subject, per_window) = match &identity.api_key {
        Some(key) => {
            let own = key
                .requests_per_minute
                .and_then(|limit| u64::try_from(limit).ok());
            let quota = own.unwrap_or(options.key_requests_per_minute);
            ("key", key.id, quota)
        }
        None => ("user", identity.user.id, options.user_requests_per_minute),
    };
    if per_window == 0 {
        return None;
    }
    let quota = Quota {
        per_window,
        width_s: WINDOW_S,
    };
    let mut text = [0; 5 + uuid::fmt::Hyphenated::LENGTH];
    let subject = subject_text(&mut text, name, subject);
    let taken = app.engine.limits().take(subject, quota, engine::now());
    Some(QuotaLeft {
        allowed: taken.allowed,
        name,
        quota: per_window,
        remaining: taken.remaining,
        reset_s: taken.reset_s,
    })
}

/// `key:` or `user:` and the id, without an allocation: every limited request passes here.
fn subject_text<'a>(buffer: &'a mut [u8], name: &str, id: uuid::Uuid) -> &'a str {
    let start = name.len() + 1;
    buffer[..name.len()].copy_from_slice(name.as_bytes());
    buffer[name.len()] = b':';
    id.hyphenated().encode_lower(&mut buffer[start..]);
    let end = start + uuid::fmt::Hyphenated::LENGTH;
    std::str::from_utf8(&buffer[..end]).unwrap_or_default()
}

impl QuotaLeft {
    /// Says it in headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        let Self { name, quota, .. } = self;
        let policy = format!("\"{name}\";q={quota};w={WINDOW_S}");
        let left = format!("\"{name}\";r={};t={}", self.remaining, self.reset_s);
        for (header, text) in [(&POLICY, policy), (&LEFT, left)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(header, value);
            }
        }
    }

    /// The answer once it is used up.
    pub fn problem(&self) -> Problem {
        let whose = if self.name == "key" {
            "this API key"
        } else {
            "this user"
        };
        let detail = format!(
            "{whose} has used its {} requests of this minute; go on in {} s",
            self.quota, self.reset_s
        );
        Problem {
            retry_after: Some(u32::try_from(self.reset_s.max(1)).unwrap_or(u32::MAX)),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_structured_fields() {
        let left = QuotaLeft {
            allowed: true,
            name: "key",
            quota: 100,
            remaining: 42,
            reset_s: 7,
        };
        let mut headers = HeaderMap::new();
        left.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=100;w=60");
        assert_eq!(headers["ratelimit"], "\"key\";r=42;t=7");
    }

    #[test]
    fn subjects() {
        let mut buffer = [0; 41];
        let id = uuid::Uuid::from_u128(7);
        assert_eq!(subject_text(&mut buffer, "user", id), format!("user:{id}"));
        assert_eq!(subject_text(&mut buffer, "key", id), format!("key:{id}"));
    }
}
