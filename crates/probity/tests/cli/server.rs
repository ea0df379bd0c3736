//! A server as its users run it, and a client that needs no library.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Place;

/// A running server; killed when the test ends before it was stopped.
pub struct Server {
    pub child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Lines up to the one that says where it listens.
    pub said: Vec<String>,
    address: String,
}

impl Server {
    /// Starts one at a free port.
    pub fn start(place: &Place, args: &[&str]) -> Server {
        Server::start_with(place, args, &[])
    }

    /// Starts one at a free port, with variables of the environment.
    pub fn start_with(place: &Place, args: &[&str], envs: &[(&str, &str)]) -> Server {
        let mut words = vec!["serve", "--listen", "127.0.0.1:0"];
        words.extend(args);
        let mut command = place.command(&words);
        command.envs(envs.iter().copied());
        Server::of(command)
    }

    /// Starts one by a command that says where it listens.
    pub fn of(mut command: Command) -> Server {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Server {
            child,
            lines,
            said: Vec::new(),
            address: String::new(),
        };
        while let Some(Ok(line)) = server.lines.next() {
            if let Some(rest) = line.strip_prefix("Listening on ") {
                let url = rest.split(' ').next().unwrap();
                url.split_once("://").unwrap().1.clone_into(&mut server.address);
                server
                    .said
                    .extend(url.starts_with("https:").then(|| url.to_owned()));
                return server;
            }
            server.said.push(line);
        }
        let mut err = String::new();
        server
            .child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        panic!("it ended: {:?} {err}", server.said);
    }

    /// The answer to a GET, with its head; `header` holds whole lines.
    pub fn get(&self, path: &str, header: &str) -> String {
        self.send("GET", path, header, "")
    }

    /// The answer to a request with a JSON body.
    pub fn post(&self, path: &str, header: &str, body: &str) -> String {
        let header = format!(
            "{header}Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.send("POST", path, &header, body)
    }

    fn send(&self, method: &str, path: &str, header: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\n{header}Connection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal and waits for the end: exit code and how long it took.
    pub fn stop(mut self, signal: &str) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        let status = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
        let status = self.child.wait().unwrap();
        assert!(self.lines.next().is_none());
        (status.code(), begun.elapsed())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
