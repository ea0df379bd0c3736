//! Members before they are put together: compressed, in files without a name, which are gone with the process.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::error::{Error, Tried};

/// zstd's level: twice as small as level 1 on entries, and still faster than they are read.
const LEVEL: i32 = 3;

/// Text that is gathered before it is compressed.
const GATHERED: usize = 64 << 10;

/// What a spool is to people.
const WRITTEN_ASIDE: &str = "what was written aside";

/// Begins a frame of zstd with its checksum.
pub(super) fn frame<W: Write>(out: W) -> io::Result<zstd::Encoder<'static, W>> {
    let mut encoder = zstd::Encoder::new(out, LEVEL)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

/// A file of members.
pub(super) struct Spool {
    file: Arc<File>,
    out: BufWriter<Arc<File>>,
    end: u64,
    folder: PathBuf,
}

/// A member in a spool.
#[derive(Clone)]
pub(super) struct Held {
    file: Arc<File>,
    range: Range<u64>,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
}

impl Spool {
    pub fn new(folder: &Path) -> Result<Spool, Error> {
        let file = Arc::new(tempfile::tempfile_in(folder).tried("write into", folder.display())?);
        Ok(Spool {
            out: BufWriter::with_capacity(1 << 18, Arc::clone(&file)),
            file,
            end: 0,
            folder: folder.to_owned(),
        })
    }

    /// Begins a member.
    pub fn begin(&mut self) -> Result<Lines<'_>, Error> {
        let from = self.end;
        let (file, folder) = (Arc::clone(&self.file), self.folder.clone());
        Ok(Lines {
            encoder: frame(self).tried("write into", folder.display())?,
            hash: Sha256::new(),
            bytes: 0,
            text: String::with_capacity(2 * GATHERED),
            failed: None,
            from,
            file,
            folder,
        })
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.end += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The lines of a member that is written.
pub(super) struct Lines<'a> {
    encoder: zstd::Encoder<'static, &'a mut Spool>,
    hash: Sha256,
    bytes: u64,
    text: String,
    failed: Option<io::Error>,
    from: u64,
    file: Arc<File>,
    folder: PathBuf,
}

impl Lines<'_> {
    /// Adds what is written. Whether it could be is told once the member ends.
    pub fn add(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        if self.text.len() >= GATHERED {
            self.compress();
        }
    }

    fn compress(&mut self) {
        self.hash.update(&self.text);
        self.bytes += self.text.len() as u64;
        if self.failed.is_none() {
            self.failed = self.encoder.write_all(self.text.as_bytes()).err();
        }
        self.text.clear();
    }

    /// Whether writing failed already, so that going on makes no sense.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// The member as it is now.
    pub fn end(mut self) -> Result<Held, Error> {
        self.compress();
        let flushed = |spool: &mut Spool| spool.flush().map(|()| spool.end);
        let done = self
            .failed
            .map_or(Ok(()), Err)
            .and_then(|()| self.encoder.finish())
            .and_then(flushed);
        Ok(Held {
            range: self.from..done.tried("write into", self.folder.display())?,
            file: self.file,
            bytes: self.bytes,
            sha256: self.hash.finalize().into(),
        })
    }
}

impl Held {
    /// The compressed bytes.
    pub fn compressed(&self) -> impl Read + Send + use<> {
        Section {
            file: Arc::clone(&self.file),
            range: self.range.clone(),
        }
    }

    /// Its lines again.
    pub fn reader(&self) -> Result<LineReader, Error> {
        let decoder = zstd::Decoder::new(self.compressed()).tried("read", WRITTEN_ASIDE)?;
        Ok(LineReader {
            reader: Box::new(BufReader::with_capacity(GATHERED, decoder)),
            line: String::new(),
        })
    }
}

/// Reads lines of a member.
pub(super) struct LineReader {
    reader: Box<dyn BufRead + Send>,
    line: String,
}

impl LineReader {
    /// The next line.
    pub fn line(&mut self) -> Result<Option<&str>, Error> {
        self.line.clear();
        let read = self
            .reader
            .read_line(&mut self.line)
            .tried("read", WRITTEN_ASIDE)?;
        Ok((read > 0).then_some(&*self.line))
    }
}

/// A part of a file.
struct Section {
    file: Arc<File>,
    range: Range<u64>,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let read = self.file.read_at(&mut buffer[..most], self.range.start)?;
        self.range.start += read as u64;
        Ok(read)
    }
}
