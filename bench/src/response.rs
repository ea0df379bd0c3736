//! HTTP/1.1 response framing (RFC 9112): status, where the body lies, and where the response ends.
//!
//! A load generator needs no more of a response. Until one is whole its head is read again with every piece that
//! arrives: heads are short, and answers rarely come in pieces.

use std::borrow::Cow;
use std::ops::Range;

use httparse::{EMPTY_HEADER, Status, parse_chunk_size, parse_headers};

/// More than Probity sends.
const HEADERS_MAX: usize = 32;

/// Why bytes from the server are not a response that can be framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("the answer does not begin with an HTTP/1.x status line and headers")]
    StatusLine,
    #[error("the answer has a Content-Length that is not a number")]
    ContentLength,
    #[error("the answer has a malformed chunk")]
    Chunk,
    /// The connection could not be kept.
    #[error("the answer has neither a Content-Length nor chunks")]
    Unframed,
    /// The generator never asks for one.
    #[error("the answer is informational (1xx)")]
    Informational,
}

/// One complete response at the beginning of a buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Bytes of the buffer that belong to this response; the next one begins here.
    pub consumed: usize,
    /// The server will close the connection after this response.
    pub close: bool,
    body: Range<usize>,
    chunked: bool,
}

impl Response {
    /// Reads the response that `buffer` begins with. `None`: more bytes are needed.
    pub fn parse(buffer: &[u8]) -> Result<Option<Self>, ParseError> {
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let mut head = httparse::Response::new(&mut headers);
        let Status::Complete(start) = head.parse(buffer).map_err(|_| ParseError::StatusLine)? else {
            return Ok(None);
        };
        let status = head.code.unwrap_or_default();
        if status < 200 {
            return Err(ParseError::Informational);
        }
        let mut response = Self {
            status,
            consumed: start,
            close: head.version == Some(0),
            body: start..start,
            chunked: false,
        };
        let mut length = None;
        for header in head.headers.iter() {
            let value = header.value.trim_ascii();
            if header.name.eq_ignore_ascii_case("content-length") {
                let digits = std::str::from_utf8(value).ok();
                let number = digits.and_then(|digits| digits.parse::<usize>().ok());
                let end = number.and_then(|number| start.checked_add(number));
                length = Some(end.ok_or(ParseError::ContentLength)?);
            } else if header.name.eq_ignore_ascii_case("connection") {
                response.close = value.eq_ignore_ascii_case(b"close");
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                let coding = value.split(|byte| *byte == b',').next_back().unwrap_or_default();
                response.chunked = coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
            }
        }
        match length {
            _ if status == 204 || status == 304 => {}
            _ if response.chunked => return response.chunks(buffer),
            Some(end) => (response.body, response.consumed) = (start..end, end),
            None => return Err(ParseError::Unframed),
        }
        Ok((buffer.len() >= response.consumed).then_some(response))
    }

    /// Finds the end of the last chunk and that of the trailers.
    fn chunks(mut self, buffer: &[u8]) -> Result<Option<Self>, ParseError> {
        loop {
            let Some((data, next)) = next_chunk(buffer, self.body.end)? else {
                return Ok(None);
            };
            self.body.end = next;
            if data.is_empty() {
                let mut trailers = [EMPTY_HEADER; HEADERS_MAX];
                let found = parse_headers(&buffer[next..], &mut trailers).map_err(|_| ParseError::Chunk)?;
                let Status::Complete((length, _)) = found else {
                    return Ok(None);
                };
                self.consumed = next + length;
                return Ok(Some(self));
            }
        }
    }

    /// The body, without chunk framing. `buffer` is the one that the response was read from.
    pub fn body<'a>(&self, buffer: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.chunked {
            return Cow::Borrowed(&buffer[self.body.clone()]);
        }
        let (mut joined, mut at) = (Vec::new(), self.body.start);
        while at < self.body.end
            && let Ok(Some((data, next))) = next_chunk(buffer, at)
        {
            joined.extend_from_slice(&buffer[data]);
            at = next;
        }
        Cow::Owned(joined)
    }
}

/// The data of the chunk that begins at `at`, and where it ends; `None` when it is not all there.
fn next_chunk(buffer: &[u8], at: usize) -> Result<Option<(Range<usize>, usize)>, ParseError> {
    let Status::Complete((line, size)) = parse_chunk_size(&buffer[at..]).map_err(|_| ParseError::Chunk)?
    else {
        return Ok(None);
    };
    let start = at + line;
    let size = usize::try_from(size).map_err(|_| ParseError::Chunk)?;
    if size == 0 {
        return Ok(Some((start..start, start)));
    }
    let end = start.checked_add(size).ok_or(ParseError::Chunk)?;
    match buffer.get(end..end.saturating_add(2)) {
        None => Ok(None),
        Some(b"\r\n") => Ok(Some((start..end, end + 2))),
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
        let mut fed = 0;
        while fed < bytes.len() {
            fed = (fed + piece).min(bytes.len());
            if let Some(response) = Response::parse(&bytes[..fed]).unwrap() {
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
        let mut statuses = Vec::new();
        while let Some(response) = Response::parse(&stream).unwrap() {
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
                Response::parse(bytes),
                Err(error),
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}
