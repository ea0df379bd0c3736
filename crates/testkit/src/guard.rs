//! The process that owns a server and its folder, so that both go when we do: runs `guard.sh`.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::Error;
use crate::account::Account;

const SCRIPT: &str = include_str!("guard.sh");
/// How much of the server's log an error shows.
const LOG_LINES_MAX: usize = 20;

/// Owns a server's folder, and the server in it while it runs. Dropping it stops the server, removes the
/// folder, and waits until this is done.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    /// Taken on drop: closing it is the order to end. The system closes it if we are killed. (The standard
    /// library opens it so that no child of ours inherits it.)
    orders: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    folder: PathBuf,
}

impl Guard {
    /// Makes a folder with a cluster in it, as the script's arguments say; no server runs yet.
    pub(crate) fn initialise(bin: &Path, cluster: &[&str]) -> Result<Guard, Error> {
        let account = Account::choose()?;
        let base = account.base()?;
        let mut child = account
            .command("sh")
            .args(["-c", SCRIPT, "probity-pg-guard"])
            .arg(bin)
            .arg(base)
            .args(cluster)
            .env("LC_ALL", "C")
            // Ours may be closed to the server's account.
            .current_dir("/")
            // Out of reach of a Ctrl-C in the terminal, and of a kill of our process group.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::io("start the test server's guard"))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Guard("no pipes".to_owned()));
        };
        let answers = BufReader::new(answers).lines();
        let mut guard = Guard {
            child,
            orders: Some(orders),
            answers,
            folder: PathBuf::new(),
        };
        let first = guard.answer()?;
        match first.strip_prefix("folder ") {
            Some(folder) => guard.folder = PathBuf::from(folder),
            None => return Err(Error::Guard(first)),
        }
        match guard.answer()?.as_str() {
            "initialised" => Ok(guard),
            _ => Err(guard.failure("initialise")),
        }
    }

    /// The folder: the data in `data`, the log in `log`, and the unix socket.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends to the server's configuration, for its next start.
    pub(crate) fn configure(&self, settings: &[(String, String)]) -> Result<(), Error> {
        let mut text = String::new();
        for (name, value) in settings {
            // Quoting: PostgreSQL manual, "Parameter Interaction via the Configuration File".
            let value = value.replace('\\', r"\\").replace('\'', "''");
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} = '{value}'");
        }
        fs::OpenOptions::new()
            .append(true)
            .open(self.folder.join("data/postgresql.conf"))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(Error::io("write the test server's configuration"))
    }

    /// Writes files of the data folder that belong to the server's account, which alone may read them.
    pub(crate) fn put(&self, files: &[(String, String)]) -> Result<(), Error> {
        let data = self.folder.join("data");
        let put = |(name, content): &(String, String)| {
            let path = data.join(name);
            fs::write(&path, content)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            let owner = fs::metadata(&data)?;
            std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid()))
        };
        files
            .iter()
            .try_for_each(put)
            .map_err(Error::io("write a file of the test server"))
    }

    /// Starts the server, and returns when it takes connections.
    pub(crate) fn start(&mut self, port: u16) -> Result<(), Error> {
        self.order(&format!("start {port}"), "start")
    }

    /// Stops the server as a crash would (no last checkpoint: it recovers when it starts again), and returns
    /// when it has ended.
    pub(crate) fn crash(&mut self) -> Result<(), Error> {
        self.order("stop immediate", "stop")
    }

    /// Makes a standby take writes, and returns when it does.
    pub(crate) fn promote(&mut self) -> Result<(), Error> {
        self.order("promote", "promote")
    }

    /// Sends a signal to all processes of the server.
    pub(crate) fn signal(&mut self, name: &str) -> Result<(), Error> {
        self.order(&format!("signal {name}"), "signal")
    }

    fn order(&mut self, line: &str, doing: &'static str) -> Result<(), Error> {
        if let Some(orders) = &mut self.orders {
            writeln!(orders, "{line}").map_err(Error::io("order the test server's guard"))?;
        }
        match self.answer()?.as_str() {
            "done" => Ok(()),
            _ => Err(self.failure(doing)),
        }
    }

    fn answer(&mut self) -> Result<String, Error> {
        match self.answers.next() {
            Some(line) => line.map_err(Error::io("hear from the test server's guard")),
            None => Err(Error::Guard("it ended".to_owned())),
        }
    }

    fn failure(&self, doing: &'static str) -> Error {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let log = lines[lines.len().saturating_sub(LOG_LINES_MAX)..].join("\n");
        Error::Server { doing, log }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Ends in bounded time: the script waits at most 30 s for the server, then kills it.
        let _ = self.child.wait();
    }
}
