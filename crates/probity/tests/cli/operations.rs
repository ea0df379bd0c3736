//! Operations: made, refused, carried on step by step, listed.

use serde_json::{Value, json};

use crate::custody::{HASH, balance, funded, id, transfer};
use crate::harness::{on_both, run};

#[test]
fn a_deposit_is_made_once_and_names_its_transaction() {
    on_both(|place| {
        funded(place, "1");
        let deposit = |output| {
            place.json(&[
                "operation",
                "deposit",
                "user:bob",
                "0.25",
                "--asset",
                "BTC",
                "--tx-hash",
                HASH,
                "--tx-output",
                output,
                "--block",
                "800000",
                "--confirmations",
                "6",
                "--reference",
                "=first",
                "--metadata",
                "{\"a\":1}",
            ])
        };
        let made = deposit("0");
        assert_eq!(
            (
                &made["status"],
                &made["chain"],
                &made["output"],
                &made["replayed"],
                &made["metadata"]
            ),
            (
                &"completed".into(),
                &"bitcoin".into(),
                &0.into(),
                &false.into(),
                &json!({"a": 1})
            )
        );
        let again = deposit("0");
        assert_eq!((id(&again), &again["replayed"]), (id(&made), &true.into()));
        assert_ne!(id(&deposit("1")), id(&made));
        assert_eq!(balance(place, "user:bob")["posted"], "0.50000000");
        let found = place.json(&["operation", "list", "--tx-hash", HASH]);
        assert_eq!(found["operations"].as_array().unwrap().len(), 2);
        for (least, expected) in [("0.25", 3), ("0.25000001", 1)] {
            let found = place.json(&["operation", "list", "--asset", "btc", "--amount-min", least]);
            assert_eq!(found["operations"].as_array().unwrap().len(), expected, "{least}");
        }
        let without = place.run(&["operation", "list", "--amount-min", "1"]).expect(1);
        assert!(
            without.err.contains("--asset must be given with amount-min"),
            "{}",
            without.err
        );
        let text = place.narrow(&["operation", "show", id(&made)]);
        assert!(
            text.contains("Transaction    4a5e1e4b") && text.contains("user:bob"),
            "{text}"
        );
        // Words of a caller's own are no formula to a spreadsheet.
        let csv = place
            .run(&["balance", "statement", "user:bob", "--asset", "BTC", "--csv"])
            .expect(0)
            .out;
        let lines: Vec<_> = csv.split_terminator("\r\n").collect();
        assert_eq!(
            (lines.len(), lines[0]),
            (
                3,
                "entry,at,operation,kind,counterparty,change,posted,asset,reference"
            )
        );
        assert!(csv.contains(",BTC,'=first"), "{csv}");
    });
}

#[test]
fn what_is_refused_says_why_and_what_to_do() {
    on_both(|place| {
        funded(place, "1");
        for (args, code, field) in [
            (
                &["transfer", "user:ann", "user:bob", "2"][..],
                "insufficient_funds",
                "amount",
            ),
            (
                &["transfer", "user:ann", "user:bob", "0.123456789"],
                "invalid_field",
                "amount",
            ),
            (
                &["transfer", "user:ann", "user:ann", "1"],
                "invalid_field",
                "credit",
            ),
            (
                &["transfer", "user:eve", "user:bob", "1"],
                "unknown_user",
                "debit",
            ),
            (
                &["transfer", "user:ann", "house:cellar", "1"],
                "invalid_field",
                "credit",
            ),
            (&["withdraw", "user:ann", "1"], "invalid_field", "destination"),
            (&["burn", "house:fees", "1"], "insufficient_funds", "amount"),
        ] {
            let mut words = vec!["operation"];
            words.extend(args);
            words.extend(["--asset", "BTC"]);
            let error = place.refused(1, &words);
            assert_eq!(
                (&error["code"], &error["field"]),
                (&code.into(), &field.into()),
                "{error}"
            );
        }
        let error = place.refused(1, &["operation", "transfer", "user:ann", "user:bob", "1"]);
        assert_eq!(error["field"], "asset");
        let unknown = "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d";
        for args in [
            &["operation", "show", unknown][..],
            &["operation", "cancel", unknown],
            &["operation", "reverse", unknown],
        ] {
            assert_eq!(place.refused(1, args)["code"], "unknown_operation", "{args:?}");
        }
        for args in [
            &["operation", "resolve", unknown, "--evidence", "x"][..],
            &["operation", "transfer", "user:ann"],
            &["balance", "configure", "user:ann", "--asset", "BTC"],
            &["operation", "list", "--status", "done"],
        ] {
            place.run(args).expect(2);
        }
        assert_eq!(balance(place, "user:ann")["posted"], "1.00000000");
    });
}

#[test]
fn a_dry_run_writes_nothing() {
    on_both(|place| {
        funded(place, "1");
        let size = || place.json(&["status"])["log"]["size"].clone();
        let before = size();
        let tried = transfer(place, "0.4", &["--dry-run"]);
        assert_eq!(
            (&tried["status"], &tried["dry_run"]),
            (&"completed".into(), &true.into())
        );
        let args = [
            "operation",
            "transfer",
            "user:ann",
            "user:bob",
            "4",
            "--asset",
            "BTC",
            "--dry-run",
        ];
        assert_eq!(place.refused(1, &args)["code"], "insufficient_funds");
        let text = place.narrow(&[
            "operation",
            "mint",
            "user:bob",
            "1",
            "--asset",
            "BTC",
            "--dry-run",
        ]);
        assert!(
            text.contains("would be completed") && text.contains("nothing is written"),
            "{text}"
        );
        assert_eq!(size(), before);
    });
}

#[test]
fn a_pending_transfer_is_captured_in_parts_and_released() {
    on_both(|place| {
        funded(place, "1");
        let pending = transfer(
            place,
            "0.6",
            &["--pending", "--expires", "1h", "--reference", "order 7"],
        );
        assert_eq!(
            (&pending["status"], &pending["held"]),
            (&"pending".into(), &"0.60000000".into())
        );
        let ann = balance(place, "user:ann");
        assert_eq!(
            (&ann["held"], &ann["available"]),
            (&"0.60000000".into(), &"0.40000000".into())
        );
        let part = place.json(&["operation", "capture", id(&pending), "0.2"]);
        assert_eq!(
            (&part["parent"], &part["amount"]),
            (&pending["id"], &"0.20000000".into())
        );
        let error = place.refused(1, &["operation", "capture", id(&pending), "0.5"]);
        assert_eq!(error["code"], "exceeds_held");
        let error = place.refused(1, &["operation", "cancel", id(&pending)]);
        assert_eq!(error["code"], "wrong_kind");
        let text = place.narrow(&["operation", "show", id(&pending)]);
        assert!(
            text.contains("Holds      0.40000000 BTC") && text.contains("order 7"),
            "{text}"
        );
        let captures = place.json(&["operation", "list", "--parent", id(&pending)]);
        assert_eq!(captures["operations"].as_array().unwrap().len(), 1);
        let released = place.json(&["operation", "release", id(&pending)]);
        assert_eq!(
            (&released["status"], &released["captured"]),
            (&"completed".into(), &"0.20000000".into())
        );
        let ann = balance(place, "user:ann");
        assert_eq!(
            (&ann["posted"], &ann["held"]),
            (&"0.80000000".into(), &"0.00000000".into())
        );
        let text = place.narrow(&["operation", "release", id(&pending)]);
        assert!(text.contains("It was so already"), "{text}");
    });
}

#[test]
fn an_operation_is_reversed_once() {
    on_both(|place| {
        funded(place, "1");
        let made = transfer(place, "0.6", &[]);
        let reversal = place.json(&["operation", "reverse", id(&made), "--reference", "wrong bob"]);
        assert_eq!(
            (&reversal["kind"], &reversal["reverses"]),
            (&"reversal".into(), &made["id"])
        );
        assert_eq!(balance(place, "user:bob")["posted"], "0.00000000");
        let error = place.refused(1, &["operation", "reverse", id(&made)]);
        assert_eq!(error["code"], "already_reversed");
        let minted = place.json(&["operation", "mint", "house:omnibus", "3", "--asset", "BTC"]);
        let burnt = place.json(&["operation", "burn", "house:omnibus", "3", "--asset", "BTC"]);
        assert_eq!(
            (&minted["kind"], &burnt["kind"]),
            (&"mint".into(), &"burn".into())
        );
        assert_eq!(place.json(&["asset", "supply", "BTC"])["supply"], "1.00000000");
    });
}

#[test]
fn a_pending_deposit_goes_its_way_step_by_step() {
    on_both(|place| {
        funded(place, "1");
        let pending = |hash: &str| {
            place.json(&[
                "operation",
                "deposit",
                "user:bob",
                "0.5",
                "--asset",
                "BTC",
                "--pending",
                "--tx-hash",
                hash,
            ])
        };
        let first = pending(&"aa".repeat(32));
        let reported = place.json(&[
            "operation",
            "report",
            id(&first),
            "--confirmations",
            "2",
            "--block",
            "9",
        ]);
        assert_eq!(
            (&reported["status"], &reported["confirmations"]),
            (&"pending".into(), &2.into())
        );
        let error = place.refused(1, &["operation", "complete", id(&first), "--at-version", "1"]);
        assert_eq!(error["code"], "version_mismatch");
        let done = place.json(&[
            "operation",
            "complete",
            id(&first),
            "--confirmations",
            "6",
            "--at-version",
            "2",
        ]);
        assert_eq!(
            (&done["status"], &done["credit_posted"]),
            (&"completed".into(), &"0.50000000".into())
        );
        let second = pending(&"bb".repeat(32));
        let failed = place.json(&["operation", "fail", id(&second), "--error", "double spent"]);
        assert_eq!(
            (&failed["status"], &failed["error"]),
            (&"failed".into(), &"double spent".into())
        );
        let error = place.refused(1, &["operation", "start", id(&second)]);
        assert_eq!(error["code"], "wrong_status");
        let third = pending(&"cc".repeat(32));
        assert_eq!(
            place.json(&["operation", "start", id(&third)])["status"],
            "processing"
        );
        let unknown = place.json(&["operation", "mark-unknown", id(&third), "--error", "no answer"]);
        assert_eq!(unknown["status"], "unknown");
        // What became of it is said by two people.
        let resolve = [
            "operation",
            "resolve",
            id(&third),
            "--failed",
            "--evidence",
            "not in any block",
        ];
        let error = place.refused(1, &resolve);
        assert_eq!(error["code"], "approval_required");
        assert!(
            error["rule"]["lifted_by"]
                .as_str()
                .unwrap()
                .contains("custody:approve"),
            "{error}"
        );
        let pending = pending(&"dd".repeat(32));
        let cancelled = place.json(&["operation", "cancel", id(&pending), "--reason", "asked for"]);
        assert_eq!(
            (&cancelled["status"], &cancelled["error"]),
            (&"cancelled".into(), &"asked for".into())
        );
    });
}

#[test]
fn lists_are_filtered_paged_and_counted() {
    on_both(|place| {
        funded(place, "1");
        for _ in 0..3 {
            transfer(place, "0.1", &[]);
        }
        transfer(place, "0.1", &["--pending"]);
        let ids = |args: &[&str]| {
            let mut words = vec!["operation", "list"];
            words.extend(args);
            let list = place.json(&words);
            let ids = list["operations"].as_array().unwrap().iter();
            (
                ids.map(|one| id(one).to_owned()).collect::<Vec<_>>(),
                list["next"].clone(),
            )
        };
        assert_eq!(ids(&["--kind", "deposit"]).0.len(), 1);
        assert_eq!(ids(&["--status", "pending"]).0.len(), 1);
        assert_eq!(ids(&["--user", "bob"]).0.len(), 4);
        assert_eq!(ids(&["--balance", "house:fees", "--asset", "BTC"]).0.len(), 0);
        let (all, next) = ids(&["--order", "oldest"]);
        assert_eq!((all.len(), next), (5, Value::Null));
        let (first, next) = ids(&["--order", "oldest", "--limit", "3"]);
        let (second, end) = ids(&[
            "--order",
            "oldest",
            "--limit",
            "3",
            "--cursor",
            next.as_str().unwrap(),
        ]);
        assert_eq!(([first, second].concat(), end), (all, Value::Null));
        let text = place.narrow(&["operation", "list", "--limit", "2"]);
        assert_eq!(text.lines().count(), 3, "{text}");
        let text = place.narrow(&["operation", "list"]);
        assert!(!text.contains("FROM"), "{text}");
        let mut wide = place.command(&["operation", "list", "--status", "pending"]);
        wide.env("COLUMNS", "140");
        let text = run(wide, "").expect(0).out;
        assert!(text.contains("CHANGED (UTC)"), "{text}");
        assert!(text.contains("user:bob"), "{text}");
        let figures = place.json(&["operation", "statistics", "--asset", "BTC", "--from", "1d"]);
        let figures = figures["figures"].as_array().unwrap();
        let completed = figures
            .iter()
            .find(|figure| figure["kind"] == "transfer" && figure["status"] == "completed")
            .unwrap();
        assert_eq!(
            (&completed["count"], &completed["amount"]),
            (&3.into(), &"0.30000000".into())
        );
        let text = place.narrow(&["operation", "statistics", "--by-day"]);
        assert!(text.starts_with("DAY         ASSET  KIND"), "{text}");
    });
}

#[test]
fn a_block_becomes_deposits_once() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../engine/tests/fixtures/bitcoin-block-413567.jsonl"
    );
    on_both(|place| {
        place.run(&["init"]).expect(0);
        let import = || place.json(&["operation", "import", path, "--format", "bitcoin-block"]);
        let first = import();
        let counts = |report: &Value| {
            let names = [
                "transactions",
                "outputs",
                "added",
                "already_there",
                "rejected",
                "users",
            ];
            names.map(|name| report[name].as_u64().unwrap())
        };
        assert_eq!(counts(&first), [1_557, 3_581, 3_581, 0, 0, 3_064]);
        assert_eq!(first["amount"], "9147.05170223 BTC");
        assert_eq!(counts(&import()), [1_557, 3_581, 0, 3_581, 0, 0]);
        let supply = place.json(&["asset", "supply", "BTC"]);
        assert_eq!(
            (&supply["supply"], &supply["sum"]),
            (&"9147.05170223".into(), &"0.00000000".into())
        );
        let text = place.narrow(&["operation", "import", path, "--format", "bitcoin-block"]);
        assert!(text.contains("Already there  3,581"), "{text}");
    });
}
