//! The program under test: its commands, its server process, its folder.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::{database, process, tls};

/// Start-up includes migrations and the check of the log's right edge.
const READY_MAX: Duration = Duration::from_mins(1);
/// After SIGTERM.
const STOP_MAX: Duration = Duration::from_secs(30);

/// An installation: a data folder, a database, an API key.
#[derive(Debug)]
pub struct Installation {
    program: PathBuf,
    folder: PathBuf,
    /// Where the database is; none on SQLite.
    database: Option<String>,
    /// What folder and database are removed with; none where they are kept.
    temporary: Option<(testkit::TempDir, Option<testkit::TestDatabase>)>,
    /// With scopes to write and to read.
    pub key: String,
    /// Whether its server speaks TLS.
    pub tls: bool,
}

/// What a command of the program took.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub wall: Duration,
    /// Most memory that was resident at once, in KiB; looked at every 2 ms.
    pub memory_peak_kib: u64,
    pub cpu_seconds: f64,
}

impl Installation {
    /// A fresh one. Without a database it is on SQLite.
    pub fn create(program: &Path, database: Option<(String, testkit::TestDatabase)>) -> Result<Self, Error> {
        let mut installation = Self::empty(program, database);
        installation.initialise()?;
        Ok(installation)
    }

    /// One that nobody has set up yet.
    pub fn empty(program: &Path, database: Option<(String, testkit::TestDatabase)>) -> Self {
        let folder = testkit::temp_dir("probity-bench");
        let (url, database) = database.unzip();
        let mut installation = Self::kept(program, folder.path().to_owned(), url);
        installation.temporary = Some((folder, database));
        installation
    }

    /// One that is, or is to be, in a folder and a database of the caller's.
    pub fn kept(program: &Path, folder: PathBuf, database: Option<String>) -> Self {
        Self {
            program: program.to_owned(),
            folder,
            database,
            temporary: None,
            key: String::new(),
            tls: false,
        }
    }

    /// An empty one that has been given this one's key, to be restored into.
    pub fn to_restore(&self, database: Option<(String, testkit::TestDatabase)>) -> Result<Self, Error> {
        let other = Self::empty(&self.program, database);
        let [from, to] = [self, &other].map(|one| one.data().join("signing.key"));
        let copied = fs::create_dir(other.data()).and_then(|()| fs::copy(from, to));
        copied.map_err(Error::io("the signing key"))?;
        Ok(other)
    }

    /// `init` and `key create`.
    pub fn initialise(&mut self) -> Result<(), Error> {
        self.run(&["init"], &[])?;
        self.take_key()
    }

    /// `key create`, for what is sent.
    pub fn take_key(&mut self) -> Result<(), Error> {
        self.key = self.create_key("write,read")?;
        Ok(())
    }

    /// `key create`: the secret of a new key of the first admin.
    pub fn create_key(&self, scopes: &str) -> Result<String, Error> {
        let output = self.run(
            &["key", "create"],
            &["--name", "bench", "--scopes", scopes, "--output", "json"],
        )?;
        let mut answer: serde_json::Value = serde_json::from_str(&output).unwrap_or_default();
        match answer.get_mut("key").map(serde_json::Value::take) {
            Some(serde_json::Value::String(key)) => Ok(key),
            _ => Err(Error::Server(
                "`key create --output json` printed no JSON with a field `key`".into(),
            )),
        }
    }

    /// Writes settings into the data folder, for what is started from then on.
    pub fn settings(&self, text: &str) -> Result<(), Error> {
        let made = fs::create_dir_all(self.data());
        let written = made.and_then(|()| fs::write(self.data().join("development.toml"), text));
        written.map_err(Error::io("a file of settings"))
    }

    /// `user import`: users from lines of JSON.
    pub fn import_users(&self, lines: &str) -> Result<(), Error> {
        let path = self.folder.join("users.jsonl");
        fs::write(&path, lines).map_err(Error::io("a file of users"))?;
        let file = path.to_string_lossy();
        self.run(&["user", "import"], &[&file, "--format", "jsonl"])
            .map(drop)
    }

    /// Where a connection of ours finds the database; `None` on SQLite.
    pub fn database_url(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// From here on the program speaks TLS to PostgreSQL.
    pub fn encrypt_database(&mut self) {
        self.database = self
            .database
            .take()
            .map(|url| url.replace(database::PLAIN, database::ENCRYPTED));
    }

    /// SQLite's WAL; none on PostgreSQL.
    pub fn wal(&self) -> Option<PathBuf> {
        self.database
            .is_none()
            .then(|| self.data().join("probity.db-wal"))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, verb: &[&str], options: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(verb).arg("--data-dir").arg(self.data());
        if let Some(url) = self.database_url() {
            command.args(["--database", url]);
        }
        command
            .args(options)
            .env("PROBITY_LOG", "warn")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, verb: &[&str], options: &[&str]) -> Result<String, Error> {
        let output = self.command(verb, options).output();
        let output = output.map_err(Error::io(format!("running {}", self.program.display())))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(failed(
            verb,
            &output.status,
            &[output.stdout, output.stderr].concat(),
        ))
    }

    /// Starts a command that writes to a file of ours, which is given too.
    fn spawn(&self, mut command: Command) -> Result<(Child, PathBuf), Error> {
        let path = self.folder.join("output.log");
        let log = File::create(&path).map_err(Error::io("a log file"))?;
        let errors = log.try_clone().map_err(Error::io("a log file"))?;
        let child = command.stdout(log).stderr(errors).spawn();
        Ok((
            child.map_err(Error::io(format!("running {}", self.program.display())))?,
            path,
        ))
    }

    /// Runs a command to its end and measures it. Anything but success is an error.
    pub fn measure(&self, verb: &[&str]) -> Result<Usage, Error> {
        let started = Instant::now();
        let (mut child, log) = self.spawn(self.command(verb, &[]))?;
        let mut memory_peak_kib = 0;
        // Until it is waited for, an ended process keeps its processor time in /proc, but not its memory.
        while !process::is_zombie(child.id()) {
            memory_peak_kib = process::memory_kib(child.id()).map_or(memory_peak_kib, |(_, peak)| peak);
            std::thread::sleep(Duration::from_millis(2));
        }
        let wall = started.elapsed();
        let (user, system) = process::ticks(child.id()).seconds_since(process::Ticks::default());
        let status = child.wait().map_err(Error::io("waiting for a command"))?;
        if !status.success() {
            return Err(failed(verb, &status, &fs::read(&log).unwrap_or_default()));
        }
        Ok(Usage {
            wall,
            memory_peak_kib,
            cpu_seconds: user + system,
        })
    }

    /// Starts the server and waits until it is ready.
    pub fn serve(&self) -> Result<Server, Error> {
        self.serve_with(&[])
    }

    /// The same with more in its environment.
    pub fn serve_with(&self, environment: &[(&str, &str)]) -> Result<Server, Error> {
        let address: SocketAddr = ([127, 0, 0, 1], testkit::free_port()).into();
        let mut command = self.command(&["serve"], &["--listen", &address.to_string()]);
        command.envs(environment.iter().copied());
        if self.tls {
            tls::put(&self.folder)?;
            let names = ["PROBITY_HTTP_TLS_CERT", "PROBITY_HTTP_TLS_KEY"];
            command.envs(
                names
                    .into_iter()
                    .zip(tls::FILES.map(|name| self.folder.join(name))),
            );
        }
        let started = Instant::now();
        let (child, log) = self.spawn(command)?;
        let mut server = Server {
            child,
            address,
            memory_idle_kib: 0,
            ready_after: Duration::ZERO,
        };
        while !is_ready(address, self.tls).unwrap_or_default() {
            let ended = server.child.try_wait();
            let ended = ended.map_err(Error::io("looking after the server"))?;
            if ended.is_some() || started.elapsed() > READY_MAX {
                let status = ended.map_or("not ready in time".to_owned(), |status| status.to_string());
                return Err(failed(&["serve"], &status, &fs::read(&log).unwrap_or_default()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        server.ready_after = started.elapsed();
        server.memory_idle_kib = process::memory_kib(server.pid()).unwrap_or_default().0;
        Ok(server)
    }
}

/// A running server; it is stopped with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// Resident memory once ready, before any load, in KiB.
    pub memory_idle_kib: u64,
    /// How long it took to be ready, to within 20 ms.
    pub ready_after: Duration,
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that was ever resident, in KiB.
    pub fn memory_peak_kib(&self) -> u64 {
        process::memory_kib(self.pid()).unwrap_or_default().1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let asked = Instant::now();
        while asked.elapsed() < STOP_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_ready(address: SocketAddr, tls: bool) -> std::io::Result<bool> {
    let mut stream = tls::Stream::open(address, tls)?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = *b"HTTP/1.1 200";
    let wanted = answer;
    stream.read_exact(&mut answer)?;
    Ok(answer == wanted)
}

/// The command, how it ended, and the end of what it printed.
fn failed(verb: &[&str], status: &impl ToString, output: &[u8]) -> Error {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.trim().lines().collect();
    Error::Command {
        command: format!("probity {}", verb.join(" ")),
        status: status.to_string(),
        output: lines[lines.len().saturating_sub(12)..].join("\n"),
    }
}
