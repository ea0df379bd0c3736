//! Credentials: hashes of passwords, one-time codes, recovery codes, and how their secrets are kept.
//!
//! What a password must be is [`domain::identity::password`]; who logs in when is decided elsewhere. Here is what
//! takes time, randomness or a key.

mod argon;
mod bcrypt;
pub mod pool;
pub mod recovery;
pub mod secretbox;
pub mod totp;

pub use argon::Verified;
pub use pool::HashPool;
pub use secretbox::SecretBox;

use crate::error::Error;
use crate::random;

/// A password to be changed at first login: 24 letters without look-alikes, more than 130 bits.
pub fn one_time_password() -> Result<String, Error> {
    const ALPHABET: &[u8; 48] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut password = String::new();
    while password.len() < 24 {
        let usable = random::array::<64>()?.into_iter().filter(|byte| *byte < 240);
        password.extend(
            usable
                .map(|byte| char::from(ALPHABET[usize::from(byte % 48)]))
                .take(24 - password.len()),
        );
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_passwords_differ_and_satisfy_the_policy() {
        let (one, two) = (one_time_password().unwrap(), one_time_password().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 24);
        assert_eq!(domain::identity::password::check(&one, &["admin"]), Ok(()));
    }
}
