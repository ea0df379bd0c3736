//! The server that tests and benchmarks use.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::binaries::Places;
use crate::certificates::{Authority, Signed};
use crate::guard::Guard;
use crate::{Error, TestDatabase, TestSchema, free_port, url};

/// Environment variable: the URL of an administrative database that all processes of a test run share. Set by
/// `with-postgres`, and by whoever wants the tests to use a server of their own.
pub const SHARED_URL: &str = "PROBITY_TEST_POSTGRES";
/// Environment variable: the same server's URL over its unix socket. Optional; set by `with-postgres`.
pub const SHARED_SOCKET_URL: &str = "PROBITY_TEST_POSTGRES_SOCKET";

/// How often to pick another port when someone took ours between picking and starting.
const PORT_TRIES_MAX: u32 = 5;

/// How to run a server.
#[derive(Debug, Clone)]
pub struct Options {
    /// With `fsync` and all that makes a commit last: for benchmarks and crash tests. Off for fast tests.
    pub durable: bool,
    /// How many connections it takes at the same time.
    pub max_connections: u32,
    /// More settings, as in `postgresql.conf`: name and value. They come last, so they win.
    pub extra: Vec<(String, String)>,
    /// Files of the data folder, such as certificates and `pg_hba.conf`: name and content.
    pub files: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            durable: false,
            max_connections: 200,
            extra: Vec::new(),
            files: Vec::new(),
        }
    }
}

impl Options {
    /// With TLS, as this certificate's owner; whoever shows one of this authority's is who it says.
    #[must_use]
    pub fn with_tls(mut self, own: &Signed, clients: &Authority) -> Options {
        for (setting, value) in [
            ("ssl", "on"),
            ("ssl_cert_file", "server.crt"),
            ("ssl_key_file", "server.key"),
            ("ssl_ca_file", "clients.crt"),
        ] {
            self.extra.push((setting.to_owned(), value.to_owned()));
        }
        for (name, content) in [
            ("server.crt", &own.certificate),
            ("server.key", &own.key),
            ("clients.crt", &clients.certificate),
        ] {
            self.files.push((name.to_owned(), content.clone()));
        }
        self
    }

    fn settings(self, folder: &str) -> Vec<(String, String)> {
        let switch = if self.durable { "on" } else { "off" };
        let connections = self.max_connections.to_string();
        let own = [
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", folder),
            ("max_connections", &connections),
            ("fsync", switch),
            ("synchronous_commit", switch),
            ("full_page_writes", switch),
            ("timezone", "UTC"),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        own.into_iter().chain(self.extra).collect()
    }
}

/// A running server, the user `postgres` being its superuser without a password. One that we started lives as
/// long as this value, and at most as long as this process.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    socket_url: Option<String>,
    /// None when the server belongs to another process.
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    guard: Mutex<Guard>,
    port: u16,
}

impl Own {
    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Postgres {
    /// Starts a fresh server on 127.0.0.1 and on a unix socket, and returns when it takes connections.
    pub fn start(options: Options) -> Result<Postgres, Error> {
        let sync: &[&str] = if options.durable { &[] } else { &["--no-sync"] };
        Postgres::start_with(options, &[&["initdb"], sync].concat())
    }

    /// Starts a server on this machine that follows this one, and takes no writes until [`Postgres::promote`].
    pub fn standby(&self) -> Result<Postgres, Error> {
        Postgres::start_with(Options::default(), &["standby", &self.url])
    }

    fn start_with(options: Options, cluster: &[&str]) -> Result<Postgres, Error> {
        let bin = Places::of_this_machine().find()?;
        let mut guard = Guard::initialise(&bin, cluster)?;
        let folder = guard.folder().display().to_string();
        guard.put(&options.files)?;
        guard.configure(&options.settings(&folder))?;
        let port = start_on_free_port(&mut guard)?;
        Ok(Postgres {
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            socket_url: Some(format!(
                "postgres://postgres@{}:{port}/postgres",
                url::encode(&folder)
            )),
            own: Some(Own {
                guard: Mutex::new(guard),
                port,
            }),
        })
    }

    /// The server of this test run: the one that [`SHARED_URL`] names, or else one for this process, started at
    /// first use with default options.
    pub fn shared() -> Result<&'static Postgres, Error> {
        static SHARED: Mutex<Option<&'static Postgres>> = Mutex::new(None);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(postgres) = *shared {
            return Ok(postgres);
        }
        let postgres = match Postgres::given() {
            Some(postgres) => postgres,
            None => Postgres::start(Options::default())?,
        };
        // Never freed: a server of ours ends with the process, by its guard.
        Ok(shared.insert(Box::leak(Box::new(postgres))))
    }

    /// The server that [`SHARED_URL`] names.
    pub fn given() -> Option<Postgres> {
        Some(Postgres {
            url: variable(SHARED_URL)?,
            socket_url: variable(SHARED_SOCKET_URL),
            own: None,
        })
    }

    /// `postgres://postgres@127.0.0.1:PORT/postgres`, an administrative database.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The same over the unix socket; `None` when we do not know where that is.
    pub fn socket_url(&self) -> Option<String> {
        self.socket_url.clone()
    }

    /// A fresh, empty schema in the administrative database. May be called inside an asynchronous runtime; it
    /// blocks for some milliseconds.
    pub fn schema(&self) -> Result<TestSchema, Error> {
        TestSchema::create(self.url())
    }

    /// A name, with its URL, for a database that does not exist yet: the program under test creates it.
    pub fn database(&self) -> Result<TestDatabase, Error> {
        TestDatabase::reserve(self.url())
    }

    /// Stops the server as a crash would, keeping its data, until [`Postgres::restart`].
    ///
    /// Not on a shared server: other tests use it too. [`Error::NotOurs`] when another process started it.
    pub fn crash(&self) -> Result<(), Error> {
        self.own()?.guard().crash()
    }

    /// Stops the server as a crash would (unless it is stopped), and starts it again on the same port: it
    /// recovers from its write-ahead log. The same restrictions as for [`Postgres::crash`].
    pub fn restart(&self) -> Result<(), Error> {
        let own = self.own()?;
        let mut guard = own.guard();
        guard.crash()?;
        guard.start(own.port)
    }

    /// Makes a standby take writes, and returns when it does.
    pub fn promote(&self) -> Result<(), Error> {
        self.own()?.guard().promote()
    }

    /// Stops all processes of the server where they are, as a machine that hangs would, until [`Postgres::thaw`]. The
    /// restrictions are those of [`Postgres::crash`].
    pub fn freeze(&self) -> Result<(), Error> {
        self.own()?.guard().signal("STOP")
    }

    /// Lets them go on.
    pub fn thaw(&self) -> Result<(), Error> {
        self.own()?.guard().signal("CONT")
    }

    /// Address and port, as they stand in a URL.
    pub fn host(&self) -> Option<&str> {
        Some(self.url.split_once('@')?.1.split_once('/')?.0)
    }

    fn own(&self) -> Result<&Own, Error> {
        self.own.as_ref().ok_or(Error::NotOurs)
    }
}

fn start_on_free_port(guard: &mut Guard) -> Result<u16, Error> {
    let mut tries = 0;
    loop {
        let port = free_port();
        tries += 1;
        match guard.start(port) {
            Ok(()) => return Ok(port),
            Err(Error::Server { log, .. }) if tries < PORT_TRIES_MAX && log.contains("already in use") => {}
            Err(error) => return Err(error),
        }
    }
}

/// Set, and not to nothing.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
