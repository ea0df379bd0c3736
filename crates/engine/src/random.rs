//! Randomness and time, taken from the system in one place each ([`crate::clock`]) and handed on as values.

use evidence::Timestamp;

use crate::clock::Clock;
use crate::error::Error;

/// Fills `bytes` from the operating system's generator.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes)
        .map_err(|error| Error::problem(format!("no randomness: {error}"), "check the operating system"))
}

/// Random bytes.
pub(crate) fn array<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// The time, by a clock that is not believed when it jumps.
pub fn now() -> Timestamp {
    Clock::system().now()
}
