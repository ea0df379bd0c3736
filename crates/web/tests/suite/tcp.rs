//! The server on a real connection, and a client that reads raw answers.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use web::Settings;

use crate::api::{Api, On};

/// Longest wait for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("nothing came in time")
}

pub struct Running {
    pub api: Api,
    pub address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub async fn start(on: On, settings: Settings) -> Running {
        let api = Api::new(on).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, told) = oneshot::channel();
        let server = tokio::spawn(web::serve(api.engine.clone(), listener, settings, async {
            let _ = told.await;
        }));
        Running {
            api,
            address,
            shutdown: Some(shutdown),
            server,
        }
    }

    pub async fn connect(&self) -> Client {
        Client {
            stream: BufReader::new(TcpStream::connect(self.address).await.unwrap()),
        }
    }

    /// A client whose socket holds little of what it does not read.
    pub async fn connect_narrow(&self) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        Client {
            stream: BufReader::new(socket.connect(self.address).await.unwrap()),
        }
    }

    /// Asks the server to stop.
    pub fn tell(&mut self) {
        let _ = self.shutdown.take().unwrap().send(());
    }

    /// Waits until it has.
    pub async fn stopped(self) {
        soon(self.server).await.unwrap().unwrap();
    }

    /// The head of a request with the key, without the empty line.
    pub fn head(&self, line: &str) -> String {
        format!(
            "{line} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\n",
            self.api.key
        )
    }
}

pub struct Client {
    pub stream: BufReader<TcpStream>,
}

/// One server-sent event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: u64,
    pub name: String,
    pub data: String,
}

impl Client {
    pub async fn write(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    /// Says that nothing more comes, and goes on reading.
    pub async fn end(&mut self) {
        self.stream.get_mut().shutdown().await.unwrap();
    }

    /// The status line and headers of an answer.
    pub async fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(
                soon(self.stream.read_line(&mut head)).await.unwrap() > 0,
                "closed after {head:?}"
            );
        }
        head
    }

    /// An answer with a length: its head and body.
    pub async fn answer(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        soon(self.stream.read_exact(&mut body)).await.unwrap();
        (head, String::from_utf8(body).unwrap())
    }

    /// The next chunk of a body; none at its end.
    pub async fn chunk(&mut self) -> Option<String> {
        let mut size = String::new();
        soon(self.stream.read_line(&mut size)).await.unwrap();
        let mut data = vec![0; usize::from_str_radix(size.trim(), 16).unwrap() + 2];
        soon(self.stream.read_exact(&mut data)).await.unwrap();
        let text = String::from_utf8(data).unwrap();
        let text = text.strip_suffix("\r\n").unwrap().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// The events of the next chunk that holds any, and whether it was preceded by comments only.
    pub async fn events(&mut self) -> Vec<Event> {
        loop {
            let chunk = self.chunk().await.expect("the stream ended");
            let events: Vec<Event> = chunk.split_terminator("\n\n").filter_map(event).collect();
            if !events.is_empty() {
                return events;
            }
        }
    }

    /// Reads until this many events have come.
    pub async fn events_until(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.extend(self.events().await);
        }
        events
    }

    /// Whether the server closed the connection, sending nothing more.
    pub async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        matches!(soon(self.stream.read_to_end(&mut rest)).await, Ok(0) | Err(_))
    }
}

fn event(block: &str) -> Option<Event> {
    if block.starts_with(':') {
        return None;
    }
    let mut lines = block.lines();
    let mut field = |name: &str| lines.next().unwrap().strip_prefix(name).unwrap().to_owned();
    let event = Event {
        id: field("id: ").parse().unwrap(),
        name: field("event: "),
        data: field("data: "),
    };
    assert_eq!(lines.next(), None, "{block}");
    Some(event)
}
