//! Codes of a second factor, as an app makes them.

use totp_rs::{Algorithm, Builder, Secret};

/// The code of a secret in base32, this many steps from now.
pub fn code(secret: &str, steps: i64) -> String {
    let now = engine::now().micros() / 1_000_000 + 30 * steps;
    let totp = Builder::new()
        .with_secret(Secret::try_from_base32(secret).unwrap())
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .build()
        .unwrap();
    totp.generate(u64::try_from(now).unwrap()).to_string()
}
