//! Rate limits: a quota of requests a minute for each API key, and for each user's sessions together, or sessions and
//! keys where the settings say so.
//!
//! The headers are those of draft-ietf-httpapi-ratelimit-headers (revision 10): `RateLimit-Policy` says what the quota
//! is, `RateLimit` what is left of it and when the next minute begins.

use engine::{Identity, Quota};
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::app::App;
use crate::listed::RATE_LIMITED;
use crate::problem::Problem;

/// A quota's window, in seconds.
const WINDOW_S: u32 = 60;

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What is left of a caller's quotas after a request.
pub(crate) struct QuotaLeft {
    /// Whether the request was within all of them.
    pub allowed: bool,
    parts: Vec<Part>,
}

/// What is left of one quota.
struct Part {
    /// `key` or `user`.
    name: &'static str,
    allowed: bool,
    quota: u64,
    remaining: u64,
    reset_s: u64,
}

/// Takes one request of the caller's quotas, where there are any: a key's own, and its user's where that holds for
/// sessions and keys together. One that is used up costs nothing of the other.
pub(crate) fn take(app: &App, identity: &Identity) -> Option<QuotaLeft> {
    let options = &app.engine.options().identity;
    let of_key = identity.api_key.as_ref().map(|key| {
        let own = key
            .requests_per_minute
            .and_then(|limit| u64::try_from(limit).ok());
        ("key", key.id, own.unwrap_or(options.key_requests_per_minute))
    });
    let of_user = ("user", identity.user.id, options.user_requests_per_minute);
    let of_user = (of_key.is_none() || options.user_quota_includes_keys).then_some(of_user);
    let quotas = [of_key, of_user].into_iter().flatten();
    let quotas = quotas.filter(|(_, _, per_window)| *per_window > 0);

    let (limits, now) = (app.engine.limits(), app.engine.now());
    let mut left = QuotaLeft {
        allowed: true,
        parts: Vec::new(),
    };
    let mut before: Option<(Subject, Quota)> = None;
    for (name, id, per_window) in quotas {
        let quota = Quota {
            per_window,
            width_s: WINDOW_S,
        };
        let subject = Subject::new(name, id);
        let taken = if left.allowed {
            limits.take(subject.as_str(), quota, now)
        } else {
            limits.peek(subject.as_str(), quota, now)
        };
        left.parts.push(Part {
            name,
            allowed: taken.allowed,
            quota: per_window,
            remaining: taken.remaining,
            reset_s: taken.reset_s,
        });
        if left.allowed && !taken.allowed {
            left.allowed = false;
            if let Some((subject, quota)) = before.take() {
                limits.give_back(subject.as_str(), quota, now);
                left.parts[0].remaining += 1;
            }
        }
        before = Some((subject, quota));
    }
    (!left.parts.is_empty()).then_some(left)
}

/// `key:` or `user:` and the id, without an allocation: every limited request passes here.
struct Subject {
    text: [u8; 5 + Hyphenated::LENGTH],
    len: usize,
}

impl Subject {
    fn new(name: &str, id: Uuid) -> Subject {
        let mut text = [0; 5 + Hyphenated::LENGTH];
        let start = name.len() + 1;
        text[..name.len()].copy_from_slice(name.as_bytes());
        text[name.len()] = b':';
        id.hyphenated().encode_lower(&mut text[start..]);
        let len = start + Hyphenated::LENGTH;
        Subject { text, len }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.len]).unwrap_or_default()
    }
}

impl QuotaLeft {
    /// Says it in headers: an item for each quota.
    pub fn write(&self, headers: &mut HeaderMap) {
        let list = |item: &dyn Fn(&Part) -> String| {
            let items: Vec<_> = self.parts.iter().map(item).collect();
            items.join(", ")
        };
        let policy = list(&|part| format!("\"{}\";q={};w={WINDOW_S}", part.name, part.quota));
        let left = list(&|part| format!("\"{}\";r={};t={}", part.name, part.remaining, part.reset_s));
        for (header, text) in [(&POLICY, policy), (&LEFT, left)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(header, value);
            }
        }
    }

    /// The answer once one is used up.
    pub fn problem(&self) -> Problem {
        let spent = self.parts.iter().find(|part| !part.allowed);
        let (name, quota, reset_s) =
            spent.map_or(("user", 0, 1), |part| (part.name, part.quota, part.reset_s));
        let whose = if name == "key" {
            "this API key"
        } else {
            "this user"
        };
        let detail = format!("{whose} has used its {quota} requests of this minute; go on in {reset_s} s");
        Problem {
            retry_after: Some(u32::try_from(reset_s.max(1)).unwrap_or(u32::MAX)),
            ..Problem::of(RATE_LIMITED, detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_structured_fields() {
        let part = |name, quota, remaining| Part {
            name,
            allowed: true,
            quota,
            remaining,
            reset_s: 7,
        };
        let mut left = QuotaLeft {
            allowed: true,
            parts: vec![part("key", 100, 42)],
        };
        let mut headers = HeaderMap::new();
        left.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=100;w=60");
        assert_eq!(headers["ratelimit"], "\"key\";r=42;t=7");
        left.parts.push(part("user", 1_200, 3));
        left.write(&mut headers);
        assert_eq!(
            headers["ratelimit-policy"],
            "\"key\";q=100;w=60, \"user\";q=1200;w=60"
        );
        assert_eq!(headers["ratelimit"], "\"key\";r=42;t=7, \"user\";r=3;t=7");
    }

    #[test]
    fn subjects() {
        let id = Uuid::from_u128(7);
        assert_eq!(Subject::new("user", id).as_str(), format!("user:{id}"));
        assert_eq!(Subject::new("key", id).as_str(), format!("key:{id}"));
    }
}
