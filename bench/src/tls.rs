//! TLS as the generator speaks it: to a server whose certificate is of an authority of ours.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use testkit::{Authority, Signed};

use crate::error::Error;

/// How long is waited for an answer where it is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Files of a server's certificate and its key, in the server's folder.
pub const FILES: [&str; 2] = ["server.crt", "server.key"];

/// The authority, what it signed for servers on this machine, and how they are spoken to.
struct Ours {
    signed: Signed,
    client: Arc<ClientConfig>,
}

fn ours() -> io::Result<&'static Ours> {
    static OURS: OnceLock<Ours> = OnceLock::new();
    if let Some(ours) = OURS.get() {
        return Ok(ours);
    }
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    let pem = CertificateDer::from_pem_slice(authority.certificate.as_bytes());
    roots
        .add(pem.map_err(io::Error::other)?)
        .map_err(io::Error::other)?;
    let client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (signed, client) = (authority.signs(&["127.0.0.1"]), Arc::new(client));
    Ok(OURS.get_or_init(|| Ours { signed, client }))
}

/// What a PostgreSQL on this machine is started with so that it speaks TLS to those who ask.
pub fn of_postgres(options: testkit::Options) -> Result<testkit::Options, Error> {
    let ours = ours().map_err(Error::io("a certificate"))?;
    Ok(options.with_tls(&ours.signed, &Authority::new()))
}

/// Writes a server's files.
pub fn put(folder: &Path) -> Result<(), Error> {
    let put = || {
        let signed = &ours()?.signed;
        let contents = [&signed.certificate, &signed.key];
        FILES
            .iter()
            .zip(contents)
            .try_for_each(|(name, content)| std::fs::write(folder.join(name), content))
    };
    put().map_err(Error::io("files of a certificate"))
}

/// A server's side of it, for the stand-in.
pub fn server(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error>> {
    let config = ServerConfig::builder().with_no_client_auth();
    let certificate = CertificateDer::from_pem_file(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    Ok(Arc::new(config.with_single_cert(vec![certificate], key)?))
}

/// One end of a connection.
#[derive(Debug)]
pub enum Stream<T: Read + Write> {
    Plain(T),
    Tls(Box<StreamOwned<ClientConnection, T>>),
}

impl Stream<std::net::TcpStream> {
    /// Connects, waiting for it.
    pub fn open(server: SocketAddr, tls: bool) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        if !tls {
            return Ok(Self::Plain(stream));
        }
        let client = Arc::clone(&ours()?.client);
        let session = ClientConnection::new(client, ServerName::IpAddress(server.ip().into()));
        let mut stream = StreamOwned::new(session.map_err(io::Error::other)?, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self::Tls(Box::new(stream)))
    }

    /// Registers the socket, which waits for nothing from here on.
    pub fn register(self, registry: &Registry, token: Token) -> io::Result<Stream<TcpStream>> {
        let ready = |stream: std::net::TcpStream| {
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            // Both at once: mio is edge-triggered, so that the second costs no wake-ups while nothing waits to be sent.
            registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            Ok::<_, io::Error>(stream)
        };
        Ok(match self {
            Self::Plain(stream) => Stream::Plain(ready(stream)?),
            Self::Tls(stream) => {
                let (session, stream) = stream.into_parts();
                Stream::Tls(Box::new(StreamOwned::new(session, ready(stream)?)))
            }
        })
    }
}

impl<T: Read + Write> Stream<T> {
    /// Whether a short read has drained the socket (epoll(7)). Of TLS a record is read at a time.
    pub fn is_drained_by_a_short_read(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

impl<T: Read + Write> Read for Stream<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl<T: Read + Write> Write for Stream<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
