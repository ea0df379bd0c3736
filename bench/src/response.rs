//! HTTP/1.1 response framing (RFC 9112): status, where the body lies, and where the response ends.
//!
//! Nothing else of a response matters to a load generator, so nothing else is looked at. The parser keeps its
//! place between calls: bytes that were seen are not scanned again when the rest of a response arrives.

use std::borrow::Cow;
use std::ops::Range;

/// Why bytes from the server are not a response that can be framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The first line is not `HTTP/1.x NNN …`.
    #[error("the answer does not begin with an HTTP/1.x status line")]
    StatusLine,
    /// `Content-Length` is not a decimal number.
    #[error("the answer has a Content-Length that is not a number")]
    ContentLength,
    /// A chunk has no valid hexadecimal size or no line end after its data.
    #[error("the answer has a malformed chunk")]
    Chunk,
    /// Neither `Content-Length` nor chunked: the connection could not be kept.
    #[error("the answer has neither a Content-Length nor chunks")]
    Unframed,
    /// A 1xx answer, which the generator never asks for.
    #[error("the answer is informational (1xx)")]
    Informational,
}

/// One complete response in the buffer that was given to [`Parser::advance`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Bytes of the buffer that belong to this response; the next one begins here.
    pub consumed: usize,
    /// The server will close the connection after this response.
    pub close: bool,
    body: Range<usize>,
    chunked: bool,
}

impl Response {
    /// The body, without chunk framing. `buffer` is the one that the parser saw.
    pub fn body<'a>(&self, buffer: &'a [u8]) -> Cow<'a, [u8]> {
        let raw = &buffer[self.body.clone()];
        if !self.chunked {
            return Cow::Borrowed(raw);
        }
        let mut joined = Vec::with_capacity(raw.len());
        let mut at = 0;
        while let Ok(Some(chunk)) = next_chunk(raw, at) {
            joined.extend_from_slice(&raw[chunk.data.clone()]);
            at = chunk.next;
            if chunk.data.is_empty() {
                break;
            }
        }
        Cow::Owned(joined)
    }
}

#[derive(Debug, Clone, Copy)]
struct Head {
    status: u16,
    length: usize,
    close: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Looking for the empty line; bytes before this offset hold no end of it.
    Head {
        scanned: usize,
    },
    Sized {
        head: Head,
        end: usize,
    },
    /// `at`: offset of the next chunk's size line.
    Chunked {
        head: Head,
        at: usize,
    },
    /// `at`: offset of the next trailer line; `body_end` is the end of the last chunk.
    Trailers {
        head: Head,
        body_end: usize,
        at: usize,
    },
}

/// Finds one response after another in a growing buffer.
#[derive(Debug)]
pub struct Parser {
    state: State,
}

impl Default for Parser {
    fn default() -> Self {
        Self {
            state: State::Head { scanned: 0 },
        }
    }
}

impl Parser {
    /// Looks at `buffer`, which begins at the response and has grown since the last call. `None`: more bytes
    /// are needed. After `Some` the parser is ready for a buffer that begins at the next response.
    pub fn advance(&mut self, buffer: &[u8]) -> Result<Option<Response>, ParseError> {
        loop {
            match self.state {
                State::Head { scanned } => {
                    let Some(end) = find_empty_line(buffer, scanned) else {
                        self.state = State::Head {
                            scanned: buffer.len().saturating_sub(3),
                        };
                        return Ok(None);
                    };
                    self.state = after_head(&buffer[..end])?;
                }
                State::Sized { head, end } => {
                    return Ok((buffer.len() >= end).then(|| self.finish(head, end, end, false)));
                }
                State::Chunked { head, at } => {
                    let Some(chunk) = next_chunk(buffer, at)? else {
                        return Ok(None);
                    };
                    self.state = if chunk.data.is_empty() {
                        State::Trailers {
                            head,
                            body_end: chunk.next,
                            at: chunk.next,
                        }
                    } else {
                        State::Chunked { head, at: chunk.next }
                    };
                }
                State::Trailers { head, body_end, at } => {
                    let Some(line) = find_line_end(buffer, at) else {
                        return Ok(None);
                    };
                    if line == at {
                        return Ok(Some(self.finish(head, body_end, line + 2, true)));
                    }
                    self.state = State::Trailers {
                        head,
                        body_end,
                        at: line + 2,
                    };
                }
            }
        }
    }

    fn finish(&mut self, head: Head, body_end: usize, consumed: usize, chunked: bool) -> Response {
        self.state = State::Head { scanned: 0 };
        Response {
            status: head.status,
            consumed,
            close: head.close,
            body: head.length..body_end,
            chunked,
        }
    }
}

/// Offset just after the first CR LF CR LF that does not end before `from`.
fn find_empty_line(buffer: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(line_feed) = buffer.get(at + 3..)?.iter().position(|byte| *byte == b'\n') {
        let end = at + 3 + line_feed + 1;
        if buffer[..end].ends_with(b"\r\n\r\n") {
            return Some(end);
        }
        at = end - 3;
    }
    None
}

/// Offset of the CR of the first CR LF at or after `from`.
fn find_line_end(buffer: &[u8], from: usize) -> Option<usize> {
    buffer
        .get(from..)?
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .map(|offset| from + offset)
}

/// Reads the status line and the three headers that frame the body.
fn after_head(bytes: &[u8]) -> Result<State, ParseError> {
    let status = match bytes {
        [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            b'0'..=b'1',
            b' ',
            a,
            b,
            c,
            b' ' | b'\r',
            ..,
        ] if [a, b, c].iter().all(|digit| digit.is_ascii_digit()) => [a, b, c]
            .iter()
            .fold(0, |number, digit| number * 10 + u16::from(**digit - b'0')),
        _ => return Err(ParseError::StatusLine),
    };
    if status < 200 {
        return Err(ParseError::Informational);
    }
    let mut head = Head {
        status,
        length: bytes.len(),
        close: bytes[7] == b'0',
    };
    let (mut content_length, mut chunked) = (None, false);
    for line in bytes.split(|byte| *byte == b'\n').skip(1) {
        // Most header lines are none of ours: their first letter says so.
        match line.first() {
            Some(b'c' | b'C') => {
                if let Some(value) = value_of(line, b"content-length") {
                    content_length = Some(decimal(value).ok_or(ParseError::ContentLength)?);
                } else if let Some(value) = value_of(line, b"connection") {
                    head.close = value.eq_ignore_ascii_case(b"close");
                }
            }
            Some(b't' | b'T') => {
                if let Some(value) = value_of(line, b"transfer-encoding") {
                    chunked = value.len() >= 7 && value[value.len() - 7..].eq_ignore_ascii_case(b"chunked");
                }
            }
            _ => {}
        }
    }
    let body = bytes.len();
    match (content_length, chunked) {
        _ if status == 204 || status == 304 => Ok(State::Sized { head, end: body }),
        (_, true) => Ok(State::Chunked { head, at: body }),
        (Some(length), false) => Ok(State::Sized {
            head,
            end: body.checked_add(length).ok_or(ParseError::ContentLength)?,
        }),
        (None, false) => Err(ParseError::Unframed),
    }
}

/// The trimmed value of a header line if its name is `name` (given in lower case).
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":")?;
    found.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn decimal(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_usize, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| usize::from(*digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

struct Chunk {
    data: Range<usize>,
    /// Offset of what follows: the next size line, or the trailers after the empty last chunk.
    next: usize,
}

/// The chunk whose size line begins at `at`; `None` when it is not all there.
fn next_chunk(buffer: &[u8], at: usize) -> Result<Option<Chunk>, ParseError> {
    let Some(line_end) = find_line_end(buffer, at) else {
        return Ok(None);
    };
    let line = &buffer[at..line_end];
    let digits = line
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or(line)
        .trim_ascii();
    let size = std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|text| usize::from_str_radix(text, 16).ok())
        .ok_or(ParseError::Chunk)?;
    let start = line_end + 2;
    if size == 0 {
        return Ok(Some(Chunk {
            data: start..start,
            next: start,
        }));
    }
    let end = start.checked_add(size).ok_or(ParseError::Chunk)?;
    match buffer.get(end..end.saturating_add(2)) {
        None => Ok(None),
        Some(b"\r\n") => Ok(Some(Chunk {
            data: start..end,
            next: end + 2,
        })),
        Some(_) => Err(ParseError::Chunk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZED: &[u8] =
        b"HTTP/1.1 201 Created\r\nconnection: keep-alive\r\nCONTENT-LENGTH:  11 \r\n\r\n{\"index\":7}";
    const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n4;x=y\r\nwiki\r\n00A\r\n0123456789\r\n0\r\nx-sum: 1\r\nx-end: 2\r\n\r\n";
    const EMPTY: &[u8] = b"HTTP/1.0 204 No Content\r\n\r\n";

    /// Feeds the bytes in pieces; gives the response and how many bytes had been fed when it was complete.
    fn feed(bytes: &[u8], piece: usize) -> (Response, usize) {
        let mut parser = Parser::default();
        let mut fed = 0;
        while fed < bytes.len() {
            fed = (fed + piece).min(bytes.len());
            if let Some(response) = parser.advance(&bytes[..fed]).unwrap() {
                return (response, fed);
            }
        }
        panic!("no response in {:?}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn every_way_to_split_a_response_gives_the_same_answer() {
        let cases: [(&[u8], u16, &[u8], bool); 3] = [
            (SIZED, 201, b"{\"index\":7}", false),
            (CHUNKED, 200, b"wiki0123456789", false),
            (EMPTY, 204, b"", true),
        ];
        for (bytes, status, body, close) in cases {
            for piece in 1..=bytes.len() {
                let (response, fed) = feed(bytes, piece);
                assert_eq!(
                    (response.status, response.consumed, response.close),
                    (status, bytes.len(), close),
                    "pieces of {piece}"
                );
                assert_eq!(fed, bytes.len(), "complete too early in pieces of {piece}");
                assert_eq!(&*response.body(bytes), body, "pieces of {piece}");
            }
        }
    }

    #[test]
    fn what_follows_a_response_is_left_for_the_next() {
        let mut stream = [SIZED, CHUNKED, EMPTY, SIZED].concat();
        let (mut parser, mut statuses) = (Parser::default(), Vec::new());
        while let Some(response) = parser.advance(&stream).unwrap() {
            statuses.push(response.status);
            stream.drain(..response.consumed);
        }
        assert_eq!(statuses, [201, 200, 204, 201]);
        assert_eq!(stream, b"");
    }

    #[test]
    fn close_is_noticed() {
        let (response, _) = feed(
            b"HTTP/1.1 503 Busy\r\nConnection: close\r\ncontent-length: 0\r\n\r\n",
            9,
        );
        assert_eq!((response.status, response.close), (503, true));
    }

    #[test]
    fn what_cannot_be_framed_is_refused() {
        let cases: [(&[u8], ParseError); 9] = [
            (b"SSH-2.0-x\r\n\r\n", ParseError::StatusLine),
            (b"HTTP/1.1 2x0 OK\r\n\r\n", ParseError::StatusLine),
            (b"HTTP/2 200 OK\r\n\r\n", ParseError::StatusLine),
            (b"HTTP/1.1 100 Continue\r\n\r\n", ParseError::Informational),
            (b"HTTP/1.1 200 OK\r\n\r\n", ParseError::Unframed),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n",
                ParseError::ContentLength,
            ),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
                ParseError::ContentLength,
            ),
            (
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n+3\r\nabc\r\n",
                ParseError::Chunk,
            ),
            (
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n",
                ParseError::Chunk,
            ),
        ];
        for (bytes, error) in cases {
            assert_eq!(
                Parser::default().advance(bytes),
                Err(error),
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}
