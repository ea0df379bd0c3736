//! A small HTTP server that stands in for Probity, to prove the generator and to measure what it costs by itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::text;

mod approvals;
mod executions;
mod mcp;
mod state;

pub use state::{REFUSED_AFTER, refusal};

/// A request as the stub sees it.
#[derive(Debug)]
pub struct Request {
    /// `METHOD /path` of the first line.
    pub line: String,
    pub body: Vec<u8>,
    /// How many requests the stub had seen before.
    pub number: u64,
}

/// Raw bytes to answer with.
#[derive(Debug, Default)]
pub struct Reply {
    /// Written one by one, with pauses in between that make them arrive apart.
    pub pieces: Vec<Vec<u8>>,
    /// Then the connection is closed.
    pub close: bool,
}

impl Reply {
    /// A framed answer in one piece.
    pub fn new(status: u16, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: ");
        Self {
            pieces: vec![format!("{head}{}\r\n\r\n{body}", body.len()).into_bytes()],
            close: false,
        }
    }
}

/// Listens on 127.0.0.1 as long as the process lives, with a thread for each connection.
pub fn start(
    listen: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let (answer, counter) = (Arc::new(answer), Arc::new(AtomicU64::new(0)));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, counter, tls) = (Arc::clone(&answer), Arc::clone(&counter), tls.clone());
            // A client that goes away ends its thread with an error that concerns nobody.
            thread::spawn(move || {
                stream.set_nodelay(true)?;
                let Some(tls) = tls else {
                    return serve(stream, &*answer, &counter);
                };
                let session = ServerConnection::new(tls).map_err(std::io::Error::other)?;
                serve(StreamOwned::new(session, stream), &*answer, &counter)
            });
        }
    });
    Ok(address)
}

/// Answers like Probity: entries are numbered, receipts have the first line of one, users and balances exist
/// once they were made.
pub fn like_probity(first_index: &AtomicU64) -> impl Fn(&Request) -> Reply {
    let state = Mutex::new(state::State::default());
    let approvals = approvals::Approvals::default();
    let answer = move |request: &Request| {
        if let Some(reply) = approvals.answer(request) {
            return reply;
        }
        if request.line.starts_with("GET /health/") {
            return Reply::new(200, "{}");
        }
        if request.line.starts_with("GET /static/") {
            return Reply::new(200, "x");
        }
        if request.line.starts_with("GET /") && !request.line.starts_with("GET /v1/") {
            return Reply::new(200, &page());
        }
        if request.line.ends_with("/receipt") {
            return Reply::new(200, "c2sp.org/tlog-proof@v1\nindex 1\n");
        }
        if let Some(reply) = state::answer(&state, request).or_else(|| state::read(&request.line)) {
            return reply;
        }
        let entries = text::count(&request.body, br#"{"actor":{"#) as u64;
        let index = first_index.fetch_add(entries, Ordering::Relaxed);
        let entry =
            |index| format!(r#"{{"id":"0197-{index}","index":{index},"at":"2026-11-21T08:30:00.123456Z"}}"#);
        if request.body.starts_with(b"[") {
            let all: Vec<String> = (index..index + entries).map(entry).collect();
            Reply::new(201, &format!(r#"{{"entries":[{}]}}"#, all.join(",")))
        } else {
            Reply::new(201, &entry(index))
        }
    };
    move |request| {
        let inner = mcp::request(request);
        inner.map_or_else(|| answer(request), |inner| mcp::reply(&answer(&inner)))
    }
}

/// A page with a full list, which loads a style.
fn page() -> String {
    let rows = "<tr data-href=\"/x\">".repeat(50);
    format!("<html><link href=\"/static/s.css\"><h1>x</h1>{rows}</html>")
}

fn serve(
    stream: impl Read + Write,
    answer: &impl Fn(&Request) -> Reply,
    counter: &AtomicU64,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        let mut header = String::new();
        while reader.read_line(&mut header)? > 2 {
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            header.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (request, version) = line.trim_end().rsplit_once(' ').unwrap_or((&line, ""));
        let close = request.starts_with("GET /health/") || version == "HTTP/1.0";
        let length = request.len();
        line.truncate(length);
        let reply = answer(&Request {
            line,
            body,
            number: counter.fetch_add(1, Ordering::Relaxed),
        });
        for (number, piece) in reply.pieces.iter().enumerate() {
            if number > 0 {
                thread::sleep(Duration::from_millis(3));
            }
            reader.get_mut().write_all(piece)?;
            reader.get_mut().flush()?;
        }
        if reply.close || close {
            return Ok(());
        }
    }
}
