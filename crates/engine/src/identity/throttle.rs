//! Slowing down those who guess passwords, without letting them lock anyone out for long.
//!
//! Three counts of attempts, each shared by all processes within a second: by account and address together
//! ([`PAIR`]), by address ([`ADDRESS`]) and by account ([`ACCOUNT`]). An attempt is counted before the password is
//! looked at, so that many at once are no way around, and uncounted when it was right. Someone who has logged in from
//! their address within the last month or two is not held up by the account's count, which strangers can fill; and
//! that count lasts a minute only.

use domain::{Origin, Refusal, code};
use std::net::IpAddr;

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
/// Logins of an account from an address: whether it is known. There are two counts of each, whose windows begin half
/// a window apart, so that one of them remembers at least a month at any time.
const KNOWN: Quota = Quota {
    per_window: 1_000_000_000,
    width_s: 60 * 86_400,
};

/// One attempt, counted.
pub(super) struct Attempt {
    pair: String,
    address: String,
    account: String,
    known: Known,
    of_account: bool,
    at: Timestamp,
}

/// The two counts by which an address is known to an account. They last for months, so they name neither.
struct Known([String; 2]);

impl Known {
    fn new(account: &str, address: &str) -> Known {
        let digest = Sha256::digest(format!("{account} {address}").as_bytes());
        let subject = json::hex(&digest[..16]);
        Known([
            format!("login_known:{subject}"),
            format!("login_known_later:{subject}"),
        ])
    }

    /// The counts, each with the time by which its windows are found.
    fn at(&self, now: Timestamp) -> [(&str, Timestamp); 2] {
        let later = now.plus_seconds(i64::from(KNOWN.width_s) / 2);
        [(&self.0[0], now), (&self.0[1], later)]
    }
}

/// What stands for an account: the user's id, or what was written where there is none.
pub(super) fn account_of(user: Option<Uuid>, name: &str) -> String {
    user.map_or_else(
        || json::hex(&Sha256::digest(name.to_lowercase().as_bytes())[..16]),
        |id| id.to_string(),
    )
}

/// What stands for an address: of IPv6 the network of 64 bits, which one subscriber has to itself.
pub(super) fn address_of(origin: &Origin) -> String {
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
    let mut refusal = code::TOO_MANY_LOGINS.because(message);
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
            known: Known::new(account, &address),
            address: format!("login_address:{address}"),
            account: format!("login_account:{account}"),
            of_account: false,
            at: now,
        };
        let limits = self.limits();
        let [first, second] = attempt.known.0.clone();
        let subjects = [
            (attempt.pair.clone(), PAIR),
            (attempt.address.clone(), ADDRESS),
            (attempt.account.clone(), ACCOUNT),
            (first, KNOWN),
            (second, KNOWN),
        ];
        // Asked first, each count is in its window, which is then the one that is loaded.
        self.is_known(&attempt.known, now);
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

    fn is_known(&self, known: &Known, now: Timestamp) -> bool {
        // Both, so that both are loaded.
        let counted = known
            .at(now)
            .map(|(subject, at)| used(KNOWN, &self.limits().peek(subject, KNOWN, at)));
        counted.iter().any(|logins| *logins > 0)
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
        for (subject, at) in attempt.known.at(attempt.at) {
            self.limits().take(subject, KNOWN, at);
        }
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

    /// Whenever the login was, one of its two windows goes on for half of one.
    #[test]
    fn an_address_stays_known_for_a_month() {
        let known = Known::new("account", "192.0.2.1");
        let (width, day) = (i64::from(KNOWN.width_s), 86_400);
        let windows = |at: Timestamp| {
            known
                .at(at)
                .map(|(subject, at)| (subject, at.micros().div_euclid(width * 1_000_000)))
        };
        for login in (0..200).map(|days| Timestamp::EPOCH.plus_seconds(days * day)) {
            let counted = windows(login);
            let still = |seconds| {
                let asked = windows(login.plus_seconds(seconds));
                asked.iter().any(|window| counted.contains(window))
            };
            assert!(still(0) && still(30 * day - 1), "{login}");
            assert!(!still(width), "and not for ever: {login}");
        }
        assert!(!known.0[0].contains("192.0.2.1"), "it names no address");
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
