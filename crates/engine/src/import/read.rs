//! Taking a file apart: one line at a time, or one element at a time of a CloudTrail file's `Records`.

use std::io::{self, BufRead, Chain, Cursor, Read};

/// Longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// How much of a longer line is kept for the report.
const HEAD_BYTES: usize = 256;

/// A line, or an element of `Records`.
#[derive(Debug, PartialEq)]
pub(crate) struct Item {
    /// Counted from 1: the line in the file, or the element among all elements.
    pub(crate) number: u64,
    /// What it holds, without white space around it. Only the beginning where `broken` says why.
    pub(crate) bytes: Vec<u8>,
    /// What keeps it from being read.
    pub(crate) broken: Option<String>,
}

/// Where the reader stands in documents of the shape `{"Records":[…]}`, of which one may follow another.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Lines,
    Between,
    Elements,
    Ended,
}

/// The items of a file; blank lines are passed over.
pub(crate) struct Items<R> {
    reader: Chain<Cursor<Vec<u8>>, R>,
    place: Place,
    number: u64,
    bytes: u64,
}

/// Collects an item's bytes up to the bound, and counts the rest.
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

/// Whether a file that begins with `head` holds `Records`; none while it cannot be told.
fn begins_records(head: &[u8]) -> Option<bool> {
    let mut rest = head;
    for token in [&b"{"[..], b"\"Records\"", b":"] {
        rest = rest.trim_ascii_start();
        let shared = token.len().min(rest.len());
        if rest[..shared] != token[..shared] {
            return Some(false);
        }
        if shared < token.len() {
            return None;
        }
        rest = &rest[shared..];
    }
    Some(true)
}

impl<R: BufRead> Items<R> {
    /// Looks at how the file begins: lines unless `records` may be and is its shape. A byte order mark is
    /// passed over.
    pub(crate) fn open(mut reader: R, records: bool) -> io::Result<Items<R>> {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        let mut head = Vec::new();
        let place = loop {
            let shape = begins_records(head.strip_prefix(MARK).unwrap_or(&head));
            let open = MARK.starts_with(&head) || (records && shape.is_none());
            // More white space than this before the first element is no file that anyone writes.
            if open && head.len() < 4_096 && (&mut reader).take(1).read_to_end(&mut head)? == 1 {
                continue;
            }
            break if records && shape == Some(true) {
                Place::Between
            } else {
                Place::Lines
            };
        };
        let mark = if head.starts_with(MARK) { MARK.len() } else { 0 };
        head.drain(..mark);
        Ok(Items {
            reader: Cursor::new(head).chain(reader),
            place,
            number: 0,
            bytes: mark as u64,
        })
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next item.
    pub(crate) fn next(&mut self) -> io::Result<Option<Item>> {
        loop {
            match self.place {
                Place::Ended => return Ok(None),
                Place::Lines => {
                    let Some(item) = self.line()? else { return Ok(None) };
                    if item.broken.is_some() || !item.bytes.is_empty() {
                        return Ok(Some(item));
                    }
                }
                Place::Between => {
                    if self.peek()?.is_none() {
                        return Ok(None);
                    }
                    for token in [&b"{"[..], b"\"Records\"", b":", b"["] {
                        if !self.token(token)? {
                            return Ok(Some(self.end("is not of the shape {\"Records\":[…]}")));
                        }
                    }
                    self.place = Place::Elements;
                }
                Place::Elements => match self.peek()? {
                    None => return Ok(Some(self.end("the file ends before its Records do"))),
                    Some(b',') => self.consume(1),
                    Some(b']') => {
                        self.consume(1);
                        if !self.token(b"}")? {
                            return Ok(Some(self.end("after Records stands something else than the end")));
                        }
                        self.place = Place::Between;
                    }
                    Some(_) => return self.element().map(Some),
                },
            }
        }
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.bytes += count as u64;
    }

    /// The next byte that is not white space, not consumed.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match fill(&mut self.reader)?.first().copied() {
                Some(byte) if byte.is_ascii_whitespace() => self.consume(1),
                other => return Ok(other),
            }
        }
    }

    /// Passes over white space and `token`; false where something else stands there.
    fn token(&mut self, token: &[u8]) -> io::Result<bool> {
        self.peek()?;
        for &expected in token {
            if fill(&mut self.reader)?.first() != Some(&expected) {
                return Ok(false);
            }
            self.consume(1);
        }
        Ok(true)
    }

    /// Gives up on the rest of the file.
    fn end(&mut self, reason: &str) -> Item {
        self.place = Place::Ended;
        self.number += 1;
        Item {
            number: self.number,
            bytes: Vec::new(),
            broken: Some(reason.to_owned()),
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
            collector.push(&available[..part]);
            self.consume(part + usize::from(end.is_some()));
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        let mut item = collector.item(self.number);
        if item.broken.is_none() && item.bytes.trim_ascii().len() < item.bytes.len() {
            item.bytes = item.bytes.trim_ascii().to_vec();
        }
        Ok(Some(item))
    }

    /// One element of an array, up to the bracket that closes it or the comma or bracket after it.
    fn element(&mut self) -> io::Result<Item> {
        let mut collector = Collector::default();
        let (mut depth, mut in_string, mut escaped, mut closed) = (0_u64, false, false, false);
        while !closed {
            let available = fill(&mut self.reader)?;
            if available.is_empty() {
                break;
            }
            let mut used = 0;
            for &byte in available {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if in_string => escaped = true,
                    b'"' => in_string = !in_string,
                    _ if in_string => {}
                    b'{' | b'[' => depth += 1,
                    b',' | b']' | b'}' if depth == 0 => closed = true,
                    b']' | b'}' => {
                        depth -= 1;
                        if depth == 0 {
                            used += 1;
                            closed = true;
                        }
                    }
                    _ => {}
                }
                if closed {
                    break;
                }
                used += 1;
            }
            // A lone closing brace is consumed all the same, so that every round gets on.
            if used == 0 && collector.length == 0 {
                used = 1;
            }
            collector.push(&available[..used]);
            self.consume(used);
        }
        self.number += 1;
        Ok(collector.item(self.number))
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

    /// Every item, read through buffers of several sizes, which must make no difference.
    fn items(text: &[u8], records: bool) -> Vec<(u64, String, bool)> {
        let read = |capacity| {
            let mut items = Items::open(BufReader::with_capacity(capacity, text), records).unwrap();
            let mut all = Vec::new();
            while let Some(item) = items.next().unwrap() {
                all.push((
                    item.number,
                    String::from_utf8_lossy(&item.bytes).into_owned(),
                    item.broken.is_some(),
                ));
            }
            (all, items.bytes())
        };
        let whole = read(1 << 16);
        for capacity in [1, 2, 7] {
            assert_eq!(read(capacity), whole);
        }
        whole.0
    }

    fn ok(number: u64, text: &str) -> (u64, String, bool) {
        (number, text.to_owned(), false)
    }

    #[test]
    fn lines_and_their_numbers() {
        assert_eq!(items(b"", true), []);
        assert_eq!(
            items(b"\xEF\xBB\xBF{}\r\n\n  \n[1]\n{\"a\":", true),
            [ok(1, "{}"), ok(4, "[1]"), ok(5, "{\"a\":")]
        );
        assert_eq!(items(b"{\"Records\":[{}]}", false), [ok(1, "{\"Records\":[{}]}")]);
        assert_eq!(items(b"{\"Record\":1}\n", true), [ok(1, "{\"Record\":1}")]);
    }

    #[test]
    fn elements_of_records() {
        let text = b" {\n \"Records\" : [ {\"a\":\"}]\\\"\\\\\"} ,\n{\"b\":[{}]}, 7 ]}{\"Records\":[]}\n{\"Records\":[{\"c\":1}]}\n";
        let expected = [
            ok(1, r#"{"a":"}]\"\\"}"#),
            ok(2, r#"{"b":[{}]}"#),
            ok(3, "7 "),
            ok(4, r#"{"c":1}"#),
        ];
        assert_eq!(items(text, true), expected);
    }

    #[test]
    fn broken_documents_end_the_file_with_one_item() {
        for (text, good) in [
            (&b"{\"Records\":[{\"a\":1}"[..], 1),
            (b"{\"Records\":[{\"a\":1}],\"x\":1}", 1),
            (b"{\"Records\":null}", 0),
            (b"{\"Records\":[{\"a\":1}]}]", 1),
        ] {
            let all = items(text, true);
            assert_eq!(all.len(), good + 1, "{all:?}");
            assert!(all[good].2);
        }
        // A broken element is an element; whether it is JSON is for the mapping to say.
        assert_eq!(items(b"{\"Records\":[}]}", true), [ok(1, "}")]);
        assert_eq!(items(b"{\"Records\":[{\"a\":\"", true)[0], ok(1, "{\"a\":\""));
    }

    #[test]
    fn long_lines_are_passed_over_without_being_held() {
        let mut text = vec![b'x'; LINE_BYTES_MAX + 1];
        text.extend_from_slice(b"\n{}\n");
        text.extend_from_slice(&vec![b'y'; LINE_BYTES_MAX]);
        let mut items = Items::open(&text[..], false).unwrap();
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
