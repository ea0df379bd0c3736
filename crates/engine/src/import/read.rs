//! A file of lines, one at a time, each of a bounded length.

use std::io::{self, BufRead};

/// Longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// How much of a longer line is kept for the report.
const HEAD_BYTES: usize = 256;
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A line.
#[derive(Debug, PartialEq)]
pub(crate) struct Item {
    /// Counted from 1.
    pub(crate) number: u64,
    /// What it holds, without white space around it. Only the beginning where `broken` says why.
    pub(crate) bytes: Vec<u8>,
    /// What keeps it from being read.
    pub(crate) broken: Option<String>,
}

/// The lines of a file; blank ones are passed over.
pub(crate) struct Items<R> {
    reader: R,
    number: u64,
    bytes: u64,
}

/// Collects a line's bytes up to the bound, and counts the rest.
#[derive(Default)]
struct Collector {
    bytes: Vec<u8>,
    length: u64,
}

impl Collector {
    fn push(&mut self, part: &[u8]) {
        self.length += part.len() as u64;
        let room = if self.length > LINE_BYTES_MAX as u64 {
            HEAD_BYTES
        } else {
            LINE_BYTES_MAX
        };
        if self.bytes.len() > room {
            self.bytes = self.bytes[..room].to_vec();
        }
        let kept = part.len().min(room - self.bytes.len());
        self.bytes.extend_from_slice(&part[..kept]);
    }

    fn item(self, number: u64) -> Item {
        let broken = (self.length > LINE_BYTES_MAX as u64)
            .then(|| format!("is {} bytes long; at most {LINE_BYTES_MAX} are read", self.length));
        Item {
            number,
            bytes: self.bytes,
            broken,
        }
    }
}

impl<R: BufRead> Items<R> {
    /// The lines that the reader has. A byte order mark of UTF-8 is passed over.
    pub(crate) fn new(reader: R) -> Items<R> {
        Items {
            reader,
            number: 0,
            bytes: 0,
        }
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line that is not blank.
    pub(crate) fn next(&mut self) -> io::Result<Option<Item>> {
        loop {
            let Some(mut item) = self.line()? else {
                return Ok(None);
            };
            if item.broken.is_some() {
                return Ok(Some(item));
            }
            let marked = if item.number == 1 { MARK } else { b"" };
            let text = item
                .bytes
                .strip_prefix(marked)
                .unwrap_or(&item.bytes)
                .trim_ascii();
            if text.len() < item.bytes.len() {
                item.bytes = text.to_vec();
            }
            if !item.bytes.is_empty() {
                return Ok(Some(item));
            }
        }
    }

    fn line(&mut self) -> io::Result<Option<Item>> {
        let mut collector = Collector::default();
        loop {
            let available = fill(&mut self.reader)?;
            if available.is_empty() {
                if collector.length == 0 {
                    return Ok(None);
                }
                break;
            }
            let end = available.iter().position(|&byte| byte == b'\n');
            let part = end.unwrap_or(available.len());
            let used = part + usize::from(end.is_some());
            collector.push(&available[..part]);
            self.reader.consume(used);
            self.bytes += used as u64;
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        Ok(Some(collector.item(self.number)))
    }
}

/// What is buffered; reads on after an interruption.
fn fill(reader: &mut impl BufRead) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    reader.fill_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    #[test]
    fn lines_and_their_numbers() {
        let text = b"\xEF\xBB\xBF{}\r\n\n  \n[1]\n{\"a\":";
        for capacity in [1, 2, 7, 1 << 16] {
            let mut items = Items::new(BufReader::with_capacity(capacity, &text[..]));
            let mut all = Vec::new();
            while let Some(item) = items.next().unwrap() {
                all.push((item.number, String::from_utf8(item.bytes).unwrap()));
            }
            let expected = [(1, "{}"), (4, "[1]"), (5, "{\"a\":")];
            assert_eq!(all, expected.map(|(number, text)| (number, text.to_owned())));
            assert_eq!(items.bytes(), text.len() as u64);
        }
    }

    #[test]
    fn long_lines_are_passed_over_without_being_held() {
        let mut text = vec![b'x'; LINE_BYTES_MAX + 1];
        text.extend_from_slice(b"\n{}\n");
        text.extend_from_slice(&vec![b'y'; LINE_BYTES_MAX]);
        let mut items = Items::new(&text[..]);
        let long = items.next().unwrap().unwrap();
        assert_eq!((long.number, long.bytes.len()), (1, HEAD_BYTES));
        assert!(long.broken.unwrap().starts_with("is 1048577 bytes long"));
        assert_eq!(items.next().unwrap().unwrap().bytes, b"{}");
        let longest = items.next().unwrap().unwrap();
        assert_eq!((longest.bytes.len(), longest.broken), (LINE_BYTES_MAX, None));
        assert_eq!(items.next().unwrap(), None);
        assert_eq!(items.bytes(), text.len() as u64);
    }
}
