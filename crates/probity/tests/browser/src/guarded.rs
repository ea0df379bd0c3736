//! Processes that live as long as this one, and not longer, however it ends.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Runs a command in a session of its own, and ends it with all that it started once our end of the pipe is closed. Then its
/// folder goes.
const GUARD: &str = r#"trap '' HUP INT TERM
folder=$1; shift
setsid "$@" & child=$!
read -r _
kill -KILL "-$child"
wait "$child"
rm -rf "$folder""#;

/// A guarded process: as long as this value is there.
pub struct Guarded(Child);

impl Guarded {
    /// Ends it, and waits until it has ended. Its standard input is the order, by being closed.
    pub fn end(mut self) {
        self.0.wait().unwrap();
    }
}

/// Starts a command; what it prints comes line by line.
pub fn start(command: &Command, folder: &Path) -> (Guarded, Lines<BufReader<ChildStdout>>) {
    let mut shell = Command::new("sh");
    shell.args(["-c", GUARD, "probity-browser-guard"]).arg(folder);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(here) = command.get_current_dir() {
        shell.current_dir(here);
    }
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = shell.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (Guarded(child), lines)
}
