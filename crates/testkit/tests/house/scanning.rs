//! Scanning for what must not be here: secrets in the tree, and dependencies from elsewhere than the registry.
//!
//! Licences and known advisories are cargo-deny's (`./test`), and what a server answers to made-up requests is schemathesis's
//! (`./test --full`); both find their planted fault first (`crates/testkit/tests/planted`).

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::files;

/// Beginnings of secrets, and how many characters of their alphabet must follow.
const SECRETS: [(&str, usize); 8] = [
    ("PRIVATE+KEY+", 20),
    ("-----BEGIN PRIVATE KEY", 0),
    ("-----BEGIN RSA PRIVATE KEY", 0),
    ("-----BEGIN EC PRIVATE KEY", 0),
    ("-----BEGIN OPENSSH PRIVATE KEY", 0),
    ("AKIA", 16),
    ("ghp_", 36),
    ("prb_", 36),
];

/// Texts that look like a secret and are none: examples, and a key of the reference implementation's tests.
const HARMLESS: [&str; 3] = [
    "prb_000000000000000000000000000000000000",
    "prb_4fGh2k0000000000000000000000000AbCdEf",
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
];

/// What looks like a secret in a text.
fn secrets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (beginning, length) in SECRETS {
        for (position, _) in text.match_indices(beginning) {
            let rest = text[position + beginning.len()..].chars();
            let rest: String = rest
                .take_while(|c| c.is_ascii_alphanumeric() || "+/=._-".contains(*c))
                .collect();
            let whole = format!("{beginning}{rest}");
            // Our own patterns stand between quotes.
            let is_pattern = rest.is_empty() && text[position + beginning.len()..].starts_with('"');
            if rest.len() >= length && !is_pattern && !HARMLESS.contains(&whole.as_str()) {
                found.push(whole);
            }
        }
    }
    found
}

/// Packages of a lock file that are neither ours nor, with a checksum, from the one registry that the others are from.
fn strangers(lock: &str) -> Vec<&str> {
    fn value<'a>(package: &'a str, key: &str) -> Option<&'a str> {
        let line = package
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        Some(line?.trim_end_matches('"'))
    }
    let packages: Vec<&str> = lock.split("[[package]]\n").skip(1).collect();
    let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
    for source in packages.iter().filter_map(|package| value(package, "source")) {
        *sources.entry(source).or_default() += 1;
    }
    let usual = sources
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(source, _)| source);
    let strange = packages
        .into_iter()
        .filter(|package| match value(package, "source") {
            None => false,
            Some(source) => {
                !source.starts_with("registry+")
                    || Some(source) != usual
                    || value(package, "checksum").is_none()
            }
        });
    strange.filter_map(|package| value(package, "name")).collect()
}

#[test]
fn no_secret_is_in_the_tree() {
    let found: Vec<_> = files(|_| true)
        .flat_map(|(path, text)| {
            secrets(text)
                .into_iter()
                .map(move |secret| format!("{path}: {secret}"))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_dependency_is_from_the_registry() {
    let locks = files(|path| path.ends_with("Cargo.lock")).map(|(path, lock)| (path, strangers(lock)));
    let found: Vec<_> = locks.filter(|(_, strangers)| !strangers.is_empty()).collect();
    assert_eq!(found, []);
}

/// Versions of crates that are there more than once, of a list of names and versions (`cargo tree -d`).
fn doubled(tree: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, version) in tree.lines().filter_map(|line| line.split_once(" v")) {
        let version = version.split(' ').next().unwrap_or_default();
        versions.entry(name).or_default().insert(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

/// The list of `deny.toml`, against what is built here: one version of each crate is free, the others have their reason.
#[test]
fn what_is_there_twice_has_its_reason() {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args([
        "tree",
        "--locked",
        "--workspace",
        "--all-features",
        "--edges",
        "normal,build,dev",
        "--duplicates",
    ]);
    cargo.args(["--depth", "0", "--prefix", "none"]);
    let tree = cargo.output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let doubled = doubled(&tree);
    let (_, deny) = files(|path| path == "deny.toml").next().unwrap();
    let skipped = deny
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = \""));
    let skipped: Vec<_> = skipped
        .filter_map(|rest| rest.split_once('"')?.0.split_once('@'))
        .collect();
    let is_skipped = |name: &str, version: &str| {
        let mut of_name = skipped.iter().filter(|(skipped, _)| *skipped == name);
        of_name.any(|(_, begin)| version == *begin || version.starts_with(&format!("{begin}.")))
    };
    for (name, versions) in &doubled {
        let free = versions.iter().filter(|version| !is_skipped(name, version));
        assert_eq!(free.count(), 1, "{name}: {versions:?}");
    }
    for (name, begin) in &skipped {
        assert!(
            doubled.contains_key(name),
            "{name}@{begin} is there once: it leaves the list"
        );
    }
}

#[test]
fn a_second_version_is_found() {
    let tree = "a v1.0.0\nb v1.0.0\nb v2.1.0 (*)\n\nc v0.1.0 (/path)\n";
    assert_eq!(
        doubled(tree),
        BTreeMap::from([("b", BTreeSet::from(["1.0.0", "2.1.0"]))])
    );
}

/// What is planted is put together here, so that it is not found in this file itself.
#[test]
fn planted_secrets_and_strangers_are_found() {
    let key = format!("PRIVATE+{}+log.example+1a2b3c4d+AcJxV7mZk0Q9", "KEY");
    let pem = format!("-----BEGIN {} KEY-----\nMIIEvQ", "PRIVATE");
    let token = format!("prb{}{}", '_', "aB3".repeat(12));
    let cloud = format!("AK{}", "IAIOSFODNN7EXAMPLE");
    for planted in [&key, &pem, &token, &cloud] {
        assert_eq!(secrets(&format!("let x = \"{planted}\";")).len(), 1, "{planted}");
    }
    let names = ["prb_x", "PRIVATE+KEY+…", "an AKIA key", HARMLESS[0]];
    assert_eq!(secrets(&names.join(" ")), [""; 0]);

    let package = |name: &str, more: &str| format!("[[package]]\nname = \"{name}\"\n{more}\n");
    let known = "source = \"registry+https://registry.example/index\"\nchecksum = \"00\"\n";
    let good =
        ["a", "b", "c"].map(|name| package(name, known)).concat() + &package("ours", "version = \"0.1.0\"\n");
    assert_eq!(strangers(&good), [""; 0]);
    for planted in [
        "source = \"git+https://example.com/fork#0123\"\n",
        "source = \"registry+https://example.com/index\"\nchecksum = \"00\"\n",
        "source = \"registry+https://registry.example/index\"\n",
    ] {
        assert_eq!(
            strangers(&format!("{good}{}", package("planted", planted))),
            ["planted"]
        );
    }
}
