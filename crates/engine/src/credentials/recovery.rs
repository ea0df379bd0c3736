//! Recovery codes: what a user who lost the authenticator logs in with, each once.
//!
//! A code has 80 random bits, so that a plain SHA-256 is enough to store it: there is nothing to guess, and a slow
//! hash would have to run once for each of the ten.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::random;

/// Codes of one user.
pub const COUNT: usize = 10;

/// The alphabet of Crockford's base32: no `i`, `l`, `o`, which look like digits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a code, of five bits each, and of a group.
const LEN: usize = 16;
const GROUP_LEN: usize = 4;

/// Ten new codes such as `7r2m-k0xv-9dpe-4w6h`. Secret: they are shown once and stored as [`hash`]es.
pub fn new_codes() -> Result<Vec<String>, Error> {
    (0..COUNT).map(|_| new_code()).collect()
}

fn new_code() -> Result<String, Error> {
    let bytes: Zeroizing<[u8; LEN]> = Zeroizing::new(random::array()?);
    let mut code = String::with_capacity(LEN + LEN / GROUP_LEN);
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % GROUP_LEN == 0 {
            code.push('-');
        }
        // 256 is a multiple of 32: every letter is as likely.
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(code)
}

/// SHA-256 of the code. Case, spaces and hyphens do not matter, nor `o` for `0` and `i` or `l` for `1`.
pub fn hash(code: &str) -> [u8; 32] {
    let mut normal = Zeroizing::new(String::with_capacity(code.len()));
    let kept = code.chars().filter(|c| !c.is_whitespace() && *c != '-');
    normal.extend(kept.map(|c| match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        c => c,
    }));
    Sha256::digest(normal.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ten_codes_in_four_groups() {
        let codes = new_codes().unwrap();
        let different: BTreeSet<_> = codes.iter().collect();
        assert_eq!((codes.len(), different.len()), (COUNT, COUNT));
        for code in &codes {
            let groups: Vec<_> = code.split('-').map(str::len).collect();
            assert_eq!(groups, [4; 4], "{code}");
            let mut letters = code.bytes().filter(|byte| *byte != b'-');
            assert!(letters.all(|byte| ALPHABET.contains(&byte)), "{code}");
        }
        // 160 letters: fewer than 20 different ones would be a broken generator.
        let letters: BTreeSet<_> = codes.iter().flat_map(|code| code.bytes()).collect();
        assert!(letters.len() > 20, "{letters:?}");
    }

    #[test]
    fn how_a_code_is_typed_does_not_matter() {
        let code = "7r2m-k0xv-9d1e-4w6h";
        let expected: [u8; 32] = Sha256::digest(b"7r2mk0xv9d1e4w6h").into();
        for typed in [
            code,
            "7R2M K0XV 9D1E 4W6H",
            "7r2mk0xv9d1e4w6h",
            " 7r2m-koxv-9dle-4w6h\n",
            "7r2mkOxv9dIe4w6h",
        ] {
            assert_eq!(hash(typed), expected, "{typed:?}");
        }
        for other in [
            "",
            "7r2m-k0xv-9d1e-4w6",
            "7r2m-k0xv-9d1e-4w6j",
            "7r2m_k0xv_9d1e_4w6h",
        ] {
            assert_ne!(hash(other), expected, "{other:?}");
        }
    }
}
