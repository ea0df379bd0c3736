//! Verifying imported bcrypt hashes, which were made of a part of some passwords only.

use bcrypt::BcryptResult;

/// Bytes that bcrypt reads.
const READ_MAX: usize = 72;

/// How a password compares with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// It is another password.
    No,
    /// What bcrypt reads of it is right; the password that the hash was made of may go on in another way.
    InPart,
    /// It is the password that the hash was made of.
    Whole,
}

/// Compares as bcrypt does, so that whatever let the owner in where the hash comes from does so here.
///
/// Of 72 bytes and more it cannot be said whether the password went on. A zero byte ends the password for bcrypt in C;
/// other implementations read on, and since they repeat the password and a zero byte until they have 72 bytes, one
/// that repeats itself after a zero byte is the same to them. Both are tried.
pub(super) fn verify(password: &str, stored: &str) -> BcryptResult<Match> {
    let matches = match password.split_once('\0') {
        None => bcrypt::verify(password, stored)?,
        // To bcrypt in C this is the empty password, which logs nobody in.
        Some(("", _)) => bcrypt::verify(password, stored)? && !bcrypt::verify("", stored)?,
        Some((begin, _)) => bcrypt::verify(password, stored)? || bcrypt::verify(begin, stored)?,
    };
    let in_part = password.len() >= READ_MAX || password.contains('\0');
    Ok(match (matches, in_part) {
        (false, _) => Match::No,
        (true, true) => Match::InPart,
        (true, false) => Match::Whole,
    })
}
