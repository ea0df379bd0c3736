//! Assets, balances, and the rules and the clock of custody; what operations' tests share.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Place, on_both};

/// The hash of a transaction.
pub const HASH: &str = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";

/// Makes BTC, and ann with so much of it.
pub fn funded(place: &Place, amount: &str) {
    let btc = [
        "asset", "create", "BTC", "--name", "Bitcoin", "--scale", "8", "--chain", "bitcoin",
    ];
    place.run(&btc).expect(0);
    for name in ["ann", "bob"] {
        place.run(&["user", "create", name, "--role", "user"]).expect(0);
    }
    place
        .run(&["operation", "deposit", "user:ann", amount, "--asset", "BTC"])
        .expect(0);
}

pub fn balance(place: &Place, account: &str) -> Value {
    place.json(&["balance", "show", account, "--asset", "BTC"])
}

pub fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

pub fn transfer(place: &Place, amount: &str, more: &[&str]) -> Value {
    let mut words = vec![
        "operation",
        "transfer",
        "user:ann",
        "user:bob",
        amount,
        "--asset",
        "BTC",
    ];
    words.extend(more);
    place.json(&words)
}

#[test]
fn assets_are_made_listed_and_sum_to_zero() {
    on_both(|place| {
        funded(place, "2.5");
        let text = place.narrow(&["asset", "create", "GOLD", "--name", "Gold bars", "--scale", "0"]);
        assert!(text.contains("Asset GOLD is made, with 0 digits"), "{text}");
        let error = place.refused(1, &["asset", "create", "btc", "--name", "x", "--scale", "2"]);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&"code_taken".into(), &"code".into())
        );
        assert!(error["hint"].as_str().unwrap().contains("asset list"), "{error}");
        let error = place.refused(1, &["asset", "create", "X", "--name", "x", "--scale", "19"]);
        assert_eq!(error["field"], "scale");
        let list = place.json(&["asset", "list"]);
        let codes: Vec<_> = list["assets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|asset| &asset["code"])
            .collect();
        assert_eq!(codes, ["BTC", "GOLD"]);
        place.narrow(&["asset", "list"]);
        let supply = place.json(&["asset", "supply", "btc"]);
        assert_eq!(
            (
                &supply["supply"],
                &supply["users"],
                &supply["sum"],
                &supply["houses"]["external"]
            ),
            (
                &"2.50000000".into(),
                &"2.50000000".into(),
                &"0.00000000".into(),
                &"-2.50000000".into()
            )
        );
        let text = place.narrow(&["asset", "supply", "BTC"]);
        assert!(text.contains("✓ zero, as it must be"), "{text}");
        let error = place.refused(1, &["asset", "supply", "EUR"]);
        assert_eq!(error["code"], "unknown_asset");
    });
}

#[test]
fn a_supply_that_does_not_sum_to_zero_exits_1() {
    on_both(|place| {
        funded(place, "1");
        let more = match place.location() {
            store::db::Location::Sqlite(_) => "'100000001'",
            store::db::Location::Postgres(_) => "100000001",
        };
        place.by_hand(&format!(
            "UPDATE balances SET posted = {more} WHERE user_id IS NOT NULL"
        ));
        let ran = place.run(&["asset", "supply", "BTC"]).expect(1);
        assert!(ran.out.contains("0.00000001 BTC  ✗ it must be zero"), "{ran:?}");
    });
}

#[test]
fn balances_are_listed_and_shown_at_any_time() {
    on_both(|place| {
        funded(place, "1");
        let bob = ["balance", "show", "user:bob", "--asset", "BTC"];
        assert_eq!(place.refused(1, &bob)["code"], "unknown_balance");
        transfer(place, "0.25", &[]);
        place.narrow(&bob);
        let named = balance(place, "user:bob");
        assert_eq!(place.json(&["balance", "show", id(&named)]), named);
        let before = place.json(&["balance", "show", "user:bob", "--asset", "BTC", "--at", "1h"]);
        assert_eq!(
            (&before["posted"], &before["movement"]),
            (&"0.00000000".into(), &Value::Null)
        );
        let now = place.json(&["balance", "show", "user:bob", "--asset", "BTC", "--at", "0s"]);
        assert_eq!(now["posted"], "0.25000000");
        place.narrow(&["balance", "show", "user:bob", "--asset", "BTC", "--at", "0s"]);

        let count = |args: &[&str]| {
            let mut words = vec!["balance", "list"];
            words.extend(args);
            place.json(&words)["balances"].as_array().unwrap().len()
        };
        assert_eq!(
            (count(&[]), count(&["--house"]), count(&["--user", "ann"])),
            (6, 4, 1)
        );
        let first = place.json(&["balance", "list", "--limit", "2"]);
        let next = first["next"].as_str().unwrap();
        assert_eq!(count(&["--cursor", next]), 4);
        let text = place.narrow(&["balance", "statement", "user:ann", "--asset", "BTC"]);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("user:bob -0.25000000 0.75000000"), "{text}");
        let lines = place.json(&["balance", "statement", "user:ann", "--asset", "BTC", "--to", "1h"]);
        assert_eq!(lines["lines"], json!([]));
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn balances_are_bounded_and_closed() {
    on_both(|place| {
        funded(place, "1");
        transfer(place, "0.25", &[]);
        let configure = |args: &[&'static str]| {
            let mut words = vec!["balance", "configure", "user:bob", "--asset", "BTC"];
            words.extend(args);
            words
        };
        let set = place.json(&configure(&["--minimum", "0.1", "--maximum", "0.5"]));
        assert_eq!(
            (&set["minimum"], &set["maximum"]),
            (&"0.10000000".into(), &"0.50000000".into())
        );
        let text = place.narrow(&configure(&["--maximum", "none"]));
        assert!(text.contains("maximum none."), "{text}");
        for (args, code, field) in [
            (&["--maximum", "0.2"][..], "above_maximum", json!("maximum")),
            (&["--minimum", "0.3"], "below_minimum", json!("minimum")),
            (&["--minimum", "none"], "invalid_field", json!("minimum")),
            (&["--minimum", "1.123456789"], "invalid_field", json!("minimum")),
        ] {
            let error = place.refused(1, &configure(args));
            assert_eq!(
                (&error["code"], &error["field"]),
                (&code.into(), &field),
                "{error}"
            );
        }
        assert!(place.json(&configure(&["--close"]))["closed_at"].is_string());
        let args = [
            "operation",
            "transfer",
            "user:ann",
            "user:bob",
            "0.1",
            "--asset",
            "BTC",
        ];
        assert_eq!(place.refused(1, &args)["code"], "credit_closed");
        assert!(
            place
                .narrow(&["balance", "list", "--user", "bob"])
                .contains("closed")
        );
        assert_eq!(place.json(&configure(&["--open"]))["closed_at"], Value::Null);
    });
}

#[test]
fn the_server_writes_down_what_has_expired() {
    on_both(|place| {
        funded(place, "1");
        let pending = transfer(place, "0.5", &["--pending", "--expires", "1s"]);
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut server = command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let expired = || {
            let list = place.json(&["audit", "list", "--action", "operation.expire"]);
            !list["entries"].as_array().unwrap().is_empty()
        };
        let written = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(200));
            expired()
        });
        server.kill().unwrap();
        server.wait().unwrap();
        assert!(written);
        assert_eq!(
            place.json(&["operation", "show", id(&pending)])["status"],
            "cancelled"
        );
    });
}

#[test]
fn rules_that_an_asset_cannot_express_stop_the_start() {
    on_both(|place| {
        funded(place, "1");
        fs::create_dir_all(place.path("config")).unwrap();
        let file = place.path("config/development.toml");
        let limit = |amount: &str| {
            format!(
                "[[custody.limits]]\ntier = 0\nasset = \"btc\"\nkind = \"transfer\"\nwindow_s = 60\namount = \"{amount}\"\n"
            )
        };
        fs::write(&file, limit("0.123456789")).unwrap();
        for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["asset", "list"]] {
            let error = place.refused(2, args);
            let message = error["message"].as_str().unwrap();
            assert!(
                message.contains("the limit of tier 0 on operations of kind transfer")
                    && message.contains("0.123456789 btc"),
                "{error}"
            );
        }
        fs::write(&file, limit("0.3")).unwrap();
        transfer(place, "0.2", &[]);
        let args = [
            "operation",
            "transfer",
            "user:ann",
            "user:bob",
            "0.2",
            "--asset",
            "BTC",
        ];
        let ran = place.run(&args).expect(1);
        for line in [
            "\nrule: tier 0: at most 0.30000000 BTC in operations of kind transfer within ",
            "\nlimit: 0.30000000\n",
            "\nremaining: 0.10000000\n",
            "\nlifted by: a higher KYC tier, ",
            "\nhint: see the tier: probity kyc tier NAME\n",
        ] {
            assert!(ran.err.contains(line), "{line}{}", ran.err);
        }
        let error = place.refused(1, &args);
        assert_eq!(
            (&error["code"], &error["rule"]["remaining"]),
            (&"tier_limit".into(), &"0.10000000".into())
        );
        // Under which rules that was decided is in the log, once.
        let changes = || {
            let list = place.json(&["audit", "list", "--action", "privilege_permissions_changed"]);
            list["entries"].as_array().unwrap().clone()
        };
        let recorded = changes();
        assert_eq!(recorded.len(), 1);
        assert_eq!(
            recorded[0]["details"]["custody.rules"]["limits"][0]["amount"],
            "0.3"
        );
        fs::remove_file(&file).unwrap();
        // Who only reads decides nothing under other rules, and writes nothing.
        place.run(&["asset", "list"]).expect(0);
        assert_eq!(changes().len(), 1);
        place
            .run(&["user", "create", "dan", "--role", "viewer"])
            .expect(0);
        assert_eq!(changes().len(), 2);
        place.run(&["audit", "verify"]).expect(0);
    });
}
