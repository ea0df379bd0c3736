//! The file that an import reads.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::failure::Failure;

/// A file, or standard input for `-`, and its length in bytes, 0 where that is not known.
pub fn open(path: &Path) -> Result<(BufReader<Box<dyn Read + Send>>, u64), Failure> {
    let (reader, length): (Box<dyn Read + Send>, u64) = if path.as_os_str() == "-" {
        (Box::new(io::stdin()), 0)
    } else {
        let failed = |error: io::Error| Failure::file("read", path, &error);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            let message = format!("{} is a folder", path.display());
            return Err(Failure::could_not_run("file", message, "name a file"));
        }
        (Box::new(file), metadata.len())
    };
    Ok((BufReader::with_capacity(256 * 1024, reader), length))
}
