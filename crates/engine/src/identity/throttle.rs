//! Slowing down those who guess passwords, without letting them lock anyone out for long.
//!
//! Three counts of attempts, each shared by all processes within a second: by account and address together
//! ([`PAIR`]), by address ([`ADDRESS`]) and by account ([`ACCOUNT`]). An attempt is counted before the password is
//! looked at, so that many at once are no way around, and uncounted when it was right. Someone who has logged in from
//! their address within the last month or two is not held up by the account's count, which strangers can fill; and
//! that count lasts a minute only.

use std::net::IpAddr;

use domain::{Origin, Refusal, RefusalKind};
use evidence::{Timestamp, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::engine::Engine;
use crate::limits::{Quota, Taken};

/// Wrong attempts at one account from one address.
pub const PAIR: Quota = Quota {
    per_window: 10,
    width_s: 300,
};
/// Wrong attempts from one address, at whatever accounts.
pub const ADDRESS: Quota = Quota {
    per_window: 100,
    width_s: 300,
};
/// Wrong attempts at one account, from whatever addresses it has not been used from.
pub const ACCOUNT: Quota = Quota {
    per_window: 30,
    width_s: 60,
};
/// Logins of an account from an address, in 30 days: whether it is known.
const KNOWN: Quota = Quota {
    per_window: 1_000_000_000,
    width_s: 30 * 86_400,
};

/// One attempt, counted.
pub(super) struct Attempt {
    pair: String,
    address: String,
    account: String,
    known: String,
    of_account: bool,
    at: Timestamp,
}

/// What stands for an account: the user's id, or what was written where there is none.
pub(super) fn account_of(user: Option<Uuid>, name: &str) -> String {
    user.map_or_else(
        || json::hex(&Sha256::digest(name.to_lowercase().as_bytes())[..16]),
        |id| id.to_string(),
    )
}

/// What stands for an address: of IPv6 the network of 64 bits, which one subscriber has to itself.
fn address_of(origin: &Origin) -> String {
    match origin.ip.as_deref().map(str::parse::<IpAddr>) {
        Some(Ok(IpAddr::V6(ip))) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Some(Ok(IpAddr::V4(ip))) => ip.to_string(),
        _ => "local".to_owned(),
    }
}

fn used(quota: Quota, taken: &Taken) -> u64 {
    quota.per_window - taken.remaining
}

/// The answer while attempts are not looked at.
pub(super) fn too_many(reset_s: u64) -> Refusal {
    let wait = reset_s.max(1);
    let message = format!("too many wrong attempts; try again in {wait} s");
    let mut refusal = Refusal::new(RefusalKind::TooMany, "too_many_logins", message);
    refusal.retry_after_s = Some(wait);
    refusal
}

impl Engine {
    /// Counts an attempt at an account, or says when the next one is looked at.
    pub(super) async fn attempt(
        &self,
        account: &str,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Attempt, Refusal> {
        let address = address_of(origin);
        let mut attempt = Attempt {
            pair: format!("login_pair:{account} {address}"),
            known: format!("login_known:{account} {address}"),
            address: format!("login_address:{address}"),
            account: format!("login_account:{account}"),
            of_account: false,
            at: now,
        };
        let limits = self.limits();
        let subjects = [
            (attempt.pair.clone(), PAIR),
            (attempt.address.clone(), ADDRESS),
            (attempt.account.clone(), ACCOUNT),
            (attempt.known.clone(), KNOWN),
        ];
        limits.load(&subjects).await;
        let pair = limits.take(&attempt.pair, PAIR, now);
        if !pair.allowed {
            return Err(too_many(pair.reset_s));
        }
        let by_address = limits.take(&attempt.address, ADDRESS, now);
        if !by_address.allowed {
            limits.give_back(&attempt.pair, PAIR, now);
            return Err(too_many(by_address.reset_s));
        }
        if self.is_known(&attempt.known, now) {
            return Ok(attempt);
        }
        let by_account = limits.take(&attempt.account, ACCOUNT, now);
        if !by_account.allowed {
            limits.give_back(&attempt.pair, PAIR, now);
            limits.give_back(&attempt.address, ADDRESS, now);
            return Err(too_many(by_account.reset_s));
        }
        attempt.of_account = true;
        Ok(attempt)
    }

    fn is_known(&self, subject: &str, now: Timestamp) -> bool {
        let width = i64::from(KNOWN.width_s);
        [now, now.plus_seconds(-width)]
            .into_iter()
            .any(|at| used(KNOWN, &self.limits().peek(subject, KNOWN, at)) > 0)
    }

    /// Uncounts an attempt that was right.
    pub(super) fn was_right(&self, attempt: &Attempt) {
        let limits = self.limits();
        limits.give_back(&attempt.pair, PAIR, attempt.at);
        limits.give_back(&attempt.address, ADDRESS, attempt.at);
        if attempt.of_account {
            limits.give_back(&attempt.account, ACCOUNT, attempt.at);
        }
    }

    /// Remembers that the account was used from this address.
    pub(super) fn remember_address(&self, attempt: &Attempt) {
        self.limits().take(&attempt.known, KNOWN, attempt.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_subscriber_are_one() {
        let of = |ip: &str| {
            address_of(&Origin {
                ip: Some(ip.to_owned()),
                ..Origin::default()
            })
        };
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(address_of(&Origin::default()), "local");
    }

    #[test]
    fn an_account_is_its_id_or_its_name_in_any_case() {
        assert_eq!(account_of(None, "Ann"), account_of(None, "ann"));
        assert_ne!(account_of(None, "ann"), account_of(None, "bob"));
        let id = Uuid::from_u128(7);
        assert_eq!(
            account_of(Some(id), "ann"),
            account_of(Some(id), "ann@example.com")
        );
    }
}
