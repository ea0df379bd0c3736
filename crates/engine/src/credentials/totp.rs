//! Time-based one-time passwords (RFC 6238) as every authenticator app makes them: SHA-1, six digits, 30 seconds.
//!
//! SHA-1 is no weakness here: HMAC does not rest on collision resistance, and apps ignore any other algorithm.

use evidence::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Algorithm, Builder, Secret};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::random;

/// Seconds that a code stands for.
pub const STEP_SECONDS: u64 = 30;
/// Digits of a code.
pub const DIGITS: u8 = 6;
/// Steps before and after the current one that are taken too, for clocks that differ (RFC 6238, section 5.2).
const SKEW: u64 = 1;

/// What RFC 3986 calls unreserved stays.
const URI: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A new secret of 160 bits, as RFC 4226 recommends.
pub fn new_secret() -> Result<[u8; 20], Error> {
    random::array()
}

/// The secret in base32 without padding (RFC 4648), for typing into an app.
pub fn base32(secret: &[u8]) -> String {
    Secret::from(secret).to_base32()
}

/// The `otpauth` URI that an app reads as a QR code (Key URI Format of Google Authenticator). Secret.
pub fn uri(secret: &[u8], issuer: &str, account: &str) -> String {
    // A colon separates the two in a label, so neither may hold one.
    let encoded = |text: &str| utf8_percent_encode(&text.replace(':', " "), URI).to_string();
    let issuer = encoded(issuer);
    format!(
        "otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        encoded(account),
        *Zeroizing::new(base32(secret)),
    )
}

/// The step whose code `code` is; `None` when it is none of the current step and its neighbours.
///
/// Never a step up to `after_step`: given the step of the last login, no code is taken twice (RFC 6238,
/// section 5.2). Spaces in the code do not matter. Compares in constant time.
pub fn verify(secret: &[u8], code: &str, at: Timestamp, after_step: Option<u64>) -> Option<u64> {
    let code: Zeroizing<String> = Zeroizing::new(code.chars().filter(|c| *c != ' ').collect());
    let seconds = u64::try_from(at.micros()).ok()? / 1_000_000;
    let now = seconds / STEP_SECONDS;
    let totp = Builder::new()
        .with_secret(secret)
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .with_skew(0)
        .build_noncompliant();
    // All steps are tried whatever the first ones give, so that time does not tell which one it was.
    let mut found = None;
    for step in now.saturating_sub(SKEW)..=now + SKEW {
        let matched = totp.check(&code, step * STEP_SECONDS);
        if found.is_none() {
            found = matched.filter(|step| after_step.is_none_or(|after| *step > after));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(i64::try_from(seconds).unwrap() * 1_000_000).unwrap()
    }

    #[test]
    fn rfc_6238_appendix_b() {
        // The last six of the eight digits there.
        let table = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in table {
            let step = seconds / 30;
            assert_eq!(verify(SECRET, code, at(seconds), None), Some(step), "{seconds}");
            for (near, taken) in [(step - 1, true), (step + 1, true), (step + 2, false)] {
                let found = verify(SECRET, code, at(near * 30), None);
                assert_eq!(found, taken.then_some(step), "{seconds} at step {near}");
            }
        }
    }

    #[test]
    fn a_code_is_taken_once() {
        let (time, code, step) = (at(1_111_111_111), "050471", 1_111_111_111 / 30);
        assert_eq!(verify(SECRET, code, time, Some(step - 1)), Some(step));
        assert_eq!(verify(SECRET, code, time, Some(step)), None);
        assert_eq!(verify(SECRET, code, time, Some(step + 5)), None);
        // The code of the step before is older than the one that was used.
        assert_eq!(verify(SECRET, "081804", time, Some(step)), None);
        assert_eq!(verify(SECRET, "081804", time, None), Some(step - 1));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for code in ["", "50471", "0050471", "050472", "+50471", "05047a", "٠٥٠٤٧١"] {
            assert_eq!(verify(SECRET, code, at(1_111_111_111), None), None, "{code:?}");
        }
        assert!(verify(SECRET, "050 471", at(1_111_111_111), None).is_some());
        assert_eq!(
            verify(b"other secret of 20 b", "050471", at(1_111_111_111), None),
            None
        );
        let before = Timestamp::from_micros(-1_000_000).unwrap();
        assert_eq!(verify(SECRET, "050471", before, None), None);
        let last = at(253_402_300_799);
        assert_eq!(verify(SECRET, "not it", last, None), None);
    }

    #[test]
    fn secrets_are_shown_as_apps_read_them() {
        assert_eq!(base32(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(base32(b"a"), "ME");
        assert_eq!(
            uri(SECRET, "Probity: A&B", "ada@example.org"),
            "otpauth://totp/Probity%20%20A%26B:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Probity%20%20A%26B&algorithm=SHA1&digits=6&period=30"
        );
        assert_ne!(new_secret().unwrap(), new_secret().unwrap());
    }
}
