//! Opening what `age` has encrypted, by the program itself (it is what encrypts, too).

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command};
use std::thread;

use crate::age::start;
use crate::error::Error;

/// What every file of age begins with.
pub(super) const BEGIN: &[u8] = b"age-encryption.org/";

/// Decrypts what is read, with this identity; without one age asks for a passphrase on the terminal.
pub(crate) fn decrypt(
    mut from: Box<dyn Read + Send>,
    identity: Option<&Path>,
) -> Result<Box<dyn Read + Send>, Error> {
    let mut command = Command::new("age");
    command.arg("--decrypt");
    if let Some(identity) = identity {
        command.arg("--identity").arg(identity);
    }
    let mut age = start(&mut command)?;
    let stdin = age.stdin.take();
    let stdout = age.stdout.take();
    // It ends when age does, or when all is read; a file that cannot be read is told by whoever counts it.
    thread::spawn(move || stdin.map(|mut stdin| io::copy(&mut from, &mut stdin)));
    Ok(Box::new(Decrypted { age, stdout }))
}

/// What age gives.
struct Decrypted {
    age: Child,
    stdout: Option<ChildStdout>,
}

impl Read for Decrypted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(stdout) = &mut self.stdout else {
            return Ok(0);
        };
        let count = stdout.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        self.stdout = None;
        if self.age.wait()?.success() {
            return Ok(0);
        }
        let mut told = String::new();
        if let Some(stderr) = &mut self.age.stderr {
            stderr.read_to_string(&mut told)?;
        }
        let told = told.trim();
        Err(if OF_THE_OPENER.iter().any(|said| told.contains(said)) {
            io::Error::other(NotOpened(told.to_owned()))
        } else {
            io::Error::other(format!("age did not decrypt it: {told}"))
        })
    }
}

/// What age says where it is not the file that is wrong, but what should open it.
const OF_THE_OPENER: [&str; 5] = [
    "no identity matched",
    "incorrect passphrase",
    "could not read passphrase",
    "/dev/tty is not available",
    "error: reading \"",
];

/// Nothing that was given opens it: whether it is good, nobody knows.
#[derive(Debug, thiserror::Error)]
#[error("age did not decrypt it: {0}")]
pub(super) struct NotOpened(String);

impl Drop for Decrypted {
    fn drop(&mut self) {
        // Where the rest is not wanted; one that has ended is there no more.
        let _ = self.age.kill();
        let _ = self.age.wait();
    }
}
