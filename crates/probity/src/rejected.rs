//! The file of lines that an import did not take, made when the first one comes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file that is there only once something is written. What is in it may be personal or secret, so that only its
/// owner may read it.
pub struct Rejected {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Rejected {
    /// `FILE.rejected`, or `stdin.rejected` where `file` is `-`.
    pub fn beside(file: &Path) -> Rejected {
        Rejected::with_ending(file, ".rejected")
    }

    /// Beside `file`, with another ending.
    pub fn with_ending(file: &Path, ending: &str) -> Rejected {
        let mut name = if file.as_os_str() == "-" {
            "stdin".into()
        } else {
            file.as_os_str().to_owned()
        };
        name.push(ending);
        Rejected {
            path: PathBuf::from(name),
            file: None,
        }
    }

    /// Whether anything was written.
    pub fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// Where it is, or would be.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Write for Rejected {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = if let Some(file) = &mut self.file {
            file
        } else {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            self.file.insert(BufWriter::new(options.open(&self.path)?))
        };
        file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// Lines a second, rounded down.
pub fn rate(lines: u64, seconds: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "for showing"
    )]
    let rate = (lines as f64 / seconds.max(0.001)) as u64;
    rate
}
