//! What an import reads: a file or a stream, unpacked and in UTF-8.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::decode::Decoded;

/// Bytes of one read.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;

/// A log to import.
pub struct Input {
    raw: Box<dyn Read + Send>,
    file: Option<Arc<File>>,
    stop: Stop,
}

/// Ends an import early: what was read until then is recorded, and the summary says so.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Reads no further.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was asked for.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Input {
    /// What comes once and may never end, such as standard input. A reader that waits must end by itself when the
    /// import is stopped.
    pub fn stream(reader: impl Read + Send + 'static) -> Input {
        Input {
            raw: Box::new(reader),
            file: None,
            stop: Stop::default(),
        }
    }

    /// A regular file, which can be read twice.
    pub fn file(file: File) -> Input {
        let file = Arc::new(file);
        Input {
            raw: Box::new(FromStart::new(&file)),
            file: Some(file),
            stop: Stop::default(),
        }
    }

    /// What ends the import early.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Opens it; nothing is read yet.
    pub(super) fn open(self) -> (Opened, Again) {
        let read = Arc::new(AtomicU64::new(0));
        let surrogates = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            inner: self.raw,
            count: Arc::clone(&read),
        };
        let opened = Opened {
            decoded: Decoded::new(counted, Arc::clone(&surrogates)),
            is_file: self.file.is_some(),
            stop: self.stop,
            read,
            surrogates,
        };
        (opened, Again(self.file))
    }
}

/// An input with its decoder.
pub(super) struct Opened {
    pub(super) decoded: Decoded,
    pub(super) is_file: bool,
    pub(super) stop: Stop,
    /// Bytes read, as they are stored.
    pub(super) read: Arc<AtomicU64>,
    /// Lone surrogates of UTF-16 that became U+FFFD.
    pub(super) surrogates: Arc<AtomicU64>,
}

/// The same file once more, where the input is one.
pub(super) struct Again(Option<Arc<File>>);

impl Again {
    pub(super) fn is_file(&self) -> bool {
        self.0.is_some()
    }

    /// SHA-256 of the file's text: unpacked and in UTF-8, so that packing an old log makes no other file of it.
    pub(super) fn digest(&self) -> io::Result<Option<[u8; 32]>> {
        let Some(file) = &self.0 else { return Ok(None) };
        let mut decoded = Decoded::new(FromStart::new(file), Arc::default());
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            match decoded.read(&mut buffer) {
                Ok(0) => return Ok(Some(hasher.finalize().into())),
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Reads a file from its beginning, whoever else reads it.
struct FromStart {
    file: Arc<File>,
    offset: u64,
}

impl FromStart {
    fn new(file: &Arc<File>) -> FromStart {
        FromStart {
            file: Arc::clone(file),
            offset: 0,
        }
    }
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

struct Counted {
    inner: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
