//! The text of an API key: `prb_`, 30 base62 characters, and 6 base62 characters of CRC-32.
//!
//! The checksum (CRC-32/ISO-HDLC of the first 34 characters, most significant digit first) lets a typo be
//! refused before any look-up, and lets secret scanners recognise a leaked key.

use sha2::{Digest, Sha256};

const PREFIX: &str = "prb_";
const RANDOM_LEN: usize = 30;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Length of the whole text.
pub const TOKEN_LEN: usize = PREFIX.len() + RANDOM_LEN + 6;

/// A well-formed API key. Its `Debug` shows only the first characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({}…)", self.shown())
    }
}

impl Token {
    /// A key from random bytes: each byte below 248 gives one character, so that all 62 are equally likely.
    /// `None` when there are not enough such bytes; 64 bytes fall short less than once in 10^30.
    pub fn from_random(bytes: &[u8]) -> Option<Token> {
        let mut text = String::with_capacity(TOKEN_LEN);
        text.push_str(PREFIX);
        let usable = bytes.iter().filter(|byte| **byte < 248).take(RANDOM_LEN);
        text.extend(usable.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
        if text.len() != PREFIX.len() + RANDOM_LEN {
            return None;
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Some(Token(text))
    }

    /// Reads a key; `None` unless form and checksum are right.
    pub fn parse(text: &str) -> Option<Token> {
        let body = text.get(..PREFIX.len() + RANDOM_LEN)?;
        let well_formed = text.len() == TOKEN_LEN
            && body.starts_with(PREFIX)
            && body[PREFIX.len()..]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric());
        (well_formed && checksum(body) == text[body.len()..]).then(|| Token(text.to_owned()))
    }

    /// The whole secret, to be shown once.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// What may be shown later: the prefix and the first six random characters.
    pub fn shown(&self) -> &str {
        &self.0[..PREFIX.len() + 6]
    }

    /// What is stored: SHA-256 of the text.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_key() {
        // Thirty zero bytes; the checksum by Python's zlib.crc32 over the first 34 characters.
        let token = Token::from_random(&[0; 30]).unwrap();
        assert_eq!(&token.secret()[..34], "prb_000000000000000000000000000000");
        assert_eq!(Token::parse(token.secret()), Some(token.clone()));
        assert_eq!(format!("{token:?}"), "Token(prb_000000…)");
    }

    #[test]
    fn too_few_usable_bytes() {
        assert_eq!(Token::from_random(&[255; 64]), None);
        assert_eq!(Token::from_random(&[1; 29]), None);
    }

    proptest! {
        #[test]
        fn any_typo_is_refused(bytes in prop::array::uniform32(0u8..248), position in 0..TOKEN_LEN, other in "[0-9A-Za-z_]") {
            let token = Token::from_random(&bytes).unwrap();
            let mut text = token.secret().to_owned();
            text.replace_range(position..=position, &other);
            prop_assert_eq!(Token::parse(&text).is_some(), text == token.secret());
        }

        #[test]
        fn any_text_is_handled(text in "\\PC*") {
            let _ = Token::parse(&text);
        }
    }
}
