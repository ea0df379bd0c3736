//! The file that an import reads.

use std::fs::File;
use std::io::{self, BufReader, PipeWriter, Read, Seek as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use engine::import::{Input, Stop};
use rustix::event::{PollFd, PollFlags, poll};

use crate::failure::Failure;

/// A file, or standard input for `-`, and its length in bytes, 0 where that is not known.
pub fn open(path: &Path) -> Result<(BufReader<Box<dyn Read + Send>>, u64), Failure> {
    let (reader, length): (Box<dyn Read + Send>, u64) = if path.as_os_str() == "-" {
        (Box::new(io::stdin()), 0)
    } else {
        let (file, length) = open_file(path)?;
        (Box::new(file), length)
    };
    Ok((BufReader::with_capacity(256 * 1024, reader), length))
}

fn open_file(path: &Path) -> Result<(File, u64), Failure> {
    let failed = |error: io::Error| Failure::file("read", path, &error);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        let message = format!("{} is a folder", path.display());
        return Err(Failure::could_not_run("file", message, "name a file"));
    }
    Ok((file, metadata.len()))
}

/// Ends the reading of a log early.
pub struct Stopper {
    stop: Stop,
    /// Wakes a stream that waits, once it is closed.
    wake: Option<PipeWriter>,
}

impl Stopper {
    /// Reads no further.
    pub fn stop(&mut self) {
        self.stop.stop();
        self.wake = None;
    }
}

/// A log to import from a file or, for `-`, from standard input; what ends it early; its length in bytes, 0 where
/// that is not known; and whether it is a file that can be read again.
pub fn input(path: &Path) -> Result<(Input, Stopper, u64, bool), Failure> {
    let failed = |error: io::Error| Failure::file("read", path, &error);
    let mut file = if path.as_os_str() == "-" {
        File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?)
    } else {
        open_file(path)?.0
    };
    let metadata = file.metadata().map_err(failed)?;
    // A file that somebody else has begun to read is a stream.
    if metadata.is_file() && file.stream_position().map_err(failed)? == 0 {
        let input = Input::file(file);
        let stop = input.stop();
        return Ok((input, Stopper { stop, wake: None }, metadata.len(), true));
    }
    let (woken, wake) = io::pipe().map_err(failed)?;
    let input = Input::stream(Interruptible {
        stream: file,
        woken: woken.into(),
    });
    let stop = input.stop();
    let wake = Some(wake);
    Ok((input, Stopper { stop, wake }, 0, false))
}

/// A stream that ends when it is told to, also while it waits for more.
struct Interruptible {
    stream: File,
    /// Readable, by its end, once the stream shall end.
    woken: OwnedFd,
}

impl Read for Interruptible {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut both = [
            PollFd::new(&self.stream, PollFlags::IN),
            PollFd::new(&self.woken, PollFlags::IN),
        ];
        // An interruption is the caller's to repeat.
        poll(&mut both, None)?;
        if both[1].revents().is_empty() {
            self.stream.read(buffer)
        } else {
            Ok(0)
        }
    }
}
