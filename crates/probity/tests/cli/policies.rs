//! Policies of approvals: what is granted, asked and denied, and what proves it.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::approvals::{compliance, done, id};
use crate::harness::{Place, on_both, run, verifier};

const POLICIES: &str = r#"
[[governance.policies]]
action = "payment.refund"
agents = ["support-*"]
verdict = "allow"
[[governance.policies.conditions]]
pointer = "/amount"
at_most = 50

[[governance.policies]]
action = "payment.*"
verdict = "ask"
quorum = 2

[[governance.policies]]
action = "user.delete"
verdict = "deny"
"#;

fn set_up(place: &Place, policies: &str) {
    fs::create_dir_all(place.path("config")).unwrap();
    fs::write(place.path("config/development.toml"), policies).unwrap();
}

fn ask(place: &Place, action: &str, arguments: &str) -> Value {
    place.json(&["approval", "request", action, "--arguments", arguments])
}

#[test]
fn which_policy_decides_and_why() {
    on_both(|place| {
        set_up(place, POLICIES);
        let asked = |request: Value, more: &[&str]| {
            fs::write(place.path("request.json"), request.to_string()).unwrap();
            let mut words = vec!["policy", "test", "request.json"];
            words.extend(more);
            place.json(&words)
        };
        let refund = |amount: u64| json!({"action": "payment.refund", "arguments": {"amount": amount}});
        let agent = &["--agent", "support-1"];
        for (request, more, verdict, rule, quorum) in [
            (
                refund(50),
                &agent[..],
                "allow",
                json!("governance.policies[0]"),
                1,
            ),
            (refund(51), &agent[..], "ask", json!("governance.policies[1]"), 2),
            (refund(50), &[], "ask", json!("governance.policies[1]"), 2),
            (
                json!({"action": "user.delete", "arguments": {}}),
                &[],
                "deny",
                json!("governance.policies[2]"),
                1,
            ),
            (
                json!({"action": "other", "arguments": {}, "quorum": 3, "reason": "x"}),
                &[],
                "ask",
                Value::Null,
                3,
            ),
        ] {
            let said = asked(request, more);
            let expected = (json!(verdict), rule, json!(quorum));
            assert_eq!(
                (
                    said["verdict"].clone(),
                    said["rule"].clone(),
                    said["quorum"].clone()
                ),
                expected
            );
        }
        let why = asked(refund(51), agent);
        let expected = "\"/amount\" must be a number of at most 50, and is not";
        assert_eq!(why["asked"][0]["why_not"], expected);
        let text = place.run(&["policy", "test", "request.json", "--agent", "support-1"]);
        let text = text.expect(0).out;
        assert!(
            text.contains("It is pending until 2 vote for it: governance.policies[1] decides."),
            "{text}"
        );
        fs::write(
            place.path("request.json"),
            r#"{"action":"a","arguments":{"a":1,"a":2}}"#,
        )
        .unwrap();
        let ran = place.run(&["policy", "test", "request.json"]).expect(2);
        assert!(ran.err.contains("given twice"), "{}", ran.err);
        set_up(place, &POLICIES.replace("quorum = 2", "quorum = 11"));
        let ran = place.run(&["policy", "test", "request.json"]).expect(2);
        let expected = "config/development.toml: governance.policies[1].quorum: is 11: it must be 1 to 10";
        assert!(ran.err.contains(expected), "{}", ran.err);
    });
}

#[test]
fn from_a_request_to_its_proof() {
    on_both(|place| {
        set_up(place, POLICIES);
        for name in ["cleo", "dora"] {
            compliance(place, name);
        }
        let denied = ask(place, "user.delete", "{}");
        assert_eq!(
            (&denied["status"], &denied["policy"]["verdict"]),
            (&json!("denied"), &json!("deny"))
        );
        let pending = ask(place, "payment.refund", r#"{"amount":80}"#);
        let approval = id(&pending);
        for name in ["cleo", "dora"] {
            done(place, &["approval", "vote", &approval, "--approve"], name);
        }
        let arguments = &["--arguments", r#"{"amount":80}"#];
        let mut using = vec!["approval", "use", &approval, "payment.refund"];
        using.extend(arguments);
        place.run(&using).expect(0);
        let report = [
            "approval",
            "outcome",
            &approval,
            "failed",
            "--result",
            r#"{"error":"no account"}"#,
        ];
        assert_eq!(place.json(&report)["outcome"]["outcome"], "failed");
        let evidence = place.run(&["approval", "evidence", &approval]).expect(0).out;
        fs::write(place.path("approval.jsonl"), evidence).unwrap();
        let key = place.run(&["audit", "key"]).expect(0).out;
        let mut verify = Command::new(verifier());
        verify
            .args(["bundle", "approval.jsonl", "--key", key.trim(), "--review"])
            .current_dir(place.path("."));
        let told = run(verify, "").expect(0).out;
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            r#"it is for payment.refund with exactly {"amount":80}"#,
            "rule 1, counted from 0, decides): ask",
            "these policies are in entry",
            "voted for it, without a second factor: user cleo",
            "used once, by external os:",
            r#"reported as failed, with {"error":"no account"}"#,
            "the whole, which is its weakest answer: independently re-checkable",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        place.refused(
            1,
            &["approval", "evidence", "01a225be-5852-7cbc-b7c4-aeed78378c90"],
        );
        place.run(&["audit", "verify"]).expect(0);
    });
}
