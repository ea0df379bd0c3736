//! A stream that does not end: what came in is recorded, and a signal loses nothing of it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::{Place, on_both};

const WORDS: [&str; 9] = [
    "--output", "json", "audit", "import", "-", "--format", "jsonl", "--map", "map.toml",
];

/// An import of a pipe that stays open, killed when dropped.
struct Import(Child);

impl Import {
    fn start(place: &Place, words: &[&str]) -> Import {
        fs::write(place.path("map.toml"), "action = \"/a\"\n").unwrap();
        let mut command = place.command(words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Import(command.spawn().unwrap())
    }

    /// Writes at once, which the reader gets at once: no more than a pipe takes as one.
    fn write(&mut self, text: &str) {
        assert!(text.len() <= 4_096);
        self.0.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Sends a signal and waits: exit code and summary.
    fn stop(mut self, signal: &str) -> (Option<i32>, Value) {
        // Waiting would close it, and then the stream would have an end.
        let open = self.0.stdin.take();
        let id = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let status = self.0.wait().unwrap();
        drop(open);
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        (status.code(), serde_json::from_str(&text).unwrap())
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until there is an entry of this action, while the import goes on.
fn until_recorded(place: &Place, action: &str) {
    loop {
        let found = place.json(&["audit", "list", "--action", action]);
        if !found["entries"].as_array().unwrap().is_empty() {
            return;
        }
    }
}

fn lines(prefix: &str, count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        writeln!(text, "{{\"a\":\"{prefix}.{number}\"}}").unwrap();
    }
    text
}

#[test]
fn what_came_in_is_recorded_while_the_stream_stays_open() {
    on_both(|place| {
        place.run(&["init"]).expect(0);
        let mut import = Import::start(place, &WORDS);
        for round in ["first", "second", "third"] {
            import.write(&format!("{{\"a\":\"{round}\"}}\n"));
            until_recorded(place, round);
        }
        // An event is whole with its last bracket; the line need not be.
        import.write("{\"a\":\"fourth\"}");
        until_recorded(place, "fourth");
        let (code, report) = import.stop("-TERM");
        assert_eq!(
            (code, &report["added"], &report["stopped"]),
            (Some(0), &4.into(), &true.into())
        );
    });
}

#[test]
fn a_signal_loses_nothing_that_was_read() {
    on_both(|place| {
        place.run(&["init"]).expect(0);
        for (signal, prefix) in [("-TERM", "terminated"), ("-INT", "interrupted")] {
            let mut import = Import::start(place, &WORDS);
            import.write(&lines(prefix, 150));
            until_recorded(place, &format!("{prefix}.0"));
            let (code, report) = import.stop(signal);
            assert_eq!(
                (code, &report["added"], &report["rejected"]),
                (Some(0), &150.into(), &0.into())
            );
            let last = place.json(&["audit", "list", "--action", &format!("{prefix}.149")]);
            assert_eq!(last["entries"].as_array().unwrap().len(), 1);
        }
        // From its beginning once more, and further, only what is new is added.
        let mut import = Import::start(place, &WORDS);
        import.write(&lines("terminated", 151));
        until_recorded(place, "terminated.150");
        let (_, report) = import.stop("-TERM");
        assert_eq!(
            (&report["added"], &report["already_there"]),
            (&1.into(), &150.into()),
            "{report}"
        );
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn half_an_event_is_kept_as_rejected() {
    on_both(|place| {
        place.run(&["init"]).expect(0);
        let mut import = Import::start(place, &WORDS);
        import.write("{\"a\":\"whole\"}\n{\"a\":\"ha");
        until_recorded(place, "whole");
        let (code, report) = import.stop("-TERM");
        assert_eq!(
            (code, &report["added"], &report["rejected"]),
            (Some(1), &1.into(), &1.into())
        );
        let kept = fs::read_to_string(place.path("stdin.rejected")).unwrap();
        assert!(kept.contains("\"text\":\"{\\\"a\\\":\\\"ha\""), "{kept}");
    });
}
