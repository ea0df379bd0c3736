//! Members put together: a tar inside zstd. The members are compressed already: headers and padding are frames of their
//! own between theirs, and frames one after the other are one stream (RFC 8878 section 3.1).

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::spool::{Held, frame};

/// Length of a tar's header, and what its members are filled up to.
const BLOCK: u64 = 512;

/// Writes the tar of these members, as of some time in seconds since 1970.
pub(super) fn pack(members: &[(String, Held)], mtime: u64, out: &mut impl Write) -> io::Result<()> {
    let mut before: Vec<u8> = Vec::new();
    for (name, held) in members {
        before.extend_from_slice(header(name, held.bytes, mtime)?.as_bytes());
        plain(&before, out)?;
        io::copy(&mut io::BufReader::with_capacity(1 << 20, held.compressed()), out)?;
        let padding = held.bytes.next_multiple_of(BLOCK) - held.bytes;
        before = vec![0; usize::try_from(padding).unwrap_or_default()];
    }
    // A tar ends with two empty blocks.
    before.extend_from_slice(&[0; 1_024]);
    plain(&before, out)
}

fn plain(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    let mut encoder = frame(out)?;
    encoder.write_all(bytes)?;
    encoder.finish().map(drop)
}

fn header(name: &str, bytes: u64, mtime: u64) -> io::Result<tar::Header> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(mtime);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

/// Counts and digests what is written.
pub(super) struct Counted<W> {
    out: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Counted<W> {
    pub fn new(out: W) -> Counted<W> {
        Counted {
            out,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    /// Where it was written, how much, and SHA-256 of it.
    pub fn end(self) -> (W, u64, [u8; 32]) {
        (self.out, self.bytes, self.hash.finalize().into())
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
