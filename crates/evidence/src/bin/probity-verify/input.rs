//! Reading files, standard input and the key; everything is bounded.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use evidence::bundle::LINE_MAX;
use tlog::VerifierKey;

use crate::verdict::Failure;

/// The longest receipt, checkpoint, consistency proof or key: real ones have a few KiB.
pub const SMALL_MAX: usize = 1 << 20;

/// The longest entry, as long as a line of a bundle.
pub const ENTRY_MAX: usize = LINE_MAX;

/// Opens a file, or standard input for `-`.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if is_stdin(path) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// Reads a whole file of at most `max` bytes. A longer one, or one that is not UTF-8, cannot be the evidence that
/// it is given for.
pub fn text(path: &Path, max: usize) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    open(path)?
        .take(bound)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() > max {
        return Err(Failure::DoesNotHold(format!(
            "{} is longer than {max} bytes",
            path.display()
        )));
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::DoesNotHold(format!("{} is not UTF-8 text", path.display())))
}

/// Reads the next line without its line end into `line`; false at the end of the file. A line is never read further
/// than one byte past [`LINE_MAX`], which is enough for the checker to refuse it.
pub fn next_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let bound = u64::try_from(LINE_MAX).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(bound).read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(false);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(true)
}

/// The verifier key: itself, or `@FILE`.
pub fn key(given: &str) -> Result<VerifierKey, Failure> {
    let text = match given.strip_prefix('@') {
        // A key that cannot be read says nothing about the evidence.
        Some(path) => text(Path::new(path), SMALL_MAX).map_err(Failure::into_unchecked)?,
        None => given.to_owned(),
    };
    VerifierKey::parse(text.trim()).map_err(|error| Failure::CouldNotCheck(format!("--key: {error}")))
}

/// Standard input can be read only once.
pub fn one_stdin(paths: &[&Path]) -> Result<(), Failure> {
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure::CouldNotCheck(
            "only one file can be read from standard input".to_owned(),
        ));
    }
    Ok(())
}

/// A file that the system does not give us.
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::CouldNotCheck(format!("cannot read {}: {error}", path.display()))
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}
