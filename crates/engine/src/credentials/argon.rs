//! Hashing and verifying on the calling thread. Slow by design: only [`super::pool`] calls it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use domain::identity::password;

use super::bcrypt::{self, Match};
use crate::error::Error;
use crate::random;

/// What verifying a password found.
#[derive(Clone, PartialEq, Eq)]
pub enum Verified {
    /// It is wrong.
    No,
    /// It is right.
    Yes,
    /// It is right, and here is a new hash to store: the stored one is bcrypt, another Argon2 or weaker.
    Upgraded(String),
    /// It is right as far as the stored hash can tell, which was made of a part of it: the user is to set a new one.
    InPart,
}

impl Verified {
    /// Whether the password lets its user in.
    pub fn is_right(&self) -> bool {
        *self != Verified::No
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the hash, which no log is to hold.
        f.write_str(match self {
            Verified::No => "No",
            Verified::Yes => "Yes",
            Verified::Upgraded(_) => "Upgraded",
            Verified::InPart => "InPart",
        })
    }
}

/// Memory of a hash of ours, in KiB (19 MiB), and its passes: the least that OWASP recommends for Argon2id with
/// one lane.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Bytes of salt and of output (RFC 9106, section 4).
const SALT_LEN: usize = 16;
const OUTPUT_LEN: usize = 32;

/// Held by whoever needs more memory than a hash of ours: an imported hash may name up to 256 MiB, and one such
/// block at a time is what the machine has to afford.
static MORE_MEMORY: Mutex<()> = Mutex::new(());

/// Memory that a thread hashes in, again and again: 19 MiB from the first hash on.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    fn with<T>(&mut self, params: &Params, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let blocks = params.block_count();
        if blocks > MEMORY as usize {
            let _one_at_a_time = MORE_MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
            return work(&mut vec![Block::default(); blocks]);
        }
        if self.0.is_empty() {
            self.0 = vec![Block::default(); MEMORY as usize];
        }
        work(&mut self.0)
    }
}

/// Argon2id (RFC 9106) with 19 MiB, two passes, one lane and a new salt, in PHC form.
pub(super) fn hash(password: &str, memory: &mut Memory) -> Result<String, Error> {
    let params = params()?;
    let salt: [u8; SALT_LEN] = random::array()?;
    let mut out = [0; OUTPUT_LEN];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    memory
        .with(&params, |blocks| {
            argon2.hash_password_into_with_memory(password.as_bytes(), &salt, &mut out, blocks)
        })
        .map_err(failed)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(failed)?,
        salt: Some(Salt::new(&salt).map_err(failed)?),
        hash: Some(Output::new(&out).map_err(failed)?),
    };
    Ok(hash.to_string())
}

/// Whether `password` is that of the hash `stored`. Without one it does the work of a hash of ours and says no.
pub(super) fn verify(password: &str, stored: Option<&str>, memory: &mut Memory) -> Result<Verified, Error> {
    let (found, weaker) = match stored {
        Some(stored) if password::importable(stored).is_err() => {
            // The bounds of an import hold for whatever is in the table: they are what keeps this thread free.
            tracing::error!("a stored password hash is of no known form; its user cannot log in");
            return dummy(password, memory);
        }
        Some(stored) if stored.starts_with("$2") => (bcrypt::verify(password, stored).map_err(failed)?, true),
        Some(stored) => verify_argon2(password, stored, memory)?,
        None => return dummy(password, memory),
    };
    Ok(match found {
        Match::No => Verified::No,
        // A hash of the whole would demand from its owner what was never compared.
        Match::InPart => Verified::InPart,
        Match::Whole if weaker => Verified::Upgraded(hash(password, memory)?),
        Match::Whole => Verified::Yes,
    })
}

fn dummy(password: &str, memory: &mut Memory) -> Result<Verified, Error> {
    hash(password, memory).map(|_| Verified::No)
}

/// Whether it matches, and whether the hash is weaker than ours.
fn verify_argon2(password: &str, stored: &str, memory: &mut Memory) -> Result<(Match, bool), Error> {
    let parsed = PasswordHash::new(stored).map_err(failed)?;
    let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else {
        return Err(failed("it has no salt or no output"));
    };
    let algorithm = Algorithm::try_from(parsed.algorithm.as_str()).map_err(failed)?;
    let version = parsed.version.map_or(Ok(Version::V0x13), Version::try_from);
    let version = version.map_err(failed)?;
    let params = Params::try_from(&parsed).map_err(failed)?;
    let mut out = [0; Output::MAX_LENGTH];
    let out = &mut out[..expected.len()];
    let argon2 = Argon2::new(algorithm, version, params.clone());
    memory
        .with(&params, |blocks| {
            argon2.hash_password_into_with_memory(password.as_bytes(), &salt, out, blocks)
        })
        .map_err(failed)?;
    // Compared in constant time.
    let found = if Output::new(out).map_err(failed)? == expected {
        Match::Whole
    } else {
        Match::No
    };
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    let weaker = algorithm != Algorithm::Argon2id
        || version != Version::V0x13
        || params.m_cost() < MEMORY
        || work < u64::from(MEMORY * PASSES)
        || salt.len() < SALT_LEN
        || expected.len() < OUTPUT_LEN;
    Ok((found, weaker))
}

fn params() -> Result<Params, Error> {
    Params::new(MEMORY, PASSES, LANES, Some(OUTPUT_LEN)).map_err(failed)
}

fn failed(error: impl fmt::Display) -> Error {
    Error::problem(
        format!("cannot hash a password: {error}"),
        "check that there is memory; otherwise report this as a bug",
    )
}
