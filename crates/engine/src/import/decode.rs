//! Unpacking: gzip (RFC 1952), also of several members, and byte order marks of UTF-8 and UTF-16.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

const GZIP: &[u8] = b"\x1F\x8B";
const MARK_8: &[u8] = b"\xEF\xBB\xBF";
const MARK_16_LITTLE: &[u8] = b"\xFF\xFE";
const MARK_16_BIG: &[u8] = b"\xFE\xFF";
const BUFFER_BYTES: usize = 64 * 1024;

/// The text of a file in UTF-8, without a byte order mark. What it is shows at its beginning, which is read no
/// further than needed: a stream may be slow.
pub(super) struct Decoded {
    inner: Box<dyn Read + Send>,
    /// Looks at the beginning, once for each layer.
    stage: Stage,
    surrogates: Arc<AtomicU64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Packing,
    Encoding,
    Known,
}

impl Decoded {
    /// `surrogates` counts lone surrogates of UTF-16.
    pub(super) fn new(raw: impl Read + Send + 'static, surrogates: Arc<AtomicU64>) -> Decoded {
        Decoded {
            inner: Box::new(raw),
            stage: Stage::Packing,
            surrogates,
        }
    }

    /// Looks at the beginning; `false` at the end of an empty file.
    fn look(&mut self) -> io::Result<()> {
        let marks: &[&[u8]] = match self.stage {
            Stage::Packing => &[GZIP],
            _ => &[MARK_8, MARK_16_LITTLE, MARK_16_BIG],
        };
        let head = head(&mut self.inner, marks)?;
        let raw = std::mem::replace(&mut self.inner, Box::new(io::empty()));
        let mark = marks.iter().find(|mark| **mark == head).copied();
        if mark == Some(GZIP) {
            self.inner = Box::new(MultiGzDecoder::new(Cursor::new(head).chain(raw)));
        } else if mark == Some(MARK_16_LITTLE) || mark == Some(MARK_16_BIG) {
            let big = mark == Some(MARK_16_BIG);
            self.inner = Box::new(Utf16::new(raw, big, Arc::clone(&self.surrogates)));
        } else if mark == Some(MARK_8) || head.is_empty() {
            self.inner = raw;
        } else {
            self.inner = Box::new(Cursor::new(head).chain(raw));
        }
        self.stage = match self.stage {
            Stage::Packing => Stage::Encoding,
            _ => Stage::Known,
        };
        Ok(())
    }
}

/// The beginning: one of the marks, or as much as shows that it is none of them.
fn head(inner: &mut impl Read, marks: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while marks
        .iter()
        .any(|mark| mark.len() > head.len() && mark.starts_with(&head))
    {
        let mut byte = [0];
        match inner.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => head.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(head)
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.stage != Stage::Known {
            self.look()?;
        }
        self.inner.read(buffer)
    }
}

/// UTF-16 to UTF-8. A lone surrogate becomes U+FFFD and is counted.
struct Utf16<R> {
    inner: R,
    big: bool,
    raw: Vec<u8>,
    /// Half a unit, left from the last read.
    half: Option<u8>,
    /// The first of a pair, whose second may still come.
    high: Option<u16>,
    out: Vec<u8>,
    given: usize,
    surrogates: Arc<AtomicU64>,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, big: bool, surrogates: Arc<AtomicU64>) -> Utf16<R> {
        Utf16 {
            inner,
            big,
            raw: vec![0; BUFFER_BYTES],
            half: None,
            high: None,
            out: Vec::new(),
            given: 0,
            surrogates,
        }
    }

    fn push(&mut self, character: char) {
        let mut text = [0; 4];
        self.out
            .extend_from_slice(character.encode_utf8(&mut text).as_bytes());
    }

    fn lone(&mut self) {
        self.surrogates.fetch_add(1, Ordering::Relaxed);
        self.push(char::REPLACEMENT_CHARACTER);
    }

    fn unit(&mut self, unit: u16) {
        if let Some(high) = self.high.take() {
            if let Some(Ok(character)) = char::decode_utf16([high, unit]).next() {
                self.push(character);
                return;
            }
            self.lone();
        }
        match char::decode_utf16([unit]).next() {
            Some(Ok(character)) => self.push(character),
            _ if (0xD800..0xDC00).contains(&unit) => self.high = Some(unit),
            _ => self.lone(),
        }
    }

    /// Reads and decodes some; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.out.clear();
        self.given = 0;
        let count = self.inner.read(&mut self.raw)?;
        if count == 0 {
            for _ in 0..usize::from(self.high.take().is_some()) + usize::from(self.half.take().is_some()) {
                self.lone();
            }
            return Ok(!self.out.is_empty());
        }
        let raw = std::mem::take(&mut self.raw);
        for &byte in &raw[..count] {
            match self.half.take() {
                None => self.half = Some(byte),
                Some(first) => {
                    let bytes = [first, byte];
                    self.unit(if self.big {
                        u16::from_be_bytes(bytes)
                    } else {
                        u16::from_le_bytes(bytes)
                    });
                }
            }
        }
        self.raw = raw;
        Ok(true)
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.out.len() - self.given);
        buffer[..count].copy_from_slice(&self.out[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// What is read, one byte at a time, and how many surrogates were lone.
    fn decoded(bytes: &[u8]) -> io::Result<(String, u64)> {
        struct Slow(Cursor<Vec<u8>>);
        impl Read for Slow {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let most = buffer.len().min(1);
                self.0.read(&mut buffer[..most])
            }
        }
        let mut results = Vec::new();
        let slow: Box<dyn Read + Send> = Box::new(Slow(Cursor::new(bytes.to_vec())));
        for reader in [slow, Box::new(Cursor::new(bytes.to_vec()))] {
            let count = Arc::new(AtomicU64::new(0));
            let mut text = String::new();
            Decoded::new(reader, Arc::clone(&count)).read_to_string(&mut text)?;
            results.push((text, count.load(Ordering::Relaxed)));
        }
        assert_eq!(results[0], results[1]);
        Ok(results.remove(0))
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn texts_are_read_as_they_are() {
        let text = "{\"a\":\"é 😀\"}\n";
        let marked = [MARK_8, text.as_bytes()].concat();
        let (little, big) = (utf16(text, false), utf16(text, true));
        let members = [packed(b"{\"a\":"), packed("\"é 😀\"}\n".as_bytes())].concat();
        let all = [
            text.as_bytes().to_vec(),
            marked.clone(),
            little.clone(),
            big,
            packed(text.as_bytes()),
            packed(&marked),
            packed(&little),
            members,
        ];
        for bytes in all {
            assert_eq!(decoded(&bytes).unwrap(), (text.to_owned(), 0));
        }
        for short in ["", "{", "\n"] {
            assert_eq!(decoded(short.as_bytes()).unwrap(), (short.to_owned(), 0));
        }
        let broken = packed(text.as_bytes());
        assert!(decoded(&broken[..broken.len() - 9]).is_err());
    }

    #[test]
    fn lone_surrogates_of_utf_16_are_replaced_and_counted() {
        let mut bytes = utf16("a", false);
        for unit in [0xD83D_u16, 0x62, 0xDE00, 0xD83D, 0xD83D, 0xDE00, 0xD83D] {
            bytes.extend_from_slice(&unit.to_le_bytes());
        }
        assert_eq!(
            decoded(&bytes).unwrap(),
            ("a\u{fffd}b\u{fffd}\u{fffd}😀\u{fffd}".to_owned(), 4)
        );
        bytes.push(b'x');
        assert_eq!(decoded(&bytes).unwrap().1, 5);
    }
}
