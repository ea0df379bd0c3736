//! What can be tampered with, and the step of the verifier that finds it.

use serde_json::json;
use tlog::SigningKey;

use crate::cli::{Folder, run};
use crate::log::{LOG, ORIGIN};
use crate::verifier::{Given, browser, first_wrong};

/// In the entry: what, the text there, the text in its place, and the step.
const ENTRY: &[(&str, &str, &str, usize)] = &[
    ("id", "{\"id\":\"0197", "{\"id\":\"0198", 1),
    (
        "an id in braces",
        "\"changes\":[{\"table\":\"orders\",\"id\":\"00000000-0000-0000-0000-000000000384",
        "\"changes\":[{\"table\":\"orders\",\"id\":\"{00000000-0000-0000-0000-000000000384}",
        1,
    ),
    ("index", "\"index\":5", "\"index\":4", 4),
    ("index as another number", "\"index\":5", "\"index\":5.0", 1),
    ("at", "\"at\":\"2026-09", "\"at\":\"2026-08", 1),
    (
        "occurred_at",
        "\"occurred_at\":\"2026-09",
        "\"occurred_at\":\"2026-08",
        2,
    ),
    (
        "recorded_by.kind",
        "\"recorded_by\":{\"kind\":\"api_key\"",
        "\"recorded_by\":{\"kind\":\"session\"",
        1,
    ),
    ("recorded_by.id", "-000000000005\"}", "-000000000006\"}", 1),
    ("actor.kind", "\"kind\":\"external\"", "\"kind\":\"user\"", 1),
    ("actor.id", "user/5", "user/6", 2),
    ("actor.name", "Ärger 5", "Ärger 6", 2),
    (
        "action",
        "\"action\":\"order.update",
        "\"action\":\"order.delete",
        1,
    ),
    (
        "target.kind",
        "\"target\":{\"kind\":\"order\"",
        "\"target\":{\"kind\":\"user\"",
        1,
    ),
    ("target.id", "order-1", "order-2", 2),
    ("outcome", "\"outcome\":\"success\"", "\"outcome\":\"refused\"", 1),
    (
        "authority",
        "\"authority\":\"role:admin",
        "\"authority\":\"role:user",
        1,
    ),
    ("description", "changed an order", "changed no order", 2),
    ("details", "\"f\":0.5", "\"f\":0.6", 2),
    (
        "a number that reads the same",
        "\"f\":0.5",
        "\"f\":0.50000000000000000001",
        1,
    ),
    ("a member of the details", "\"n\":5", "\"m\":5", 2),
    ("ip", "192.0.2.7", "192.0.2.8", 2),
    (
        "a row before",
        "\"before\":{\"state\":\"new\"",
        "\"before\":{\"state\":\"old\"",
        2,
    ),
    ("a row after", "\"amount\":\"12.50\"", "\"amount\":\"99.50\"", 2),
    ("changes.table", "\"table\":\"orders\"", "\"table\":\"users\"", 1),
    (
        "changes.id",
        "\"id\":\"00000000-0000-0000-0000-000000000384",
        "\"id\":\"00000000-0000-0000-0000-000000000385",
        1,
    ),
    ("changes.version", "\"version\":6", "\"version\":7", 1),
    ("changes.digest", "5a5a", "5b5a", 1),
    ("a member more", "{\"id\"", "{\"surprise\":1,\"id\"", 1),
    ("a member twice", "\"details\":{", "\"details\":{\"n\":5,", 1),
    (
        "a member that is null",
        "\"authority\":\"role:admin orders:write\"",
        "\"authority\":null",
        1,
    ),
    ("changes that are null", "{\"id\"", "{\"changes\":null,\"id\"", 1),
    ("erased", "{\"id\"", "{\"erased\":true,\"id\"", 2),
    ("pruned", "{\"id\"", "{\"pruned\":true,\"id\"", 2),
    (
        "erased and pruned",
        "{\"id\"",
        "{\"pruned\":true,\"erased\":true,\"id\"",
        1,
    ),
    ("erased by another", "{\"id\"", "{\"erased_by\":7,\"id\"", 1),
    (
        "said to be tampered",
        "{\"id\"",
        "{\"tampered\":\"it was\",\"id\"",
        1,
    ),
    ("not JSON", "{\"id\"", "\"id\"", 1),
    ("half a character", "changed an order", "changed \\ud800", 1),
    ("salt", "SALT", "00000000000000000000000000000000", 2),
    ("a short salt", "SALT", "00", 2),
    ("no salt", ",\"salt\":\"SALT\"", "", 2),
    (
        "leaf: payload",
        "\\\"payload\\\":\\\"",
        "\\\"payload\\\":\\\"0",
        2,
    ),
    (
        "leaf: outcome",
        "\\\"outcome\\\":\\\"success\\\"",
        "\\\"outcome\\\":\\\"failed\\\"",
        1,
    ),
    ("leaf: spelling", "\\\"v\\\":1", "\\\"v\\\": 1", 3),
    ("leaf: version", "\\\"v\\\":1", "\\\"v\\\":2", 3),
    ("leaf: a member more", "\\\"v\\\":1", "\\\"v\\\":1,\\\"x\\\":1", 3),
];

/// In the receipt; `HASH` is a hash of the path, `NEXT` the one before it, `ROOT` the checkpoint's.
const RECEIPT: &[(&str, &str, &str, usize)] = &[
    ("receipt: index", "index 5", "index 4", 4),
    ("receipt: no receipt", "proof@v1", "proof@v2", 4),
    ("path: a hash", "HASH", "NEXT", 4),
    ("path: too short", "HASH\n", "", 4),
    ("path: too long", "HASH\n", "HASH\nHASH\n", 4),
    ("path: no hash", "HASH", "HASH=", 4),
    ("checkpoint: root", "ROOT", "NEXT", 5),
    ("checkpoint: no root", "ROOT", "root", 5),
    (
        "checkpoint: a size that the path does not fit",
        "\n300\n",
        "\n3000\n",
        5,
    ),
    ("checkpoint: a size that the path fits", "\n300\n", "\n301\n", 6),
    ("checkpoint: no size", "\n300\n", "\n0300\n", 5),
    (
        "checkpoint: origin",
        "\nexample.com/log\n",
        "\nexample.com/lob\n",
        6,
    ),
];

/// An entry, and what becomes of it where it is tampered with.
fn tampered() -> Vec<(&'static str, Given, usize)> {
    let good = Given::of(&LOG, 5);
    let salt = LOG.entry(5).evidence.salt.clone().unwrap();
    let path = LOG.path(5, 300);
    let words = |text: &str| {
        text.replace("SALT", &salt)
            .replace("HASH", &path[2].to_base64())
            .replace("NEXT", &path[1].to_base64())
            .replace("ROOT", &LOG.root(300).to_base64())
    };
    let replaced = |what: &str, text: &str, from: &str, to: &str| {
        let (from, to) = (words(from), words(to));
        assert!(text.contains(&from), "{what}: {from} in {text}");
        text.replacen(&from, &to, 1)
    };
    let entry = |(what, from, to, step): &(&'static str, &str, &str, usize)| {
        let entry = replaced(what, &good.entry, from, to);
        (
            *what,
            Given {
                entry,
                ..good.clone()
            },
            *step,
        )
    };
    let receipt = |(what, from, to, step): &(&'static str, &str, &str, usize)| {
        let receipt = replaced(what, &good.receipt, from, to);
        (
            *what,
            Given {
                receipt,
                ..good.clone()
            },
            *step,
        )
    };
    ENTRY
        .iter()
        .map(entry)
        .chain(RECEIPT.iter().map(receipt))
        .chain(others(&good))
        .collect()
}

/// What is in the place of the whole entry, signature or key.
fn others(good: &Given) -> [(&'static str, Given, usize); 5] {
    let with_receipt = |receipt: String| Given {
        receipt,
        ..good.clone()
    };
    let key = |name: &str, seed: u8| Given {
        key: SigningKey::from_seed(name, &[seed; 32])
            .unwrap()
            .verifier()
            .to_string(),
        ..good.clone()
    };
    let entry = Given::of(&LOG, 7).entry.replacen("\"index\":7", "\"index\":5", 1);
    let at = good.receipt.trim_end().len() - 6;
    let mut forged = good.receipt.clone().into_bytes();
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    [
        (
            "another entry in its place",
            Given {
                entry,
                ..good.clone()
            },
            4,
        ),
        ("signature", with_receipt(String::from_utf8(forged).unwrap()), 6),
        (
            "signature: cut",
            with_receipt(good.receipt.trim_end().to_owned()),
            5,
        ),
        ("key: another", key(ORIGIN, 8), 6),
        ("key: another name", key("example.com/other", 7), 6),
    ]
}

#[test]
fn the_step_that_fails_is_the_one_that_was_tampered_with() {
    let folder = Folder::new("verifier-tampered");
    let cases = tampered();
    let said = browser(&cases.iter().map(|(_, given, _)| given.case()).collect::<Vec<_>>());
    for ((what, given, step), said) in cases.iter().zip(said) {
        assert_eq!(
            (first_wrong(&said), &said["holds"]),
            (Some(*step), &json!(false)),
            "{what}: {said:#}"
        );
        let (receipt, entry) = (folder.file("r", &given.receipt), folder.file("e", &given.entry));
        let program = run(&["receipt", &receipt, "--entry", &entry, "--key", &given.key]);
        assert_eq!(program.code, 1, "{what}: {program:?}");
    }
}
