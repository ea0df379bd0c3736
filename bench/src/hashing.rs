//! What a password hash costs by itself: the work of a login without Probity.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::Serialize;

use crate::error::Error;
use crate::process;

/// As Probity hashes: memory in KiB, passes, lanes and bytes of output.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT_LEN: usize = 32;
const PASSWORD: &[u8] = b"seven lanterns over the quiet harbour";
const SALT: &[u8] = b"sixteen bytes of";

/// Argon2id with the parameters of Probity, again and again in the same memory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hashing {
    /// Threads that hash, at the usual priority; Probity's run at nice 10.
    pub threads: usize,
    /// Hashes of all of them.
    pub hashes: u64,
    /// Of all of them.
    pub hashes_per_second: f64,
    /// Processor seconds of one hash.
    pub cpu_seconds_each: f64,
}

/// Hashes on so many threads for so long, at least once on each.
pub fn measure(threads: usize, duration: Duration) -> Result<Hashing, Error> {
    let start = Barrier::new(threads);
    let done = thread::scope(|scope| {
        let work = |_| scope.spawn(|| work(&start, duration));
        let running: Vec<_> = (0..threads).map(work).collect();
        let panicked = || Error::Usage("a thread that hashes panicked".into());
        running
            .into_iter()
            .map(|thread| thread.join().map_err(|_| panicked())?)
            .collect::<Result<Vec<_>, _>>()
    })?;
    let hashes = done.iter().map(|(hashes, ..)| hashes).sum();
    Ok(Hashing {
        threads,
        hashes,
        hashes_per_second: done
            .iter()
            .map(|(hashes, seconds, _)| float(*hashes) / seconds)
            .sum(),
        cpu_seconds_each: done.iter().map(|(.., cpu)| cpu).sum::<f64>() / float(hashes),
    })
}

/// What one thread does: hashes, seconds, and seconds of a processor.
fn work(start: &Barrier, duration: Duration) -> Result<(u64, f64, f64), Error> {
    // Before anything can fail, so that no thread waits for one that gave up.
    start.wait();
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_LEN)).map_err(failed)?;
    let mut blocks = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = || {
        argon2
            .hash_password_into_with_memory(PASSWORD, SALT, &mut [0; OUTPUT_LEN], &mut blocks)
            .map_err(failed)
    };
    // The first one touches the memory.
    hash()?;
    let (began, before, mut hashes) = (Instant::now(), process::own_thread_ticks(), 0);
    loop {
        hash()?;
        hashes += 1;
        let seconds = began.elapsed();
        if seconds >= duration {
            let (user, system) = process::own_thread_ticks().seconds_since(before);
            return Ok((hashes, seconds.as_secs_f64(), user + system));
        }
    }
}

fn failed(error: argon2::Error) -> Error {
    Error::Usage(format!("Argon2id: {error}"))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_hashes_and_its_time_is_counted() {
        let found = measure(2, Duration::from_millis(300)).unwrap();
        assert!(found.threads == 2 && found.hashes >= 2, "{found:?}");
        // 19 MiB are read and written twice: no machine does that in a tenth of a millisecond.
        assert!(found.hashes_per_second < 20_000.0, "{found:?}");
        assert!(
            found.cpu_seconds_each > 1e-4 && found.cpu_seconds_each < 5.0,
            "{found:?}"
        );
    }
}
