//! Dependencies between crates point one way, and what touches the world is kept to a few.

use std::collections::BTreeMap;

use crate::tree::files;

/// The crates of the product: each may use those before it.
const ORDER: [&str; 12] = [
    "tlog", "evidence", "domain", "otlp", "store", "engine", "backup", "jobs", "views", "console", "web",
    "probity",
];
/// The crates that speak to the outside, which know rows as views only.
const OUTSIDE: [&str; 4] = ["views", "console", "web", "probity"];
/// Crates without I/O, so that they run anywhere and give the same answer twice.
const PURE: [&str; 4] = ["tlog", "evidence", "domain", "otlp"];
/// For development only.
const DEVELOPMENT: [&str; 2] = ["testkit", "bench"];

const IMPURE: [&str; 9] = [
    "tokio",
    "mio",
    "rusqlite",
    "tokio-postgres",
    "sqlx",
    "axum",
    "hyper",
    "hyper-util",
    "reqwest",
];
const DRIVERS: [&str; 5] = [
    "rusqlite",
    "libsqlite3-sys",
    "tokio-postgres",
    "tokio-postgres-rustls",
    "sqlx",
];

/// What a `Cargo.toml` asks for.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    /// In `dependencies` and `build-dependencies`, of any target.
    always: Vec<String>,
    /// In `dev-dependencies`.
    tests: Vec<String>,
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn wanted(manifest: &str) -> Wanted {
    let mut wanted = Wanted::default();
    let mut section = String::new();
    for line in manifest.lines().map(str::trim) {
        let mut found = None;
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            header.clone_into(&mut section);
            // A table of its own for one dependency.
            if let Some((before, name)) = header.rsplit_once('.')
                && before.ends_with("dependencies")
            {
                found = Some(name);
                section = format!("{before}.of-one");
            }
        } else if section.ends_with(".of-one") && line.starts_with("package = ") {
            found = Some("package");
        } else if section.ends_with("dependencies") {
            let name = line.split(['.', '=']).next().unwrap_or_default().trim();
            found = (line.contains('=') && is_name(name)).then_some(name);
        }
        let Some(name) = found else { continue };
        // Another name for it would hide it.
        let name = line
            .split_once("package = \"")
            .map_or(name, |(_, rest)| rest.split('"').next().unwrap_or(name));
        let kind = if section.contains("dev-dependencies") {
            &mut wanted.tests
        } else {
            &mut wanted.always
        };
        kind.push(name.to_owned());
    }
    wanted
}

/// What is wrong with a crate of this name that wants this.
fn wrong(name: &str, wanted: &Wanted) -> Vec<String> {
    let place = |name: &str| ORDER.iter().position(|one| *one == name);
    let mut wrong = Vec::new();
    for other in &wanted.always {
        let other = other.as_str();
        if let Some(own) = place(name)
            && place(other).is_some_and(|other| other >= own)
        {
            wrong.push(format!("{name} must not use {other}, which comes after it"));
        }
        if DEVELOPMENT.contains(&other) && !DEVELOPMENT.contains(&name) {
            wrong.push(format!("{name} may use {other} in its tests only"));
        }
        if PURE.contains(&name) && IMPURE.contains(&other) {
            wrong.push(format!("{name} has no I/O, and must not use {other}"));
        }
        if DRIVERS.contains(&other) && name != "store" && !DEVELOPMENT.contains(&name) {
            wrong.push(format!(
                "{name} must not use {other}: only store speaks to databases"
            ));
        }
        if other == "store" && OUTSIDE.contains(&name) {
            wrong.push(format!(
                "{name} must not use store: what it shows comes through views and engine"
            ));
        }
        if other == "axum" && name != "web" && (place(name).is_some() || DEVELOPMENT.contains(&name)) {
            wrong.push(format!("{name} must not use axum: only web and examples do"));
        }
        if name == "testkit" && place(other).is_some() {
            wrong.push(format!(
                "testkit knows nothing of the product, and must not use {other}"
            ));
        }
    }
    for other in &wanted.tests {
        if let (Some(own), Some(other_place)) = (place(name), place(other))
            && other_place >= own
        {
            wrong.push(format!(
                "the tests of {name} must not use {other}, which comes after it"
            ));
        }
    }
    wrong
}

/// Manifests of the workspace's crates, by name.
fn manifests() -> BTreeMap<&'static str, &'static str> {
    let of_a_crate = |path: &str| {
        let folder = path.strip_suffix("/Cargo.toml");
        folder.is_some_and(|folder| {
            folder == "bench"
                || (folder.matches('/').count() == 1
                    && (folder.starts_with("crates/") || folder.starts_with("examples/")))
        })
    };
    let named = files(of_a_crate).map(|(path, text)| {
        (
            path.trim_end_matches("/Cargo.toml").rsplit('/').next().unwrap(),
            text,
        )
    });
    named.collect()
}

#[test]
fn dependencies_point_one_way() {
    let manifests = manifests();
    let all: Vec<String> = manifests
        .iter()
        .flat_map(|(name, text)| wrong(name, &wanted(text)))
        .collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn every_crate_has_its_place() {
    let mut known: Vec<&str> = ORDER.into_iter().chain(DEVELOPMENT).collect();
    known.extend(
        files(|path| path.starts_with("examples/") && path.ends_with("/Cargo.toml"))
            .map(|(path, _)| path.split('/').nth(1).unwrap()),
    );
    known.sort_unstable();
    let manifests = manifests();
    assert_eq!(
        manifests.keys().copied().collect::<Vec<_>>(),
        known,
        "a new crate needs a place in the order"
    );
    for (name, text) in manifests {
        assert!(
            text.contains(&format!("name = \"{name}\"")),
            "{name} is named as its folder"
        );
    }
}

#[test]
fn what_a_manifest_wants_is_read() {
    let text = "[package]\nname = \"x\"\n[dependencies]\nserde.workspace = true\nother = { version = \"1\", features = [\n\"a\",\n] }\n\
                alias = { package = \"tokio\", version = \"1\" }\n[target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n\
                [dependencies.mio]\nversion = \"1\"\n[dependencies.x]\npackage = \"y\"\n[build-dependencies]\ncc = \"1\"\n[dev-dependencies]\ntestkit.workspace = true\n\
                [dev-dependencies.tower]\nversion = \"1\"\n[features]\nx = []";
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let expected = Wanted {
        always: of(&["serde", "other", "tokio", "rustix", "mio", "x", "y", "cc"]),
        tests: of(&["testkit", "tower"]),
    };
    assert_eq!(wanted(text), expected);
}

#[test]
fn the_wrong_way_is_seen() {
    for (name, always, tests, count) in [
        ("engine", &["store", "domain", "tokio"][..], &["testkit"][..], 0),
        ("store", &["engine"], &[], 1),
        ("store", &["store"], &["web"], 2),
        ("domain", &["tokio"], &["tokio"], 1),
        ("tlog", &["reqwest", "evidence"], &[], 2),
        ("engine", &["rusqlite", "axum", "testkit"], &[], 3),
        ("web", &["axum"], &["tokio-postgres", "store"], 0),
        ("web", &["store", "engine"], &[], 1),
        ("probity", &["store", "web"], &[], 1),
        ("views", &["engine", "web"], &[], 1),
        ("shop", &["axum", "store"], &["testkit"], 0),
        ("shop", &["rusqlite", "testkit"], &[], 2),
        ("bench", &["testkit", "tokio-postgres"], &[], 0),
        ("testkit", &["store", "axum"], &[], 2),
    ] {
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let found = wrong(
            name,
            &Wanted {
                always: of(always),
                tests: of(tests),
            },
        );
        assert_eq!(found.len(), count, "{name} {always:?} {tests:?}: {found:?}");
    }
}
