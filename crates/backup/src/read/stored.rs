//! The file as it is stored: counted and digested, opened where it is encrypted, and unpacked.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evidence::json;
use sha2::{Digest, Sha256};

use super::age;
use crate::error::{Error, Tried};

/// The largest window that is taken, as a power of two: what a backup is written with, and what that needs of memory.
const WINDOW_LOG_MAX: u32 = 23;

#[derive(Default)]
struct Count {
    bytes: u64,
    hash: Sha256,
    failure: Option<io::Error>,
    not_opened: Option<String>,
}

/// What was read of the file.
#[derive(Clone, Default)]
pub(super) struct Counted(Arc<Mutex<Count>>);

impl Counted {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether reading failed, or nothing that was given opens it: both say nothing of the file.
    pub fn failure(&self) -> Result<(), Error> {
        let mut count = self.count();
        if let Some(error) = count.failure.take() {
            return Err(error).tried("read", "the backup");
        }
        match count.not_opened.take() {
            Some(told) => Err(Error::NotOpened(told)),
            None => Ok(()),
        }
    }

    /// Length and SHA-256 of what was read.
    pub fn end(&self) -> (u64, String) {
        let count = std::mem::take(&mut *self.count());
        (count.bytes, json::hex(&count.hash.finalize()))
    }
}

struct Stored {
    file: Box<dyn Read + Send>,
    counted: Counted,
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        let mut count = self.counted.count();
        match read {
            Ok(bytes) => {
                count.hash.update(&buffer[..bytes]);
                count.bytes += bytes as u64;
                Ok(bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::from(error.kind());
                count.failure = Some(error);
                Err(told)
            }
        }
    }
}

/// What was encrypted.
struct Opened {
    from: Box<dyn Read + Send>,
    counted: Counted,
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.from
            .read(buffer)
            .map_err(|error| match error.downcast::<age::NotOpened>() {
                Ok(not_opened) => {
                    self.counted.count().not_opened = Some(not_opened.to_string());
                    io::ErrorKind::Other.into()
                }
                Err(error) => error,
            })
    }
}

/// What the file unpacks to. How much that is has no bound, since entries may be alike but for a few bytes each; lines and
/// members have, and what is behind them.
pub(super) type Unpacked = zstd::Decoder<'static, BufReader<Box<dyn Read + Send>>>;

/// Opens the file, and unpacks it.
pub(super) fn unpacked(
    file: Box<dyn Read + Send>,
    identity: Option<&Path>,
) -> Result<(Unpacked, Counted), Error> {
    let counted = Counted::default();
    let stored = Stored {
        file,
        counted: counted.clone(),
    };
    let mut stored = BufReader::with_capacity(1 << 20, stored);
    let encrypted = stored.fill_buf().is_ok_and(|begin| begin.starts_with(age::BEGIN));
    counted.failure()?;
    let mut opened: Box<dyn Read + Send> = Box::new(stored);
    if encrypted {
        opened = Box::new(Opened {
            from: age::decrypt(opened, identity)?,
            counted: counted.clone(),
        });
    }
    let mut unpacked = zstd::Decoder::new(opened).tried("unpack", "the backup")?;
    unpacked
        .window_log_max(WINDOW_LOG_MAX)
        .tried("unpack", "the backup")?;
    Ok((unpacked, counted))
}
