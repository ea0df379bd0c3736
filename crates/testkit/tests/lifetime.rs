//! A server ends with the process that started it, whatever way that ends, and leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use testkit::{TempDir, temp_dir};

/// Generous: other tests may keep the machine busy.
const TIMEOUT: Duration = Duration::from_mins(1);

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < TIMEOUT,
            "waited {} s for: {what}",
            TIMEOUT.as_secs()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A temporary folder that the server's account can write to as well.
fn shared_folder() -> TempDir {
    let folder = temp_dir("life");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

fn with_postgres(base: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-postgres"));
    command
        .env("TMPDIR", base.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> (Output, TempDir) {
    let base = shared_folder();
    (with_postgres(&base).args(arguments).output().unwrap(), base)
}

/// Starts a server whose owner waits for the end of its input; also gives the server's port.
fn start(base: &TempDir) -> (Child, u16) {
    let script = r#"echo "$PROBITY_TEST_POSTGRES"; cat"#;
    let mut child = with_postgres(base)
        .args(["--", "sh", "-c", script])
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let port = url.trim().strip_prefix("postgres://postgres@127.0.0.1:").unwrap();
    (child, port.strip_suffix("/postgres").unwrap().parse().unwrap())
}

/// With SIGKILL, so that the owner itself can do nothing about it.
fn kill(owner: &mut Child) {
    owner.kill().unwrap();
    owner.wait().unwrap();
}

#[test]
fn killing_the_owner_ends_the_server_and_removes_its_folder() {
    let base = shared_folder();
    let (mut owner, port) = start(&base);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(!is_empty(base.path()));

    kill(&mut owner);
    wait_for("the folder to go", || is_empty(base.path()));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn killing_the_owner_while_the_server_is_made_leaves_nothing() {
    let base = shared_folder();
    let mut owner = with_postgres(&base).args(["--", "true"]).spawn().unwrap();
    wait_for("the folder to come", || !is_empty(base.path()));
    kill(&mut owner);
    wait_for("the folder to go", || is_empty(base.path()));
}

#[test]
fn a_connection_does_not_keep_the_server_alive() {
    let base = shared_folder();
    let (mut owner, port) = start(&base);
    let connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    drop(owner.stdin.take());
    assert!(owner.wait().unwrap().success());
    assert!(is_empty(base.path()), "gone before the owner's orderly end");
    drop(connection);
}

#[test]
fn the_status_is_the_commands() {
    for (arguments, expected) in [
        (&["--", "sh", "-c", "exit 7"][..], 7),
        (&["--durable", "--", "true"], 0),
        (&["sh", "-c", "kill -TERM $$"], 128 + 15),
        (&["--", "/nonexistent/program"], 127),
        (&["--durable"], 2),
        (&["--unknown", "true"], 2),
        (&[], 2),
    ] {
        let (output, base) = run(arguments);
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {output:?}");
        assert_eq!(
            output.stderr.is_empty(),
            ![127, 2].contains(&expected),
            "{arguments:?}: {output:?}"
        );
        assert!(is_empty(base.path()), "{arguments:?}");
    }
}

#[test]
fn without_server_programs_it_says_so() {
    let base = shared_folder();
    let mut command = with_postgres(&base);
    let output = command
        .env("PROBITY_PG_BIN", base.path())
        .args(["--", "true"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("PROBITY_PG_BIN"),
        "{output:?}"
    );
}
