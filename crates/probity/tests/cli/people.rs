//! What people see before they decide, and what they find afterwards.

use serde_json::Value;

use crate::approvals::{PASSWORD, done, id, refused, set_up, submit};
use crate::harness::on_both;

#[test]
fn who_approves_sees_what_is_approved() {
    on_both(|place| {
        let rules = "[custody]\ndestination_cooling_off_h = 0\n[[custody.thresholds]]\nasset = \"BTC\"\n\
            kind = \"withdrawal\"\namount = \"0.2\"\n";
        set_up(place, "1", rules);
        let address = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
        let add = [
            "destination",
            "add",
            "ann",
            address,
            "--asset",
            "BTC",
            "--label",
            "cold wallet",
        ];
        let destination = id(&place.json(&add));
        let out = place.json(&[
            "operation",
            "withdraw",
            "user:ann",
            "0.25",
            "--asset",
            "BTC",
            "--destination",
            &destination,
        ]);
        let start = [
            "operation",
            "start",
            &id(&out),
            "--request-approval",
            "her request",
        ];
        let asked = place.json(&start);
        let shown = place.json(&["approval", "show", &id(&asked)]);
        let listed = place.json(&["approval", "list"])["approvals"][0].clone();
        for approval in [&asked, &shown, &listed] {
            let about = &approval["shown"];
            assert_eq!(
                (
                    &about["amount"],
                    &about["debit"]["name"],
                    &about["destination"]["address"]
                ),
                (&"0.25000000".into(), &"ann".into(), &address.into())
            );
            assert_eq!(about["destination"]["label"], "cold wallet");
            assert_eq!(approval["arguments"], serde_json::json!({"operation": id(&out)}));
        }
        for args in [&start[..], &["approval", "show", &id(&asked)]] {
            let text = place.narrow(args);
            for word in [address, "(cold wallet)", "0.25000000 BTC", "user:ann"] {
                assert!(text.contains(word), "{word}: {text}");
            }
        }
        // A payment to somebody who has no balance yet names them too.
        let pay = [
            "operation",
            "transfer",
            "user:ann",
            "user:bob",
            "0.3",
            "--asset",
            "BTC",
        ];
        let asked = place.narrow(&[&pay[..], &["--request-approval", "rent"]].concat());
        assert!(
            asked.contains("0.30000000 BTC") && asked.contains("user:bob"),
            "{asked}"
        );
        let vote = ["approval", "vote", &id(&shown), "--approve"];
        let text = place.run_with(&[&vote[..], &["--as", "cleo"]].concat(), PASSWORD);
        assert!(text.expect(0).out.contains(address));
    });
}

#[test]
fn who_is_paid_does_not_vote_on_the_payment() {
    on_both(|place| {
        set_up(place, "1", "");
        let pay = [
            "operation",
            "transfer",
            "user:ann",
            "user:cleo",
            "0.3",
            "--asset",
            "BTC",
        ];
        let asked = place.json(&[&pay[..], &["--request-approval", "a gift"]].concat());
        let vote = ["approval", "vote", &id(&asked), "--approve"];
        let error = refused(place, &vote, "cleo");
        assert_eq!(error["code"], "own_payment");
        assert_eq!(done(place, &vote, "dora")["status"], "granted");
    });
}

#[test]
fn a_reversal_above_the_threshold_needs_an_approval() {
    on_both(|place| {
        let rules = "[[custody.thresholds]]\nasset = \"BTC\"\nkind = \"reversal\"\namount = \"0.2\"\n";
        set_up(place, "1", rules);
        let paid = |amount: &str| {
            id(&place.json(&[
                "operation",
                "transfer",
                "user:ann",
                "user:bob",
                amount,
                "--asset",
                "BTC",
            ]))
        };
        place.run(&["operation", "reverse", &paid("0.2")]).expect(0);
        let large = paid("0.3");
        let reverse = ["operation", "reverse", &large];
        assert_eq!(place.refused(1, &reverse)["code"], "approval_required");
        let asked = place.json(&[&reverse[..], &["--request-approval", "paid twice"]].concat());
        assert_eq!(asked["shown"]["kind"], "reversal");
        done(place, &["approval", "vote", &id(&asked), "--approve"], "cleo");
        let asked = id(&asked);
        let approved = [&reverse[..], &["--approval", &asked]].concat();
        assert_eq!(place.json(&approved)["status"], "completed");
    });
}

#[test]
fn a_destination_is_shown() {
    on_both(|place| {
        set_up(place, "1", "");
        let add = [
            "destination",
            "add",
            "ann",
            "bc1qexample",
            "--asset",
            "BTC",
            "--label",
            "cold wallet",
        ];
        let added = id(&place.json(&add));
        let show = ["destination", "show", &added];
        let shown = place.json(&show);
        assert_eq!(
            (&shown["address"], &shown["label"], &shown["removed_at"]),
            (&"bc1qexample".into(), &"cold wallet".into(), &Value::Null)
        );
        let text = place.narrow(&show);
        for word in ["bc1qexample", "cold wallet", "ann", "cooling", "BTC"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        place.run(&["destination", "remove", &added]).expect(0);
        assert!(place.narrow(&show).contains("removed"));
        let error = place.refused(
            1,
            &["destination", "show", "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"],
        );
        assert_eq!(error["code"], "unknown_destination");
    });
}

#[test]
fn a_user_is_shown_with_kyc_and_balances() {
    on_both(|place| {
        set_up(place, "0.75", "");
        let (record, documents) = submit(place, &[&format!("passport:{}", "ab".repeat(32))]);
        let check = ["kyc", "check", &record, &documents[0], "--verified"];
        done(place, &check, "dora");
        done(place, &["kyc", "approve", &record], "cleo");
        let shown = place.json(&["user", "show", "ann"]);
        assert_eq!(
            (&shown["kyc"]["tier"], &shown["kyc"]["records"][0]["id"]),
            (&1.into(), &record.as_str().into())
        );
        let balances = place.json(&["balance", "list", "--user", "ann"]);
        assert_eq!(shown["balances"]["records"], balances["balances"]);
        assert_eq!(shown["balances"]["records"][0]["posted"], "0.75000000");
        let text = place.narrow(&["user", "show", "ann"]);
        for word in ["KYC records:", &record, "approved", "Balances:", "0.75000000"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        // Who has neither has no table of it.
        let bare = place.narrow(&["user", "show", "bob"]);
        assert!(!bare.contains("KYC") && !bare.contains("Balances"), "{bare}");
    });
}

#[test]
fn operations_are_found_by_reference_time_and_what_they_reverse() {
    on_both(|place| {
        set_up(place, "1", "");
        let pay = |reference: &str| {
            let words = [
                "operation",
                "transfer",
                "user:ann",
                "user:bob",
                "0.1",
                "--asset",
                "BTC",
            ];
            place.json(&[&words[..], &["--reference", reference]].concat())
        };
        let (first, second) = (pay("order 7"), pay("order 8"));
        let reversal = id(&place.json(&["operation", "reverse", &id(&first)]));
        let found = |args: &[&str]| -> Vec<String> {
            let list = place.json(&[&["operation", "list", "--order", "oldest"], args].concat());
            list["operations"].as_array().unwrap().iter().map(id).collect()
        };
        let time = |made: &Value| made["created_at"].as_str().unwrap().to_owned();
        assert_eq!(found(&["--reference", "order 8"]), [id(&second)]);
        assert_eq!(found(&["--reverses", &id(&first)]), [&*reversal]);
        assert_eq!(
            found(&["--from", &time(&first), "--to", &time(&second)]),
            [id(&first)]
        );
        assert_eq!(found(&["--from", &time(&second)]), [id(&second), reversal]);
        let text = place.narrow(&["operation", "list", "--reference", "order 7"]);
        assert!(text.contains(&id(&first)), "{text}");
    });
}
