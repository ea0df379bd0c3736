use std::fs::{File, OpenOptions};
use std::io::Read as _;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::{Place, fixture, on_both};

/// Runs the binary on a terminal of 80 columns: exit code, and what is to be seen.
fn run(place: &Place, args: &[&str]) -> (Option<i32>, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    tcsetwinsize(
        &master,
        Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        },
    )
    .unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let mut command = place.command(args);
    command
        .env("TERM", "xterm")
        .stdout(slave.try_clone().unwrap())
        .stderr(slave);
    let mut child = command.spawn().unwrap();
    // The command holds the last copies of the other end: without it, reading ends with the child.
    drop(command);
    let mut master = File::from(master);
    let mut seen = Vec::new();
    let mut chunk = [0; 4_096];
    // On Linux the end of a terminal is an error.
    while let Ok(count @ 1..) = master.read(&mut chunk) {
        seen.extend_from_slice(&chunk[..count]);
    }
    (
        child.wait().unwrap().code(),
        String::from_utf8_lossy(&seen).into_owned(),
    )
}

#[test]
fn long_work_shows_its_progress_and_leaves_a_summary() {
    on_both(|place| {
        let file = fixture("cloudtrail.jsonl");
        let (code, seen) = run(place, &["audit", "import", &file, "--format", "cloudtrail"]);
        assert_eq!(code, Some(0), "{seen}");
        assert!(
            seen.contains("50 lines, ") && seen.contains("Added          50"),
            "{seen}"
        );
        let (code, seen) = run(place, &["audit", "verify"]);
        assert_eq!(code, Some(0), "{seen}");
        assert!(seen.contains('━') && seen.contains("✓ intact"), "{seen}");
        let (code, seen) = run(place, &["audit", "list"]);
        assert_eq!(code, Some(0), "{seen}");
        assert!(seen.contains("50 shown, 51 entries in the log"), "{seen}");
        // The server's log lines go to the terminal too.
        let (code, seen) = run(place, &["serve", "--listen", "nowhere"]);
        assert_eq!(code, Some(2), "{seen}");
    });
}
