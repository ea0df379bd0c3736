//! One keep-alive connection: at most one request under way, non-blocking, edge-triggered.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Registry, Token};

use crate::response::{ParseError, Response};
use crate::tls::Stream;

/// Room for an answer to one entry with its headers; grows for larger ones and then stays.
const INPUT_BYTES: usize = 2_048;

/// Why a connection can no longer be used.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("connection: {0}")]
    Io(#[from] io::Error),
    #[error("the server closed the connection")]
    Closed,
    /// What arrived is not HTTP.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// A connection and the buffers that it reuses from request to request.
#[derive(Debug)]
pub struct Connection {
    stream: Stream<TcpStream>,
    out: Vec<u8>,
    sent: usize,
    input: Vec<u8>,
    filled: usize,
    /// When the request under way was sent, or should have been by the schedule.
    pub started: Instant,
    /// Number of the request under way: how many the workload had written before it.
    pub request: u64,
    pub busy: bool,
}

impl Connection {
    /// Connects, waiting for it, and registers the socket.
    pub fn open(server: SocketAddr, tls: bool, registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(Self {
            stream: Stream::open(server, tls)?.register(registry, token)?,
            out: Vec::new(),
            sent: 0,
            input: vec![0; INPUT_BYTES],
            filled: 0,
            started: Instant::now(),
            request: 0,
            busy: false,
        })
    }

    /// The emptied buffer for the next request.
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.out.clear();
        self.sent = 0;
        &mut self.out
    }

    /// Sends what the socket takes now; the rest follows when it is writable.
    pub fn flush(&mut self) -> Result<(), Failure> {
        while self.sent < self.out.len() {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(0) => return Err(Failure::Closed),
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        // What TLS holds back goes when the socket takes it.
        match self.stream.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Reads what is there; a response when one is complete. Call [`Connection::consume`] after looking at it.
    ///
    /// `closed`: the event said that the server sends no more.
    pub fn receive(&mut self, closed: bool) -> Result<Option<Response>, Failure> {
        loop {
            if self.filled == self.input.len() {
                self.input.resize(self.filled * 2, 0);
            }
            let room = self.input.len() - self.filled;
            let count = match self.stream.read(&mut self.input[self.filled..]) {
                Ok(0) => return Err(Failure::Closed),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.filled += count;
            if let Some(response) = Response::parse(&self.input[..self.filled])? {
                return Ok(Some(response));
            }
            // epoll(7): a short read has drained the socket, so that asking again would only cost a call. Not so
            // when the end of the stream came in the same event: no other event will tell of it.
            if count < room && !closed && self.stream.is_drained_by_a_short_read() {
                return Ok(None);
            }
        }
    }

    /// The bytes that the last response is part of.
    pub fn input(&self) -> &[u8] {
        &self.input[..self.filled]
    }

    /// Forgets a response that was dealt with.
    pub fn consume(&mut self, response: &Response) {
        self.input.copy_within(response.consumed..self.filled, 0);
        self.filled -= response.consumed;
    }
}
