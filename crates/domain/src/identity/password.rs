//! Passwords: which ones a user may choose, and which stored hashes an import takes.
//!
//! The policy is that of NIST SP 800-63B and OWASP ASVS 5.0 6.2: a minimum length, a list of common passwords, the
//! user's own names, and no rules of composition. Characters are counted and hashed as they are sent: there is no
//! Unicode normalisation, and nothing is trimmed or cut.

use std::sync::LazyLock;

use phc::PasswordHash;

use crate::refusal::FieldError;

/// Shortest password, in characters.
pub const LEN_MIN: usize = 12;
/// Longest password, in characters: bounds the work of a request.
pub const LEN_MAX: usize = 256;

/// Characters that must be left of a password without its rows, repetitions and own words.
///
/// Eight, so that a password of the shortest length may hold one short row, and a name followed by a year is none.
const REST_LEN_MIN: usize = 8;
/// Shortest row or repetition that is taken out, in characters. Shorter ones occur in good passwords by chance.
const RUN_LEN_MIN: usize = 4;
/// Shortest own word, in characters: "al" is part of too many good passwords.
const WORD_LEN_MIN: usize = 3;
/// Longest unit that makes a whole password by repetition, in characters.
const UNIT_LEN_MAX: usize = 6;

/// What fingers and tongues run along, forwards or backwards and around the end.
const ROWS: [&str; 11] = [
    "abcdefghijklmnopqrstuvwxyz",
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
];

/// Common passwords of at least [`LEN_MIN`] characters, in lower case and in order. See `data/README.md`.
static COMMON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../../data/common-passwords.txt").lines().collect());

/// Checks a password that a user chose against the policy. `own_words` are the user's names and e-mail address.
pub fn check(password: &str, own_words: &[&str]) -> Result<(), FieldError> {
    let refused = |message: String| Err(FieldError::new("password", message));
    let len = password.chars().count();
    if len < LEN_MIN {
        return refused(format!("must have at least {LEN_MIN} characters"));
    }
    if len > LEN_MAX {
        return refused(format!("must have at most {LEN_MAX} characters"));
    }
    let folded = password.to_lowercase();
    let chars: Vec<char> = folded.chars().collect();
    if repeats_a_unit(&chars) || rest(&chars, &[]) < REST_LEN_MIN {
        return refused(format!(
            "must have at least {REST_LEN_MIN} characters besides rows such as \"abcd\" and repetitions"
        ));
    }
    if COMMON.binary_search(&folded.as_str()).is_ok() {
        return refused("is one of the most common passwords; choose another".to_owned());
    }
    if rest(&chars, &words(own_words)) < REST_LEN_MIN {
        return refused(format!(
            "must have at least {REST_LEN_MIN} characters besides your names, your e-mail address, \"probity\", rows \
             and repetitions"
        ));
    }
    Ok(())
}

fn repeats_a_unit(chars: &[char]) -> bool {
    (1..=UNIT_LEN_MAX).any(|unit| chars.iter().zip(&chars[unit..]).all(|(a, b)| a == b))
}

/// The own words and their parts, in lower case: of "Ada.Lovelace@example.org" also "ada", "lovelace", "example".
fn words(own_words: &[&str]) -> Vec<Vec<char>> {
    let mut words = Vec::new();
    for own in own_words.iter().chain(&["probity"]) {
        let own = own.to_lowercase();
        let parts = own.split(|c: char| !c.is_alphanumeric());
        words.extend(parts.chain([own.as_str()]).map(|word| word.chars().collect()));
    }
    words.retain(|word: &Vec<char>| word.len() >= WORD_LEN_MIN);
    words
}

/// How many characters are left when words, rows and repetitions are taken out, the longest first at each place.
fn rest(chars: &[char], words: &[Vec<char>]) -> usize {
    let (mut at, mut rest) = (0, 0);
    while at < chars.len() {
        let here = &chars[at..];
        let word = words.iter().filter(|word| here.starts_with(word)).map(Vec::len);
        let taken = word.chain([run(here)]).max().unwrap_or(0);
        at += taken.max(1);
        rest += usize::from(taken == 0);
    }
    rest
}

/// Length of the repetition or row at the start; 0 when it is too short to count.
fn run(chars: &[char]) -> usize {
    let same = chars.iter().take_while(|c| **c == chars[0]).count();
    let rows = ROWS
        .iter()
        .flat_map(|row| [row_run(row, chars, 1), row_run(row, chars, -1)]);
    rows.chain([same])
        .max()
        .filter(|len| *len >= RUN_LEN_MIN)
        .unwrap_or(0)
}

/// How far `chars` follows `row` from wherever it begins there, in the direction of `step`.
fn row_run(row: &str, chars: &[char], step: isize) -> usize {
    let row = row.as_bytes();
    let Some(start) = row.iter().position(|byte| char::from(*byte) == chars[0]) else {
        return 0;
    };
    let follows = |(i, c): &(usize, &char)| {
        let along = i % row.len();
        let place = if step > 0 {
            start + along
        } else {
            start + row.len() - along
        };
        char::from(row[place % row.len()]) == **c
    };
    chars.iter().enumerate().take_while(follows).count()
}

/// Largest memory of an imported Argon2 hash, in KiB: 256 MiB.
const ARGON2_MEMORY_MAX: u32 = 262_144;
/// Most passes of an imported Argon2 hash.
const ARGON2_PASSES_MAX: u32 = 10;
/// Most lanes of an imported Argon2 hash.
const ARGON2_LANES_MAX: u32 = 8;
/// Longest hash in bytes, before it is looked at.
const HASH_LEN_MAX: usize = 256;

/// Which stored hashes an import takes: Argon2id and Argon2i in PHC form, and bcrypt (`$2a$`, `$2b$`, `$2y$`).
///
/// Whoever logs in makes the server repeat the work that the hash names, so it is bounded: Argon2 to 256 MiB, ten
/// passes and eight lanes, bcrypt to a cost of 4 to 14, about a second. Without bounds one imported row would let
/// anyone who knows the user's name keep a thread busy for hours. Weak parameters are taken: a login replaces such
/// a hash by a good one. `$2x$` is refused since it names a broken bcrypt, and Argon2d since side channels read it.
/// A PHC hash must name its version (16 or 19), for implementations differ on what is meant without.
pub fn importable(hash: &str) -> Result<(), FieldError> {
    let refused = |message: &str| Err(FieldError::new("password_hash", message));
    if hash.len() > HASH_LEN_MAX || !hash.is_ascii() {
        return refused("must be at most 256 ASCII characters");
    }
    if hash.starts_with("$2") {
        return if is_bcrypt(hash) {
            Ok(())
        } else {
            refused(
                "must be $2a$, $2b$ or $2y$ with a cost of 04 to 14, 22 characters of salt and 31 of hash",
            )
        };
    }
    if !hash.starts_with("$argon2id$") && !hash.starts_with("$argon2i$") {
        return refused("must be Argon2id or Argon2i in PHC form, or bcrypt");
    }
    if is_argon2(hash) {
        Ok(())
    } else {
        refused(
            "must be $argon2id$v=19$m=…,t=…,p=…$salt$hash with m (KiB) of 8·p to 262144, t of 1 to 10, p of 1 to 8, \
             8 to 48 bytes of salt and 10 to 64 of hash",
        )
    }
}

fn is_argon2(hash: &str) -> bool {
    // Checks the base64 and the lengths of salt and hash as well.
    let Ok(parsed) = PasswordHash::new(hash) else {
        return false;
    };
    let names: Vec<String> = parsed.params.iter().map(|(name, _)| name.to_string()).collect();
    let (Some(memory), Some(passes), Some(lanes)) = (
        parsed.params.get_decimal("m"),
        parsed.params.get_decimal("t"),
        parsed.params.get_decimal("p"),
    ) else {
        return false;
    };
    matches!(parsed.version, Some(16 | 19))
        && names == ["m", "t", "p"]
        && (1..=ARGON2_LANES_MAX).contains(&lanes)
        && (8 * lanes..=ARGON2_MEMORY_MAX).contains(&memory)
        && (1..=ARGON2_PASSES_MAX).contains(&passes)
        && parsed.salt.is_some()
        && parsed.hash.is_some()
}

fn is_bcrypt(hash: &str) -> bool {
    const ALPHABET: &str = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let value = |at: usize| ALPHABET.bytes().position(|byte| byte == hash.as_bytes()[at]);
    let prefixed = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|prefix| hash.starts_with(prefix));
    let costs = 4..=14;
    hash.len() == 60
        && prefixed
        && costs.into_iter().any(|cost| hash[4..].starts_with(&format!("{cost:02}$")))
        && (7..60).all(|at| value(at).is_some())
        // 22 characters hold 128 bits of salt and 31 hold 184 of hash: the bits left over are zero.
        && value(28).is_some_and(|bits| bits % 16 == 0)
        && value(59).is_some_and(|bits| bits % 4 == 0)
}

#[cfg(test)]
#[path = "password_tests.rs"]
mod tests;
