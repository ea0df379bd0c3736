//! The small lexical rules that the C2SP formats share.

use crate::error::Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Standard base64 with padding (RFC 4648, section 4).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes canonical base64 alone: padding required, unused bits zero, so that encoding again gives the same.
pub(crate) fn from_base64(encoded: &str) -> Option<Vec<u8>> {
    STANDARD.decode(encoded).ok()
}

/// An ASCII decimal number without sign and without leading zeros, at most 64 bits.
pub(crate) fn decimal(digits: &str) -> Option<u64> {
    let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if canonical { digits.parse().ok() } else { None }
}

/// Notes hold no ASCII control characters (below U+0020) other than newline.
pub(crate) fn check_controls(text: &str) -> Result<(), Error> {
    match text.bytes().find(|&b| b < 0x20 && b != b'\n') {
        Some(control) => Err(Error::ControlCharacter(control)),
        None => Ok(()),
    }
}

/// Key names are non-empty and hold neither Unicode spaces nor plus; a control character could not be written.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let bad = |c: char| c.is_whitespace() || c == '+' || c < ' ';
    if name.is_empty() || name.contains(bad) {
        Err(Error::KeyName)
    } else {
        Ok(())
    }
}
