//! Files in which an import tells of single lines, made when the first one comes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file that is there only once something is written. What is in it may be personal or secret, so that only its
/// owner may read it.
pub struct Rejected {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    /// Whether the import goes on without it.
    dispensable: bool,
    failed: bool,
}

impl Rejected {
    /// `FILE.rejected`, or `stdin.rejected` where `file` is `-`: without it a line would be lost.
    pub fn beside(file: &Path) -> Rejected {
        Rejected::named(file, ".rejected", false)
    }

    /// `FILE.shortened`, beside or in the current folder; the entries themselves say what it says.
    pub fn shortened(file: &Path) -> Rejected {
        Rejected::named(file, ".shortened", true)
    }

    fn named(file: &Path, ending: &str, dispensable: bool) -> Rejected {
        let mut name = if file.as_os_str() == "-" {
            "stdin".into()
        } else {
            file.as_os_str().to_owned()
        };
        name.push(ending);
        Rejected {
            path: PathBuf::from(name),
            file: None,
            dispensable,
            failed: false,
        }
    }

    /// Whether anything was written.
    pub fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// What a summary says of rejected lines, if any were written.
    pub fn told(&self) -> Option<String> {
        let path = self.path.display();
        let text =
            format!("All rejected lines with their reasons are in {path}.\nIt can be mended and imported.");
        self.is_there().then_some(text)
    }

    /// Where it is, or would be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it, or where others own the folder makes it in the current one.
    fn create(&mut self) -> io::Result<BufWriter<File>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&self.path).or_else(|error| {
            let others = matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            );
            let name = self.path.file_name().filter(|_| others).ok_or(error)?;
            self.path = PathBuf::from(name);
            options.open(&self.path)
        })?;
        Ok(BufWriter::new(file))
    }
}

impl Write for Rejected {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Ok(bytes.len());
        }
        let file = match &mut self.file {
            Some(file) => Ok(file),
            None => self.create().map(|file| self.file.insert(file)),
        };
        match file.and_then(|file| file.write(bytes)) {
            Err(_) if self.dispensable => {
                self.failed = true;
                Ok(bytes.len())
            }
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.as_mut().map_or(Ok(()), Write::flush);
        if self.dispensable { Ok(()) } else { flushed }
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
