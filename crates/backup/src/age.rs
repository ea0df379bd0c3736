//! age, a program of its own (decision 0036): encrypts on its way what goes through it.

use std::io::{self, BufWriter, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::error::{Error, Tried};

/// Whether it is a public key: an age key (`age1…`) or one of SSH. A secret key is refused by name, since settings are no
/// place for it.
pub fn recipient(key: &str) -> Result<(), String> {
    if key.to_uppercase().starts_with("AGE-SECRET-KEY-") {
        return Err("a secret key: backups are encrypted to public ones, which begin with age1".to_owned());
    }
    let is_known = ["age1", "ssh-ed25519 ", "ssh-rsa "]
        .iter()
        .any(|kind| key.starts_with(kind));
    is_known
        .then_some(())
        .ok_or_else(|| format!("{key:?} is no public key of age: these begin with age1"))
}

/// Encrypts to recipients what `fill` writes, into `out`.
pub(crate) fn encrypt<W: Write + Send>(
    recipients: &[String],
    shown: &str,
    mut out: W,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<W, Error> {
    let mut age = start(&mut to(recipients))?;
    through(&mut age, &mut out, fill).tried("write", shown)?;
    Ok(out)
}

fn to(recipients: &[String]) -> Command {
    let mut command = Command::new("age");
    for key in recipients {
        command.args(["-r", key]);
    }
    command
}

/// Encrypts a small secret, as text: to recipients, or where there are none with a passphrase, for which age asks at the
/// terminal.
pub(crate) fn armored(recipients: &[String], secret: &[u8]) -> Result<Vec<u8>, Error> {
    let mut command = to(recipients);
    command.arg("--armor");
    if recipients.is_empty() {
        command.arg("--passphrase");
    }
    let (mut age, mut sealed) = (start(&mut command)?, Vec::new());
    through(&mut age, &mut sealed, |out| out.write_all(secret)).tried("seal", "the key")?;
    Ok(sealed)
}

/// Starts age, with pipes to it and from it.
pub(crate) fn start(command: &mut Command) -> Result<Child, Error> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .tried(
            "run",
            "age, which encrypts and decrypts backups (apt-get install age)",
        )
}

/// Sends through a program what `fill` writes.
fn through<W: Write + Send>(
    program: &mut Child,
    out: &mut W,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let missing = || io::Error::other("a pipe is missing");
    let stdin = program.stdin.take().ok_or_else(missing)?;
    let mut stdout = program.stdout.take().ok_or_else(missing)?;
    let mut stderr = program.stderr.take().ok_or_else(missing)?;
    let (filled, copied, told) = thread::scope(|scope| {
        let copying = scope.spawn(move || io::copy(&mut stdout, out));
        let telling = scope.spawn(move || {
            let mut told = String::new();
            stderr.read_to_string(&mut told).map(|_| told)
        });
        let mut stdin = BufWriter::with_capacity(1 << 18, stdin);
        let filled = fill(&mut stdin).and_then(|()| stdin.flush());
        drop(stdin);
        let panicked = |_| io::Error::other("a thread panicked");
        let copied = copying.join().map_err(panicked).and_then(|copied| copied);
        let told = telling.join().map_err(panicked).and_then(|told| told);
        (filled, copied, told)
    });
    let status = program.wait()?;
    // Where the output is full, that is why the program ended, and why nothing more could be given to it.
    copied?;
    if !status.success() {
        return Err(io::Error::other(format!(
            "age did not encrypt it: {}",
            told?.trim()
        )));
    }
    filled
}
