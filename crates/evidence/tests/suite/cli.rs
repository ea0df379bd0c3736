//! The binary `probity-verify`: receipts, consistency, checkpoints, usage.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use evidence::entry;
use serde_json::Value;
use tlog::SigningKey;

use crate::log::{LOG, ORIGIN};

/// A folder of its own for each test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// Writes a file and gives its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

/// What a run of the binary left.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Expects one line on standard output that says what does not hold.
    #[track_caller]
    pub fn does_not_hold(&self, reason: &str) {
        assert_eq!(self.code, 1, "{self:?}");
        assert!(
            self.stdout.starts_with("DOES NOT HOLD: ") && self.stdout.contains(reason),
            "{self:?}"
        );
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        assert_eq!(self.stderr, "");
    }

    /// Expects one line on standard error that says why nothing was checked.
    #[track_caller]
    pub fn could_not_check(&self, reason: &str) {
        assert_eq!(self.code, 2, "{self:?}");
        assert!(
            self.stderr.starts_with("could not check: ") && self.stderr.contains(reason),
            "{self:?}"
        );
        assert_eq!(
            (self.stderr.lines().count(), self.stdout.as_str()),
            (1, ""),
            "{self:?}"
        );
    }

    /// Expects that it holds, in lines that fit a terminal.
    #[track_caller]
    pub fn holds(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        assert!(self.stdout.starts_with("HOLDS\n"), "{self:?}");
        assert!(
            self.stdout.lines().all(|line| line.chars().count() <= 80),
            "{}",
            self.stdout
        );
        &self.stdout
    }
}

/// Starts the binary with pipes for all it reads and writes.
pub fn start(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_probity-verify"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

pub fn run_with_input(args: &[&str], input: &[u8]) -> Run {
    let mut child = start(args);
    // The program may refuse its input before it has read all of it.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn run(args: &[&str]) -> Run {
    run_with_input(args, b"")
}

pub fn vkey() -> String {
    LOG.verifier().to_string()
}

fn line(index: u64) -> String {
    entry::to_line(LOG.entry(index)).unwrap()
}

/// Runs `receipt` on these contents.
fn receipt(folder: &Folder, receipt: &str, entry: &str, key: &str) -> Run {
    let receipt = folder.file("r.tlog-proof", receipt);
    run(&[
        "receipt",
        &receipt,
        "--entry",
        &folder.file("e.json", entry),
        "--key",
        key,
    ])
}

/// Joins lines that were broken to fit.
pub fn unwrapped(text: &str) -> String {
    text.replace("\n    ", " ")
}

#[test]
fn receipt_holds() {
    let folder = Folder::new("receipt-holds");
    let run = receipt(&folder, &LOG.receipt(4, 300), &(line(4) + "\n"), &vkey());
    let text = unwrapped(run.holds());
    let signer = format!("{ORIGIN}+{:08x}", LOG.verifier().key_id());
    let sentence = format!("proved: entry 4 is in the log {ORIGIN} of size 300, signed by {signer}\n");
    assert!(text.contains(&sentence), "{text}");
    assert!(
        text.contains("all that the entry shows is what its leaf commits to"),
        "{text}"
    );
    assert!(!text.contains("not proved"), "{text}");
}

#[test]
fn receipt_of_an_erased_entry_says_what_was_not_checked() {
    let folder = Folder::new("receipt-erased");
    let run = receipt(&folder, &LOG.receipt(9, 300), &line(9), &vkey());
    let text = unwrapped(run.holds());
    assert!(
        text.contains("payload erased: only the leaf and the list of changes were checked"),
        "{text}"
    );
    assert!(!text.contains("all that the entry shows"), "{text}");
    let pruned = entry::to_line(&LOG.entry(9).clone().gone(evidence::Gone::Pruned)).unwrap();
    let run = receipt(&folder, &LOG.receipt(9, 300), &pruned, &vkey());
    let text = unwrapped(run.holds());
    assert!(text.contains("payload pruned: only the leaf"), "{text}");
}

#[test]
fn receipt_as_json_with_key_file_and_standard_input() {
    let folder = Folder::new("receipt-json");
    let file = folder.file("r.tlog-proof", LOG.receipt(5, 37));
    let key = format!("@{}", folder.file("log.vkey", vkey() + "\n"));
    let pretty = serde_json::to_vec_pretty(LOG.entry(5)).unwrap();
    let run = run_with_input(
        &[
            "receipt", &file, "--entry", "-", "--key", &key, "--output", "json",
        ],
        &pretty,
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let json = run.json();
    assert_eq!(json["holds"], true);
    assert_eq!(
        (&json["facts"]["index"], &json["facts"]["size"]),
        (&5.into(), &37.into())
    );
    assert_eq!(json["facts"]["root"], LOG.root(37).to_base64());
    assert_eq!(json["facts"]["id"], LOG.entry(5).id.to_string());
}

#[test]
fn tampered_entries_do_not_hold() {
    let folder = Folder::new("receipt-entry");
    let (good, entry) = (LOG.receipt(4, 300), line(4));
    let salt = LOG.entry(4).evidence.salt.clone().unwrap();
    let cases = [
        ("changed an order", "changed a order", "payload is not the one"),
        ("\"action\":\"order", "\"action\":\"orden", "action differs"),
        ("\"version\":5", "\"version\":6", "list of changes is not the one"),
        (
            "\"state\":\"paid\"",
            "\"state\":\"open\"",
            "payload is not the one",
        ),
        (
            r#"\"outcome\":\"success\""#,
            r#"\"outcome\":\"failed\""#,
            "outcome differs",
        ),
        (r#"\"v\":1"#, r#"\"v\":2"#, "leaf version 2"),
        (r#"\"v\":1"#, r#"\"v\": 1"#, "canonical form"),
        (&salt, &"00".repeat(16), "payload is not the one"),
        (&salt, "0", "salt: not 32"),
        (
            "\"index\":4",
            "\"index\":5",
            "receipt is for index 4, the entry says index 5",
        ),
        ("{\"id\"", "{\"x\":1,\"id\"", "unknown field"),
        ("{\"id\"", "\"id\"", "not an entry"),
    ];
    for (from, to, reason) in cases {
        assert!(entry.contains(from), "{from} in {entry}");
        receipt(&folder, &good, &entry.replacen(from, to, 1), &vkey()).does_not_hold(reason);
    }
    receipt(&folder, &good, "", &vkey()).does_not_hold("not an entry");
    receipt(&folder, &good, &format!("{entry}\n{entry}\n"), &vkey()).does_not_hold("not an entry");
    receipt(&folder, &good, &line(5), &vkey()).does_not_hold("receipt is for index 4");
    // Entry 8 in place of entry 4: sound in itself, but not what the log holds there.
    receipt(
        &folder,
        &good,
        &line(8).replacen("\"index\":8", "\"index\":4", 1),
        &vkey(),
    )
    .does_not_hold("leaf is not proved to be in the log");
}

#[test]
fn tampered_receipts_do_not_hold() {
    let folder = Folder::new("receipt-receipt");
    let (good, entry) = (LOG.receipt(4, 300), line(4));
    let refused = |text: &str, reason: &str| receipt(&folder, text, &entry, &vkey()).does_not_hold(reason);
    refused("", "not a receipt");
    refused(&good[..good.len() / 2], "not a receipt");
    refused(
        &good.replacen("proof@v1", "proof@v2", 1),
        "not a tlog-proof of version 1",
    );
    refused(&good.replacen("index 4", "index 5", 1), "receipt is for index 5");
    let path = LOG.path(4, 300);
    refused(
        &good.replacen(&path[2].to_base64(), &path[1].to_base64(), 1),
        "leaf is not proved to be in the log",
    );
    refused(
        &good.replacen(&format!("{}\n", path[2].to_base64()), "", 1),
        "wrong number of hashes",
    );
    refused(
        &good.replacen("\n300\n", "\n301\n", 1),
        "checkpoint does not hold",
    );
    let signature = good.trim_end().len() - 4;
    let mut forged = good.clone().into_bytes();
    forged[signature] = if forged[signature] == b'A' { b'B' } else { b'A' };
    refused(&String::from_utf8(forged).unwrap(), "checkpoint does not hold");
    refused(&"x".repeat((1 << 20) + 1), "longer than 1048576 bytes");
}

#[test]
fn wrong_keys_do_not_hold() {
    let folder = Folder::new("receipt-key");
    let (good, entry) = (LOG.receipt(4, 300), line(4));
    for (name, seed) in [(ORIGIN, 8), ("example.com/other", 7)] {
        let other = SigningKey::from_seed(name, &[seed; 32])
            .unwrap()
            .verifier()
            .to_string();
        receipt(&folder, &good, &entry, &other).does_not_hold("checkpoint does not hold");
    }
    receipt(&folder, &good, &entry, "nonsense").could_not_check("--key: ");
    receipt(&folder, &good, &entry, "@/no/such/file").could_not_check("/no/such/file");
    let empty = format!("@{}", folder.file("empty.vkey", [0xff]));
    receipt(&folder, &good, &entry, &empty).could_not_check("not UTF-8");
}

#[test]
fn text_from_files_cannot_drive_a_terminal() {
    let folder = Folder::new("receipt-escape");
    let entry = line(4).replacen("{\"id\"", "{\"\\u001b[2J\\u202e\":1,\"id\"", 1);
    let run = receipt(&folder, &LOG.receipt(4, 300), &entry, &vkey());
    run.does_not_hold("\\u{1b}[2J\\u{202e}");
    let huge = line(4).replacen("{\"id\"", &format!("{{\"{}\":1,\"id\"", "x".repeat(100_000)), 1);
    let run = receipt(&folder, &LOG.receipt(4, 300), &huge, &vkey());
    run.does_not_hold("unknown field");
    assert!(run.stdout.len() < 500, "{}", run.stdout.len());
}

#[test]
fn consistency() {
    let folder = Folder::new("consistency");
    let (old, new) = (
        folder.file("old", LOG.checkpoint(100)),
        folder.file("new", LOG.checkpoint(300)),
    );
    let check = |old: &str, new: &str, proof: &str| {
        let proof = folder.file("proof.json", proof);
        run(&[
            "consistency",
            "--old",
            old,
            "--new",
            new,
            "--proof",
            &proof,
            "--key",
            &vkey(),
        ])
    };
    let good = serde_json::to_string(&LOG.consistency(100, 300)).unwrap();
    let text = unwrapped(check(&old, &new, &good).holds());
    assert!(
        text.contains("of size 300 extends that of size 100: nothing was changed or removed"),
        "{text}"
    );

    check(&new, &old, &good).does_not_hold("the proof is from size 100 to 300");
    check(&old, &new, "{}").does_not_hold("not a consistency proof");
    check(&old, &new, "").does_not_hold("not a consistency proof");
    check(&old, &new, &good.replace("\"from\":100", "\"from\":101")).does_not_hold("from size 101");
    let hash = LOG.consistency(100, 300).proof[1].to_base64();
    check(&old, &new, &good.replace(&hash, &LOG.root(7).to_base64())).does_not_hold("not proved to extend");
    check(&old, &new, &good.replace(&hash, "AAAA")).does_not_hold("32 bytes in base64");
    let forged = folder.file("forged", LOG.checkpoint(300).replace("\n300\n", "\n299\n"));
    check(&old, &forged, &good).does_not_hold("the new checkpoint does not hold");
    check(&forged, &new, &good).does_not_hold("the old checkpoint does not hold");
    check(&old, "/no/such/file", &good).could_not_check("/no/such/file");
    run(&[
        "consistency",
        "--old",
        "-",
        "--new",
        "-",
        "--proof",
        &old,
        "--key",
        &vkey(),
    ])
    .could_not_check("only one file");
    let proof = folder.file("proof.json", &good);
    let args = [
        "consistency",
        "--old",
        &old,
        "--new",
        &new,
        "--proof",
        &proof,
        "--key",
        &vkey(),
        "--output=json",
    ];
    let json = run(&args).json();
    assert_eq!(
        (&json["facts"]["from"], &json["facts"]["to"]),
        (&100.into(), &300.into())
    );
}

#[test]
fn checkpoint() {
    let folder = Folder::new("checkpoint");
    let good = LOG.checkpoint(300);
    let check = |text: &str| run(&["checkpoint", &folder.file("c", text), "--key", &vkey()]);
    let text = check(&good);
    assert!(
        unwrapped(text.holds()).contains(&format!("the log {ORIGIN} had 300 entries")),
        "{text:?}"
    );
    check("").does_not_hold("checkpoint does not hold");
    check(&good.replace("\n300\n", "\n301\n")).does_not_hold("checkpoint does not hold");
    check(&good.replace(ORIGIN, "example.com/lug")).does_not_hold("checkpoint does not hold");
    check(good.trim_end()).does_not_hold("does not end with a newline");
    let run = run_with_input(
        &["checkpoint", "-", "--key", &vkey(), "--output", "json"],
        good.as_bytes(),
    );
    assert_eq!(run.json()["facts"]["root"], LOG.root(300).to_base64());
}

#[test]
fn results_as_json_when_it_does_not_hold_or_cannot_be_checked() {
    let run_json = |file: &str| run(&["checkpoint", file, "--key", &vkey(), "--output", "json"]);
    let folder = Folder::new("json-errors");
    let wrong = run_json(&folder.file("c", "nonsense\n"));
    assert_eq!((wrong.code, &wrong.json()["holds"]), (1, &Value::Bool(false)));
    let unreadable = run_json("/no/such/file");
    assert_eq!((unreadable.code, &unreadable.json()["holds"]), (2, &Value::Null));
    assert!(
        unreadable.json()["error"]
            .as_str()
            .unwrap()
            .contains("/no/such/file")
    );
    let folder_as_file = run_json(folder.path());
    assert_eq!(folder_as_file.code, 2);
}

#[test]
fn usage() {
    for args in [
        &[][..],
        &["receipt"],
        &["bundle", "x"],
        &["checkpoint", "x", "--key", "k", "--nonsense"],
        &["help"],
    ] {
        let run = run(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains("Usage: probity-verify"), "{run:?}");
    }
    for (command, help) in ["receipt", "consistency", "bundle", "checkpoint"]
        .into_iter()
        .flat_map(|command| [(command, "-h"), (command, "--help")])
    {
        let run = run(&[command, help]);
        assert_eq!(run.code, 0);
        assert!(
            run.stdout
                .contains(&format!("Example:\n  probity-verify {command} ")),
            "{run:?}"
        );
        assert!(run.stdout.contains("--key @log.vkey"), "{run:?}");
        assert!(
            run.stdout.lines().all(|line| line.chars().count() <= 80),
            "{}",
            run.stdout
        );
    }
    assert!(
        run(&["--help"])
            .stdout
            .contains("Exit codes: 0 the evidence holds")
    );
}
