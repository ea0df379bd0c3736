//! The text of a secret that Probity makes: a prefix, random base62 characters, and 6 base62 characters of CRC-32.
//!
//! | prefix | of | random characters |
//! |---|---|---|
//! | `prb_` | an API key | 30 (178 bits) |
//! | `prs_` | a session | 43 (256 bits) |
//! | `pri_` | an invitation | 43 (256 bits) |
//!
//! The checksum (CRC-32/ISO-HDLC of what is before it, most significant digit first) lets a typo be refused before
//! any look-up, and lets secret scanners recognise a leaked secret.

use sha2::{Digest, Sha256};

const PREFIX_LEN: usize = 4;
const CHECKSUM_LEN: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// An API key.
    ApiKey,
    /// A session.
    Session,
    /// An invitation.
    Invitation,
}

impl TokenKind {
    /// All kinds.
    pub const ALL: [TokenKind; 3] = [TokenKind::ApiKey, TokenKind::Session, TokenKind::Invitation];

    /// What its text begins with.
    pub fn prefix(self) -> &'static str {
        match self {
            TokenKind::ApiKey => "prb_",
            TokenKind::Session => "prs_",
            TokenKind::Invitation => "pri_",
        }
    }

    /// Length of the random part, in characters.
    fn random_len(self) -> usize {
        match self {
            TokenKind::ApiKey => 30,
            TokenKind::Session | TokenKind::Invitation => 43,
        }
    }
}

/// A well-formed token. Its `Debug` shows only the first characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    kind: TokenKind,
    text: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({}…)", self.shown())
    }
}

impl Token {
    /// A token from random bytes: each byte below 248 gives one character, so that all 62 are equally likely.
    /// `None` when there are not enough such bytes; 64 bytes fall short less than once in 10^16.
    pub fn from_random(kind: TokenKind, bytes: &[u8]) -> Option<Token> {
        let mut text = String::with_capacity(PREFIX_LEN + kind.random_len() + CHECKSUM_LEN);
        text.push_str(kind.prefix());
        let usable = bytes.iter().filter(|byte| **byte < 248).take(kind.random_len());
        text.extend(usable.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
        if text.len() != PREFIX_LEN + kind.random_len() {
            return None;
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Some(Token { kind, text })
    }

    /// Reads a token; `None` unless form and checksum are right.
    pub fn parse(text: &str) -> Option<Token> {
        let kind = TokenKind::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))?;
        let body = text.get(..PREFIX_LEN + kind.random_len())?;
        let well_formed = text.len() == body.len() + CHECKSUM_LEN
            && body[PREFIX_LEN..]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric());
        let text = text.to_owned();
        (well_formed && checksum(body) == text[body.len()..]).then_some(Token { kind, text })
    }

    /// What it is for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The whole secret, to be shown once.
    pub fn secret(&self) -> &str {
        &self.text
    }

    /// What may be shown later: the prefix and the first six random characters.
    pub fn shown(&self) -> &str {
        &self.text[..PREFIX_LEN + 6]
    }

    /// What is stored: SHA-256 of the text.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LEN];
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
        let token = Token::from_random(TokenKind::ApiKey, &[0; 30]).unwrap();
        assert_eq!(&token.secret()[..34], "prb_000000000000000000000000000000");
        assert_eq!(Token::parse(token.secret()), Some(token.clone()));
        assert_eq!(format!("{token:?}"), "Token(prb_000000…)");
    }

    #[test]
    fn too_few_usable_bytes() {
        assert_eq!(Token::from_random(TokenKind::ApiKey, &[255; 64]), None);
        assert_eq!(Token::from_random(TokenKind::ApiKey, &[1; 29]), None);
        assert_eq!(Token::from_random(TokenKind::Session, &[1; 42]), None);
    }

    proptest! {
        #[test]
        fn any_typo_is_refused(kind in prop::sample::select(TokenKind::ALL.to_vec()), bytes in prop::collection::vec(0u8..248, 43), position in 0..53_usize, other in "[0-9A-Za-z_]") {
            let token = Token::from_random(kind, &bytes).unwrap();
            prop_assert_eq!(Token::parse(token.secret()), Some(token.clone()));
            let mut text = token.secret().to_owned();
            let position = position % text.len();
            text.replace_range(position..=position, &other);
            prop_assert_eq!(Token::parse(&text).is_some(), text == token.secret());
        }

        #[test]
        fn any_text_is_handled(text in "\\PC*") {
            let _ = Token::parse(&text);
        }
    }
}
