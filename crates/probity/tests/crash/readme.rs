//! The tours of the README and of documents, as their readers would paste them.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{bare, program, verifier};

const SECTION: &str = "Five minutes";
/// How long the whole tour may take.
const TOUR_MAX: Duration = Duration::from_mins(2);
/// Ends the output of a block; no command prints it.
const END: &str = "----end-of-block----";

/// Commands, and what they print where the README shows it.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    commands: String,
    expected: Option<String>,
}

/// The blocks of shell commands in a section of a Markdown text, or in all of it, each with the text block that follows it.
fn blocks(markdown: &str, section: Option<&str>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = section.is_none();
    // The language and the lines so far of the fence that we are in.
    let mut fence: Option<(&str, String)> = None;
    // Whether a text block now would be the output of the last commands.
    let mut follows = false;
    for line in markdown.lines() {
        match (&mut fence, line.strip_prefix("```")) {
            (None, Some(language)) => fence = Some((language.trim(), String::new())),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    inside = section.is_none_or(|section| title.trim() == section);
                }
                follows &= line.trim().is_empty();
            }
            (Some((language, text)), Some("")) => {
                let (language, text) = (*language, std::mem::take(text));
                fence = None;
                if inside && language == "sh" {
                    blocks.push(Block {
                        commands: text,
                        expected: None,
                    });
                } else if let Some(block) = blocks
                    .last_mut()
                    .filter(|_| inside && follows && language == "text")
                {
                    block.expected = Some(text);
                }
                follows = inside && language == "sh";
            }
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks
}

/// The text without what differs from run to run: ids, keys and hashes, numbers and times.
fn pattern(text: &str) -> String {
    let mut out = String::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_+/=".contains(c);
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let digits = word.chars().filter(char::is_ascii_digit).count();
        if is_word(first) && word.len() >= 30 && digits > 2 {
            out.push_str("<id>");
        } else {
            let mut number = false;
            for c in word.chars() {
                if !(number && c.is_ascii_digit()) {
                    out.push(if c.is_ascii_digit() { '9' } else { c });
                }
                number = c.is_ascii_digit();
            }
        }
        rest = after;
    }
    let lines: Vec<String> = out
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    lines.join("\n")
}

#[test]
fn the_tour_works_as_it_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let blocks = blocks(&readme, Some(SECTION));
    assert!(blocks.len() >= 5, "{blocks:?}");
    let folder = testkit::temp_dir("probity-tour");
    lay_out(&root, folder.path());
    // What the first block would build is built.
    let outputs = tour(folder.path(), "cargo() { [ \"$1\" = build ]; }", &blocks);
    assert_shown(&blocks, &outputs);
}

#[test]
fn the_tour_of_governance_works_as_it_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("docs/governance.md")).unwrap();
    let blocks = blocks(&text, None);
    assert!(blocks.len() >= 8, "{blocks:?}");
    let database = testkit::Postgres::shared()
        .and_then(testkit::Postgres::database)
        .unwrap();
    for url in ["", database.url()] {
        let folder = testkit::temp_dir("probity-tour");
        lay_out(&root, folder.path());
        let begin =
            format!("export PATH=$PWD/target/release:$PATH PROBITY_DATABASE_URL='{url}'\nprobity init");
        let outputs = tour(folder.path(), &begin, &blocks);
        assert_shown(&blocks, &outputs);
        let cost = r#""cost_usd":"0.002175000000""#;
        assert!(
            text.contains(cost) && outputs.concat().contains(cost),
            "{outputs:?}"
        );
        // The proof of a step ends with how many entries hold its commitment.
        let proof = blocks
            .iter()
            .zip(&outputs)
            .find(|(block, _)| block.commands.contains("COMMITMENT="));
        assert_eq!(proof.unwrap().1.lines().last(), Some("1"));
    }
}

#[test]
fn the_tour_of_agents_works_as_it_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("docs/agents.md")).unwrap();
    let blocks = blocks(&text, None);
    assert!(blocks.len() >= 3, "{blocks:?}");
    let folder = testkit::temp_dir("probity-tour");
    lay_out(&root, folder.path());
    let begin = "export PATH=$PWD/target/release:$PATH\nprobity init";
    let outputs = tour(folder.path(), begin, &blocks);
    assert_shown(&blocks, &outputs);
    let proof = outputs.last().unwrap();
    assert!(proof.contains("HOLDS") && proof.contains("review: "), "{proof}");
}

#[test]
fn a_first_backup_and_its_restore_work_as_they_are_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("docs/backup.md")).unwrap();
    let blocks = blocks(&text, Some("In five minutes"));
    assert!(blocks.len() >= 4, "{blocks:?}");
    let folder = testkit::temp_dir("probity-tour");
    lay_out(&root, folder.path());
    let first = "export PATH=$PWD/target/release:$PATH";
    let outputs = tour(folder.path(), first, &blocks);
    assert_shown(&blocks, &outputs);
    let restored = outputs.last().unwrap();
    assert!(
        restored.contains("verified in full") && restored.contains("✓ intact"),
        "{restored}"
    );
    assert!(
        restored.contains("order.cancel") && restored.contains("acknowledge_restore"),
        "{restored}"
    );
}

/// The commands print what is shown below them.
fn assert_shown(blocks: &[Block], outputs: &[String]) {
    for (block, output) in blocks.iter().zip(outputs) {
        let Some(expected) = &block.expected else { continue };
        // The server in the background may say something in between.
        let printed = pattern(output);
        let mut lines = printed.lines();
        for line in pattern(expected).lines() {
            assert!(
                lines.any(|found| found == line),
                "{line:?} is missing.\nThe text shows:\n{expected}\nThe commands print:\n{output}"
            );
        }
    }
}

/// A folder like the repository's, with the programs under test where the build would put them.
fn lay_out(root: &Path, folder: &Path) {
    for entry in fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name();
        if name != "target" && !name.to_string_lossy().starts_with('.') {
            symlink(root.canonicalize().unwrap().join(&name), folder.join(&name)).unwrap();
        }
    }
    fs::create_dir_all(folder.join("target/release")).unwrap();
    symlink(program(), folder.join("target/release/probity")).unwrap();
    symlink(verifier(), folder.join("target/release/probity-verify")).unwrap();
}

/// Runs all blocks in one shell, since later ones use variables of earlier ones; the output of each.
fn tour(folder: &Path, first: &str, blocks: &[Block]) -> Vec<String> {
    // Any command that fails ends the tour.
    let mut script = format!("set -e -o pipefail\n{first} >&2\n");
    for block in blocks {
        let _ = write!(script, "{}\nprintf '\\n%s\\n' {END}\n", block.commands);
    }
    // Whatever still runs in the background is told to end, and must.
    script.push_str("wait\n");
    let port = testkit::free_port().to_string();
    let script = script.replace("8080", &port);
    fs::write(folder.join("tour.sh"), &script).unwrap();
    let mut shell = Shell::start(folder);
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = shell.0.try_wait().unwrap() {
            break Some(status);
        }
        if begun.elapsed() > TOUR_MAX {
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    drop(shell);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let (out, err) = (read("tour.out"), read("tour.err"));
    let mut outputs: Vec<String> = out.split(&format!("\n{END}\n")).map(str::to_owned).collect();
    let passed = outputs.len() - 1;
    assert!(
        status.is_some_and(|status| status.success()) && passed == blocks.len(),
        "{status:?} after {passed} of {} blocks, in:\n{}\nOutput:\n{}\n{err}",
        blocks.len(),
        blocks.get(passed).map_or("", |block| &block.commands),
        outputs[passed]
    );
    outputs.truncate(passed);
    outputs
}

/// A shell with a process group of its own, which is killed with all that is in it.
struct Shell(Child);

impl Shell {
    fn start(folder: &Path) -> Shell {
        let environment = bare(folder);
        let mut command = Command::new("bash");
        for (name, value) in environment.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let file = |name: &str| fs::File::create(folder.join(name)).unwrap();
        let child = command
            .args(["--noprofile", "--norc", "tour.sh"])
            .current_dir(folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file("tour.out"))
            .stderr(file("tour.err"))
            .spawn()
            .unwrap();
        Shell(child)
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        // Fails when the group is empty, as it should be.
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.0.wait();
    }
}

#[test]
fn blocks_are_found_with_their_output() {
    let text = "# x\n```sh\nno\n```\n## Five minutes\nSay:\n```sh\na\nb\n```\n\n```text\nout\n```\n```console\n$ c\n```\n\
                ```sh\nd\n```\nNot its output:\n```text\nlog\n```\n## Next\n```sh\nno\n```\n";
    let block = |commands: &str, expected: Option<&str>| Block {
        commands: commands.to_owned(),
        expected: expected.map(str::to_owned),
    };
    assert_eq!(
        blocks(text, Some("Five minutes")),
        [block("a\nb\n", Some("out\n")), block("d\n", None)]
    );
    assert_eq!(blocks(text, None).len(), 4);
}

#[test]
fn what_differs_from_run_to_run_is_not_compared() {
    let shown =
        r#"{"id":"01a1fddc-75d3-7a52-8e1a-0cf8e43b9e01","index":2,"at":"2026-11-21T08:30:00.123456Z"}"#;
    let printed =
        r#"{"id":"01a1ffff-75d3-7a52-8e1a-0cf8e43b9eff","index":17,"at":"2026-01-01T00:00:00.000001Z"}"#;
    assert_eq!(pattern(shown), pattern(printed));
    assert_ne!(pattern(shown), pattern(&printed.replace("index", "number")));
    assert_eq!(pattern("Read   3 lines\n"), pattern("Read          10 lines"));
    assert_ne!(pattern("✓ intact"), pattern("✗ tampered"));
}
