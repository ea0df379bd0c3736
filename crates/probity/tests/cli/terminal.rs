use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::harness::{Place, code, fixture, on_both};

/// What is typed once a question is on the screen: unseen where the program turned the echo off.
struct Answer<'a> {
    question: &'static str,
    text: &'a str,
    unseen: bool,
}

/// A terminal of 80 columns: the end that the test holds, and the program's.
fn terminal() -> (File, File) {
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
    (File::from(master), slave)
}

/// Runs the binary on a terminal of 80 columns: exit code, and what is to be seen.
fn run(place: &Place, args: &[&str]) -> (Option<i32>, String) {
    run_answering(place, args, &[])
}

/// The same with answers to its questions.
fn run_answering(place: &Place, args: &[&str], answers: &[Answer<'_>]) -> (Option<i32>, String) {
    let (mut master, slave) = terminal();
    let mut command = place.command(args);
    command
        .env("TERM", "xterm")
        .stdout(slave.try_clone().unwrap())
        .stderr(slave.try_clone().unwrap());
    if !answers.is_empty() {
        command.stdin(slave.try_clone().unwrap());
    }
    let mut child = command.spawn().unwrap();
    // The command holds the last copies of the other end: without it, reading ends with the child.
    drop((command, slave));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let reader = std::thread::spawn({
        let (mut master, seen) = (master.try_clone().unwrap(), Arc::clone(&seen));
        move || {
            let mut chunk = [0; 4_096];
            // On Linux the end of a terminal is an error.
            while let Ok(count @ 1..) = master.read(&mut chunk) {
                seen.lock().unwrap().extend_from_slice(&chunk[..count]);
            }
        }
    });
    for answer in answers {
        let ready = || {
            let asked = String::from_utf8_lossy(&seen.lock().unwrap()).contains(answer.question);
            let echo = tcgetattr(&master).unwrap().local_modes.contains(LocalModes::ECHO);
            asked && echo != answer.unseen
        };
        let waited = (0..2_000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            ready()
        });
        assert!(waited, "{} was not asked", answer.question);
        master.write_all(answer.text.as_bytes()).unwrap();
    }
    let code = child.wait().unwrap().code();
    reader.join().unwrap();
    let seen = String::from_utf8_lossy(&seen.lock().unwrap()).into_owned();
    (code, seen)
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

#[test]
fn what_is_for_ever_is_asked_for_first() {
    on_both(|place| {
        place.run(&["user", "create", "ann", "--role", "user"]).expect(0);
        let erase = ["user", "erase", "ann", "--reason", "asked for it"];
        let answer = |text| Answer {
            question: "Type yes",
            text,
            unseen: false,
        };
        let (code, seen) = run_answering(place, &erase, &[answer("no\n")]);
        assert_eq!(code, Some(1), "{seen}");
        assert!(
            seen.contains("user ann") && seen.contains("Type yes") && seen.contains("nothing was erased"),
            "{seen}"
        );
        let (code, seen) = run_answering(place, &erase, &[answer("yes\n")]);
        assert_eq!(code, Some(0), "{seen}");
        assert!(seen.contains("User ann is erased"), "{seen}");
    });
}

#[test]
fn an_import_of_users_shows_its_progress() {
    on_both(|place| {
        let lines = (0..300).map(|number| format!("{{\"username\":\"u{number}\",\"role\":\"user\"}}\n"));
        std::fs::write(place.path("users.jsonl"), lines.collect::<String>()).unwrap();
        let (code, seen) = run(place, &["user", "import", "users.jsonl"]);
        assert_eq!(code, Some(0), "{seen}");
        assert!(
            seen.contains(" lines, ") && seen.contains("Added      300"),
            "{seen}"
        );
    });
}

#[test]
fn a_password_is_asked_for_twice_and_not_shown() {
    on_both(|place| {
        let create = ["user", "create", "ann", "--role", "user", "--password-stdin"];
        let typed = |first, second| {
            [("Password: ", first), ("again: ", second)].map(|(question, text)| Answer {
                question,
                text,
                unseen: true,
            })
        };
        let good = "lantern orbit gravel\n";
        let (code, seen) = run_answering(place, &create, &typed(good, "lantern orbit gravle\n"));
        assert_eq!(code, Some(1), "{seen}");
        assert!(seen.contains("not the same") && !seen.contains("orbit"), "{seen}");
        let (code, seen) = run_answering(place, &create, &typed(good, good));
        assert_eq!(code, Some(0), "{seen}");
        assert!(!seen.contains("orbit"), "{seen}");
        place.log_in("ann", good.trim()).unwrap();
    });
}

#[test]
fn a_person_who_decides_is_asked_for_password_and_code() {
    on_both(|place| {
        let password = "lantern orbit gravel";
        let create = [
            "user",
            "create",
            "cleo",
            "--role",
            "compliance",
            "--password-stdin",
        ];
        place.run_with(&create, password).expect(0);
        place.run(&["user", "create", "ann", "--role", "user"]).expect(0);
        let record = place.json(&["kyc", "submit", "ann", "--tier", "0"]);
        let (secret, _) = place.enrol("cleo", password);
        let code = format!("{}\n", code(&secret, 1));
        let approve = ["kyc", "approve", record["id"].as_str().unwrap(), "--as", "cleo"];
        let answers = [
            ("Password of cleo: ", "lantern orbit gravel\n"),
            ("or a recovery code: ", code.as_str()),
        ];
        let answers = answers.map(|(question, text)| Answer {
            question,
            text,
            unseen: true,
        });
        let (exit, seen) = run_answering(place, &approve, &answers);
        assert_eq!(exit, Some(0), "{seen}");
        assert!(
            seen.contains("is approved") && !seen.contains("orbit") && !seen.contains(code.trim()),
            "{seen}"
        );
    });
}
