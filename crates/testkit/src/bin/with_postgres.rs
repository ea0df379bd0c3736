//! `with-postgres [--durable] -- COMMAND…`: runs a command with a PostgreSQL server of its own.
//!
//! The command finds the server in `PROBITY_TEST_POSTGRES` (and `PROBITY_TEST_POSTGRES_SOCKET`); the server
//! ends with it. Exit status: the command's, 128 + signal if a signal ended it, 2 for wrong usage, 125 when
//! the server and 127 when the command cannot be started.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use testkit::{Options, Postgres, SHARED_SOCKET_URL, SHARED_URL};

const USAGE: &str = "usage: with-postgres [--durable] -- COMMAND [ARGUMENT...]";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (durable, rest) = match arguments.split_first() {
        Some((first, rest)) if first == "--durable" => (true, rest),
        _ => (false, arguments.as_slice()),
    };
    let rest = rest
        .strip_prefix([OsStr::new("--")].map(OsString::from).as_slice())
        .unwrap_or(rest);
    match rest.split_first() {
        Some((program, rest)) if !program.to_string_lossy().starts_with('-') => run(durable, program, rest),
        _ => complain(2, USAGE),
    }
}

fn run(durable: bool, program: &OsStr, arguments: &[OsString]) -> ExitCode {
    let postgres = match Postgres::start(Options {
        durable,
        ..Options::default()
    }) {
        Ok(postgres) => postgres,
        Err(error) => return complain(125, &error.to_string()),
    };
    let status = Command::new(program)
        .args(arguments)
        .env(SHARED_URL, postgres.url())
        .env(SHARED_SOCKET_URL, postgres.socket_url().unwrap_or_default())
        .status();
    match status {
        // A status has 8 bits; a signal's number is below 128.
        Ok(status) => {
            let code = status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
            ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
        }
        Err(error) => complain(127, &format!("{}: {error}", program.display())),
    }
}

fn complain(code: u8, message: &str) -> ExitCode {
    // Without a standard error there is nobody to tell; the status still does.
    let _ = writeln!(std::io::stderr(), "with-postgres: {message}");
    ExitCode::from(code)
}
