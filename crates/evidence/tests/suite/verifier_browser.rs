//! The browser's verifier in browsers: what they lack, and what they remember.

use evidence::receipt::{self, ConsistencyProof};
use evidence::verifier;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tlog::{Checkpoint, SigningKey};

use crate::log::{LOG, Log, ORIGIN, sample};
use crate::verifier::{Given, browser, first_wrong};

/// The states of the steps.
fn states(said: &Value) -> String {
    let steps = said["steps"].as_array().unwrap().iter();
    let states: Vec<_> = steps.map(|step| step["state"].as_str().unwrap()).collect();
    states.join(" ")
}

#[test]
fn what_a_browser_lacks_is_said_and_the_rest_is_done() {
    let good = Given::of(&LOG, 5).case();
    let mut tampered = good.clone();
    tampered["entry"] = good["entry"]
        .as_str()
        .unwrap()
        .replacen("\"order.update", "\"order.delete", 1)
        .into();
    let without = |case: &Value, lacking: &str| {
        let mut case = case.clone();
        case["without"] = lacking.into();
        case
    };
    let said = browser(&[
        without(&good, "subtle"),
        without(&good, "ed25519"),
        without(&tampered, "subtle"),
    ]);
    assert_eq!(states(&said[0]), "open open open open ok open open");
    let hint = |said: &Value, step: usize| {
        said["steps"][step]["says"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(hint(&said[0], 2).contains("over HTTPS"), "{:#}", said[0]);
    assert!(hint(&said[0], 5).contains("probity-verify"), "{:#}", said[0]);
    assert!(hint(&said[1], 5).contains("Ed25519"), "{:#}", said[1]);
    assert_eq!(said[0]["steps"][4]["values"]["size"], "300");
    assert_eq!(said[1]["steps"][3]["state"], "ok");
    assert_eq!(
        (&said[0]["holds"], &said[1]["holds"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (first_wrong(&said[2]), &said[2]["holds"]),
        (Some(1), &json!(false))
    );
}

#[test]
fn without_a_receipt_the_steps_that_need_none_are_done() {
    let refused = |code: &str| {
        let mut case = Given::of(&LOG, 5).case();
        case["refused"] = json!({"code": code, "detail": "entry 4 is missing"});
        case
    };
    let said = browser(&[refused("tampered"), refused("unavailable")]);
    for (said, fourth, holds) in [(&said[0], "wrong", json!(false)), (&said[1], "open", Value::Null)] {
        assert_eq!(states(said), format!("ok ok ok {fourth} open open open"));
        assert_eq!(said["steps"][3]["says"], "entry 4 is missing");
        assert_eq!(said["holds"], holds);
    }
}

#[test]
fn the_browser_remembers_the_last_checkpoint_and_the_key() {
    let at = |size: u64, log: &Log| {
        let mut case = Given::of(&LOG, 5).case();
        case["receipt"] = log.receipt(5, size).into();
        case["browser"] = "one".into();
        case
    };
    let with = |mut case: Value, proof: &ConsistencyProof| {
        case["proof"] = serde_json::to_string(proof).unwrap().into();
        case
    };
    let rewritten = Log::of(
        (0..300)
            .map(|index| sample(if index == 50 { 1000 } else { index }))
            .collect(),
    );
    let forged = ConsistencyProof {
        from_root: LOG.root(100),
        ..rewritten.consistency(100, 200)
    };
    let mut other_key = at(300, &LOG);
    let other = SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    let signed = Checkpoint::new(ORIGIN, 300, LOG.root(300)).sign(&other).unwrap();
    other_key["receipt"] = receipt::build(5, LOG.path(5, 300), &signed).into();
    other_key["key"] = other.verifier().to_string().into();
    let steps = [
        (at(100, &LOG), "open", Some("has not seen this log before")),
        (at(100, &LOG), "ok", None),
        (at(200, &LOG), "open", Some("probity audit consistency 100 200")),
        (
            with(at(200, &rewritten), &forged),
            "wrong",
            Some("changed or removed"),
        ),
        (
            with(at(200, &LOG), &LOG.consistency(100, 300)),
            "wrong",
            Some("other sizes"),
        ),
        (with(at(200, &LOG), &LOG.consistency(100, 200)), "ok", None),
        (at(200, &rewritten), "wrong", Some("but others")),
        // An older checkpoint, which the remembered one extends.
        (with(at(64, &LOG), &LOG.consistency(64, 200)), "ok", None),
        (with(at(300, &LOG), &LOG.consistency(200, 300)), "ok", None),
        (other_key, "wrong", Some("ALARM")),
        // What was wrong is not remembered.
        (at(300, &LOG), "ok", None),
    ];
    let said = browser(&steps.iter().map(|(case, ..)| case.clone()).collect::<Vec<_>>());
    for (number, ((_, state, says), said)) in steps.iter().zip(said).enumerate() {
        let seventh = &said["steps"][6];
        assert_eq!(seventh["state"], *state, "{number}: {said:#}");
        assert_eq!(said["holds"], *state != "wrong", "{number}: {said:#}");
        if let Some(says) = says {
            assert!(
                seventh["says"].as_str().unwrap().contains(says),
                "{number}: {seventh}"
            );
        }
    }
}

#[test]
fn consistency_is_judged_as_by_the_crate() {
    let sizes = [1, 2, 3, 4, 7, 8, 100, 255, 256, 299, 300];
    let mut cases = Vec::new();
    for from in sizes {
        for to in sizes.into_iter().filter(|to| *to >= from) {
            let name = format!("{from}-{to}");
            let case = |size: u64, proof: Option<Value>| {
                let mut case = Given::of(&LOG, 0).case();
                case["receipt"] = LOG.receipt(0, size).into();
                case["browser"] = name.clone().into();
                case["proof"] = proof.map_or(Value::Null, |proof| proof.to_string().into());
                case
            };
            let good = serde_json::to_value(LOG.consistency(from, to)).unwrap();
            cases.push((case(from, None), "open"));
            for position in 0..good["proof"].as_array().unwrap().len() {
                let mut broken = good.clone();
                broken["proof"][position] = LOG.root(17).to_base64().into();
                cases.push((case(to, Some(broken)), "wrong"));
                let mut short = good.clone();
                short["proof"].as_array_mut().unwrap().remove(position);
                cases.push((case(to, Some(short)), "wrong"));
            }
            cases.push((case(to, Some(good)), "ok"));
        }
    }
    let said = browser(&cases.iter().map(|(case, _)| case.clone()).collect::<Vec<_>>());
    for ((case, state), said) in cases.iter().zip(said) {
        assert_eq!(said["steps"][6]["state"], *state, "{case}\n{said:#}");
    }
}

#[test]
fn the_page_is_one_file_whose_digest_is_in_the_documents() {
    let page = verifier::page();
    for outside in [
        "import ",
        "src=",
        "href=",
        "@import",
        "url(",
        "http://",
        "innerHTML",
        "eval(",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("</script>").count(), 1);
    assert_eq!(
        page.matches("data-step=").count(),
        8,
        "seven steps, and where they are found"
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify.md");
    let text = std::fs::read_to_string(path).unwrap();
    let block = text.split("```text\n").nth(1).unwrap();
    let said = &block[..64];
    let digest = evidence::json::hex(&Sha256::digest(&page));
    if std::env::var_os("PROBITY_WRITE_EXPECTED").is_some() {
        std::fs::write(path, text.replacen(said, &digest, 1)).unwrap();
    } else {
        assert_eq!(said, digest, "PROBITY_WRITE_EXPECTED=1 writes it");
    }
}
