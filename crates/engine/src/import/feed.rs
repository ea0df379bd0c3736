//! A thread that reads, so that what has come in is recorded while more is waited for.

use std::io::{self, Read as _};
use std::sync::atomic::Ordering;
use std::thread;

use tokio::sync::mpsc;

use super::input::{BUFFER_BYTES, Opened, Stop};
use super::scan::{Item, Lists, Scanner};

/// Reads that wait to be mapped.
const WAITING_MAX: usize = 2;

/// What one read brought.
#[derive(Default)]
pub(super) struct Fed {
    /// Events that are whole now.
    pub(super) items: Vec<Item>,
    /// Bytes of the file read so far, as it is stored.
    pub(super) bytes: u64,
    /// Lone surrogates replaced so far while decoding.
    pub(super) surrogates: u64,
    /// Whether it was the last one, and why.
    pub(super) end: Option<io::Result<End>>,
}

/// Why there is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The file is over.
    File,
    /// It was asked for.
    Stopped,
}

/// Reads in a thread of its own. It ends with the file, when it is stopped, or when nobody receives any more.
pub(super) fn start(opened: Opened, lists: Lists) -> io::Result<mpsc::Receiver<Fed>> {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let mut reading = Reading::new(opened, lists);
    thread::Builder::new()
        .name("import-reader".to_owned())
        .spawn(move || {
            while let Some(fed) = reading.next() {
                if sender.blocking_send(fed).is_err() {
                    break;
                }
            }
        })?;
    Ok(receiver)
}

/// Reading an input to its end.
pub(super) struct Reading {
    opened: Opened,
    scanner: Scanner,
    buffer: Vec<u8>,
    over: bool,
}

impl Reading {
    pub(super) fn new(opened: Opened, lists: Lists) -> Reading {
        Reading {
            opened,
            scanner: Scanner::new(lists),
            buffer: vec![0; BUFFER_BYTES],
            over: false,
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        loop {
            if self.opened.stop.is_asked() {
                return Ok(0);
            }
            match self.opened.decoded.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Reads until some event is whole; nothing after the end.
    pub(super) fn next(&mut self) -> Option<Fed> {
        let mut fed = Fed::default();
        while fed.items.is_empty() && fed.end.is_none() && !self.over {
            match self.read() {
                Ok(0) => {
                    fed.end = Some(Ok(ended(&self.opened.stop)));
                    self.scanner.finish(&mut fed.items);
                    if self.opened.stop.is_asked() {
                        // The rest of a file is still there; of a stream it is not, so that it is kept.
                        let kept = !self.opened.is_file;
                        fed.items
                            .retain(|item| !item.unfinished || (kept && !item.bytes.is_empty()));
                    }
                }
                Ok(count) => self.scanner.push(&self.buffer[..count], &mut fed.items),
                Err(error) => fed.end = Some(Err(error)),
            }
        }
        if fed.end.is_some() {
            self.over = true;
        } else if self.over {
            return None;
        }
        fed.bytes = self.opened.read.load(Ordering::Relaxed);
        fed.surrogates = self.opened.surrogates.load(Ordering::Relaxed);
        Some(fed)
    }
}

fn ended(stop: &Stop) -> End {
    if stop.is_asked() { End::Stopped } else { End::File }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::import::input::Input;

    /// What is read of two thousand lines, stopped after the first part of them.
    fn stopped(input: Input) -> (u64, Vec<Item>, End) {
        let stop = input.stop();
        let (opened, _) = input.open();
        let mut reading = Reading::new(opened, Lists::None);
        let first = reading.next().unwrap();
        assert!(first.end.is_none());
        stop.stop();
        let last = reading.next().unwrap();
        assert!(reading.next().is_none());
        (first.items.len() as u64, last.items, last.end.unwrap().unwrap())
    }

    #[test]
    fn a_file_that_is_stopped_ends_with_a_whole_line() {
        let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(290));
        let text = line.repeat(2_000);
        let dir = testkit::temp_dir("feed");
        let path = dir.path().join("log");
        std::fs::File::create(&path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let whole = (BUFFER_BYTES / line.len()) as u64;
        let input = Input::file(std::fs::File::open(path).unwrap());
        assert_eq!(
            stopped(input),
            (whole, Vec::new(), End::Stopped),
            "the rest is still there"
        );
        // Of a stream, what was read of the next line would be lost.
        let (first, rest, end) = stopped(Input::stream(io::Cursor::new(text.into_bytes())));
        assert_eq!((first, rest.len(), end), (whole, 1, End::Stopped));
        assert!(!rest[0].bytes.is_empty() && line.as_bytes().starts_with(&rest[0].bytes));
        assert!(rest[0].broken.is_some());
    }
}
