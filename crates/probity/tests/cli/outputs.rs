//! Outputs of transactions on the command line, and lists by the clock.

use serde_json::json;

use crate::custody::{HASH, funded, id, transfer};
use crate::harness::on_both;

#[test]
fn outputs_are_freed_credited_again_and_found_in_any_spelling() {
    on_both(|place| {
        funded(place, "1");
        let deposit = |hash: &str, more: &[&str]| {
            let words = [
                "operation",
                "deposit",
                "user:bob",
                "0.5",
                "--asset",
                "BTC",
                "--tx-output",
                "0",
                "--tx-hash",
            ];
            [&words[..], &[hash], more]
                .concat()
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let json = |words: &[String]| place.json(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let upper = HASH.to_uppercase();
        let first = json(&deposit(&upper, &["--pending"]));
        assert_eq!(first["tx_hash"], HASH);
        place.json(&["operation", "fail", id(&first), "--error", "reorganised away"]);
        let soroban = format!("soroban:{}", "5A".repeat(32));
        let second = json(&deposit(HASH, &["--block", "870001", "--transaction", &soroban]));
        assert_eq!(second["replaces"], first["id"]);
        assert_eq!(
            second["transactions"],
            json!([{"chain": "soroban", "tx_hash": "5a".repeat(32)}])
        );
        let reversal = place.json(&["operation", "reverse", id(&second)]);
        let shown = place.json(&["operation", "show", id(&second)]);
        assert_eq!(shown["reversed_by"], reversal["id"]);
        let text = place.narrow(&["operation", "show", id(&second)]);
        assert!(
            text.contains("Reversed by") && text.contains("Replaces"),
            "{text}"
        );
        let listed = |words: &[&str]| {
            let list = place.json(&[&["operation", "list", "--kind", "deposit"], words].concat());
            list["operations"].as_array().unwrap().len()
        };
        assert_eq!((listed(&["--reversed"]), listed(&["--reversed=false"])), (1, 2));
        assert_eq!(listed(&["--tx-hash", &format!("0x{upper}")]), 2);
        assert_eq!(listed(&["--tx-hash", &"5a".repeat(32)]), 1);
        let shown = deposit(HASH, &["--evidence", "block 870004, 12 deep"]);
        let words: Vec<_> = shown.iter().map(String::as_str).collect();
        assert_eq!(place.refused(1, &words)["code"], "approval_required");
        let asked = place.json(&[&words[..], &["--request-approval", "two nodes have it"]].concat());
        assert_eq!(asked["action"], "operation.create");
        let bad = deposit(" x", &[]);
        let bad: Vec<_> = bad.iter().map(String::as_str).collect();
        assert_eq!(place.refused(1, &bad)["field"], "tx_hash");
        place.run(&["audit", "verify"]).expect(0);
    });
}

/// Without a server nobody writes down what has expired; the lists say it all the same.
#[test]
fn what_has_expired_is_listed_so_without_a_server() {
    on_both(|place| {
        funded(place, "1");
        let soon = engine::now().plus_seconds(2);
        let hold = transfer(place, "0.5", &["--pending", "--expires", &soon.to_string()]);
        while engine::now() <= soon {
            std::thread::yield_now();
        }
        let listed = |status| place.json(&["operation", "list", "--status", status])["operations"].clone();
        assert_eq!(listed("pending"), json!([]));
        assert_eq!(listed("cancelled")[0]["id"], hold["id"]);
        let figures = place.json(&["operation", "statistics"]);
        let text = figures.to_string();
        assert!(text.contains("cancelled") && !text.contains("pending"), "{text}");
        assert_eq!(place.json(&["asset", "supply", "BTC"])["held"], "0.00000000");
    });
}
