//! An HTTP/1.1 client that keeps its connection: as plain as it can be, so that what it reports is what came.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long the server may be silent.
const SILENCE_MAX: Duration = Duration::from_mins(1);

/// A client of one server.
pub struct Client {
    address: SocketAddr,
    authorization: String,
    stream: Option<BufReader<TcpStream>>,
}

/// What came back, whole.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

impl Client {
    /// Connects at the first request; an empty key sends none.
    pub fn new(address: SocketAddr, key: &str) -> Client {
        let authorization = match key {
            "" => String::new(),
            key => format!("Authorization: Bearer {key}\r\n"),
        };
        Client {
            address,
            authorization,
            stream: None,
        }
    }

    /// `GET`.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.request("GET", path, "", "")
    }

    /// `POST` of JSON.
    pub fn post(&mut self, path: &str, body: &str) -> Result<Answer> {
        self.send("POST", path, &[], body)
    }

    /// Another method with JSON and headers.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
        let mut lines = format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            lines.extend([name, ": ", value, "\r\n"]);
        }
        self.request(method, path, &lines, body)
    }

    /// An error means that the answer did not arrive whole: what became of the request is not known.
    fn request(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{}{headers}\r\n",
            self.authorization
        );
        stream.get_mut().write_all(format!("{head}{body}").as_bytes())?;
        let answer = read(&mut stream)?;
        self.stream = Some(stream);
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, SILENCE_MAX)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

fn read(stream: &mut BufReader<TcpStream>) -> Result<Answer> {
    let malformed = |what: &str| Error::new(ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = status
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| malformed("no status"))?;
    let mut length = None;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok();
            }
            Some(_) => {}
            None if line == "\r\n" => break,
            None => return Err(malformed("the head broke off")),
        }
    }
    // An answer without a body may leave its length out (RFC 9110 section 8.6).
    if status == 204 {
        length = Some(0);
    }
    let mut body = vec![0; length.ok_or_else(|| malformed("no length"))?];
    stream.read_exact(&mut body)?;
    Ok(Answer { status, body })
}
