//! Secrets at rest: encrypted with a key that is in no database and no backup of one.
//!
//! A server must be able to read the secret of an authenticator, so it cannot be hashed. It is encrypted with
//! XChaCha20-Poly1305, whose nonces are long enough to be random, under a key derived from the log's signing key
//! (HKDF-SHA256, RFC 5869). So there is one key to keep, and with another signing key the secrets are lost: users
//! enrol their authenticators anew.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use tlog::SigningKey;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::random;

/// What the derived key is for. Another text is another key.
const INFO: &[u8] = b"probity/secretbox/v1";
/// Bytes of nonce in front of what is sealed.
const NONCE_LEN: usize = 24;

/// Seals and opens secrets.
#[derive(Clone)]
pub struct SecretBox(XChaCha20Poly1305);

impl SecretBox {
    /// With the key that belongs to the log's signing key.
    pub fn new(key: &SigningKey) -> Result<SecretBox, Error> {
        let mut derived = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, key.seed())
            .expand(INFO, derived.as_mut_slice())
            .map_err(|error| {
                Error::problem(format!("cannot derive a key: {error}"), "report this as a bug")
            })?;
        let cipher = XChaCha20Poly1305::new_from_slice(derived.as_slice())
            .map_err(|error| Error::problem(format!("no cipher: {error}"), "report this as a bug"))?;
        Ok(SecretBox(cipher))
    }

    /// Encrypts. `bound_to` is not stored but needed to open, such as the user's id: nobody can give a user the
    /// secret of another by copying a row.
    pub fn seal(&self, plain: &[u8], bound_to: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = random::array()?;
        let payload = Payload {
            msg: plain,
            aad: bound_to,
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::problem("cannot encrypt a secret", "report this as a bug"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what [`SecretBox::seal`] made with the same `bound_to`.
    pub fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = || {
            Error::problem(
                "a stored secret does not decrypt",
                "it was changed, or sealed with another signing key: put back the right key",
            )
        };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(failed)?;
        let payload = Payload {
            msg: sealed,
            aad: bound_to,
        };
        self.0
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed("log.example/box", &[seed; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_user_and_key() {
        let secrets = SecretBox::new(&key(1)).unwrap();
        for plain in [b"".as_slice(), b"12345678901234567890", &[7; 1000]] {
            let sealed = secrets.seal(plain, b"alice").unwrap();
            assert_eq!(sealed.len(), NONCE_LEN + plain.len() + 16);
            // The key depends on the seed alone, not on the value that holds it.
            let again = SecretBox::new(&key(1)).unwrap();
            assert_eq!(again.open(&sealed, b"alice").unwrap(), plain);
            assert!(again.open(&sealed, b"bob").is_err(), "another user");
            let other = SecretBox::new(&key(2)).unwrap();
            assert!(other.open(&sealed, b"alice").is_err(), "another key");
        }
    }

    #[test]
    fn whatever_is_changed_does_not_open() {
        let secrets = SecretBox::new(&key(1)).unwrap();
        let sealed = secrets.seal(b"12345678901234567890", b"alice").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(secrets.open(&changed, b"alice").is_err(), "byte {at}");
            assert!(secrets.open(&sealed[..at], b"alice").is_err(), "cut to {at}");
        }
        let longer = [sealed.as_slice(), b"x"].concat();
        assert!(secrets.open(&longer, b"alice").is_err());
    }

    #[test]
    fn the_same_secret_is_never_sealed_alike() {
        let secrets = SecretBox::new(&key(1)).unwrap();
        let (one, two) = (
            secrets.seal(b"same", b"a").unwrap(),
            secrets.seal(b"same", b"a").unwrap(),
        );
        assert_ne!(one[..NONCE_LEN], two[..NONCE_LEN]);
        assert_ne!(one[NONCE_LEN..], two[NONCE_LEN..]);
        assert!(!one.windows(4).any(|bytes| bytes == b"same"));
    }
}
