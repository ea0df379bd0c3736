//! A running `probity serve`, killed when its value goes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::client::Client;

/// How long a start may take, on a machine that is busy with other things.
const START_MAX: Duration = Duration::from_mins(1);

/// A started process, killed and reaped when the value goes.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
    log: PathBuf,
}

impl Process {
    /// Starts it. Standard error goes to the file `log`, so that nothing waits for us to read it.
    pub fn start(mut command: Command, log: PathBuf) -> Process {
        let err = File::options().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(err).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            // Ends when the process ends, or when nobody listens any more.
            for line in out.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Process {
            child,
            lines,
            said: Vec::new(),
            log,
        }
    }

    /// Reads what it prints until a line begins with `prefix`; the rest of that line.
    pub fn wait_for(&mut self, prefix: &str) -> String {
        let begun = Instant::now();
        loop {
            match self.lines.recv_timeout(START_MAX.saturating_sub(begun.elapsed())) {
                Ok(line) => match line.strip_prefix(prefix) {
                    Some(rest) => return rest.to_owned(),
                    None => self.said.push(line),
                },
                Err(error) => panic!("{prefix:?} never came ({error}): {}", self.all()),
            }
        }
    }

    /// Kills it as `kill -9` does, and returns when it is gone: what it had printed.
    pub fn kill(mut self) -> String {
        self.end();
        loop {
            match self.lines.recv_timeout(START_MAX) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => return self.said.join("\n"),
                Err(RecvTimeoutError::Timeout) => panic!("a killed process still prints: {}", self.all()),
            }
        }
    }

    /// Whether it is still running.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it printed so far, for messages.
    fn all(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        format!("{}\n{log}", self.said.join("\n"))
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// A server that is ready.
pub struct Server {
    process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts `probity serve` (the command's last words, with a free port) and waits until it is ready.
    pub fn start(command: Command, log: PathBuf) -> Server {
        let mut process = Process::start(command, log);
        let rest = process.wait_for("Listening on http://");
        let address: SocketAddr = rest.split(' ').next().unwrap().parse().unwrap();
        let begun = Instant::now();
        while Client::new(address, "")
            .get("/health/ready")
            .ok()
            .map(|a| a.status)
            != Some(200)
        {
            assert!(
                begun.elapsed() < START_MAX,
                "it listens, but is not ready: {}",
                process.all()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        Server { process, address }
    }

    /// Lines up to the one that says where it listens.
    pub fn said(&self) -> String {
        self.process.said.join("\n")
    }

    /// Kills it as `kill -9` does; it must still have been running.
    pub fn kill(mut self) {
        assert!(self.process.runs(), "it ended by itself: {}", self.process.all());
        self.process.kill();
    }
}

/// The words that serve on a free port.
pub const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
