//! KYC, destinations and approvals: what people decide.

use std::fs;

use serde_json::Value;

use crate::harness::{Place, Ran, on_both};

pub const PASSWORD: &str = "lantern orbit gravel";

/// BTC, ann with so much of it, and cleo and dora, who decide.
pub fn set_up(place: &Place, amount: &str, rules: &str) {
    fs::create_dir_all(place.path("config")).unwrap();
    fs::write(place.path("config/development.toml"), rules).unwrap();
    place
        .run(&[
            "asset", "create", "BTC", "--name", "Bitcoin", "--scale", "8", "--chain", "bitcoin",
        ])
        .expect(0);
    for name in ["ann", "bob"] {
        place.run(&["user", "create", name, "--role", "user"]).expect(0);
    }
    for name in ["cleo", "dora"] {
        compliance(place, name);
    }
    place
        .run(&["operation", "deposit", "user:ann", amount, "--asset", "BTC"])
        .expect(0);
}

/// Somebody who decides.
pub fn compliance(place: &Place, name: &str) {
    let words = ["user", "create", name, "--role", "compliance", "--password-stdin"];
    place.run_with(&words, PASSWORD).expect(0);
}

/// Runs it as a person, with JSON.
pub fn person(place: &Place, args: &[&str], name: &str, input: &str) -> Ran {
    let mut words = vec!["--output", "json"];
    words.extend(args);
    words.extend(["--as", name]);
    place.run_with(&words, input)
}

#[track_caller]
pub fn done(place: &Place, args: &[&str], name: &str) -> Value {
    person(place, args, name, PASSWORD).expect(0).json()
}

#[track_caller]
pub fn refused(place: &Place, args: &[&str], name: &str) -> Value {
    person(place, args, name, PASSWORD).expect(1).error()
}

pub fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

/// Submits for ann: the record's id, and its documents'.
pub fn submit(place: &Place, documents: &[&str]) -> (String, Vec<String>) {
    let mut words = vec!["kyc", "submit", "ann", "--tier", "1"];
    for document in documents {
        words.extend(["--document", document]);
    }
    let record = place.json(&words);
    let documents = record["documents"].as_array().unwrap().iter();
    (id(&record), documents.map(id).collect())
}

#[test]
fn a_kyc_record_is_submitted_checked_and_approved_by_a_person() {
    on_both(|place| {
        set_up(place, "1", "");
        fs::write(place.path("scan=1.pdf"), "abc").unwrap();
        let hex = "00".repeat(32);
        let (record, documents) = submit(place, &["passport=scan=1.pdf", &format!("selfie:{hex}")]);
        let shown = place.json(&["kyc", "show", &record]);
        let digests: Vec<_> = shown["documents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["sha256"])
            .collect();
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(
            digests.contains(&&abc.into()) && digests.contains(&&hex.as_str().into()),
            "{shown}"
        );

        let approve = ["kyc", "approve", &record];
        let error = place.refused(2, &approve);
        assert_eq!(error["code"], "person_needed");
        assert!(error["hint"].as_str().unwrap().contains("--as NAME"), "{error}");
        assert_eq!(refused(place, &approve, "cleo")["code"], "documents_unverified");
        // What was submitted on the command line is checked by someone else.
        let error = place.refused(1, &["kyc", "check", &record, &documents[0], "--verified"]);
        assert_eq!(error["code"], "own_submission");
        for document in &documents {
            done(place, &["kyc", "check", &record, document, "--verified"], "dora");
        }
        let wrong = person(place, &approve, "cleo", "wrong password here")
            .expect(1)
            .error();
        assert_eq!(wrong["code"], "invalid_credentials");
        let error = person(place, &approve, "ann", PASSWORD).expect(1).error();
        assert_eq!(error["code"], "invalid_credentials");
        let before = place.json(&["kyc", "tier", "ann"]);
        let approved = done(place, &approve, "cleo");
        assert_eq!(
            (&approved["status"], &before["tier"]),
            (&"approved".into(), &0.into())
        );
        let tier = |args: &[&str]| place.json(&[&["kyc", "tier", "ann"], args].concat())["tier"].clone();
        assert_eq!((tier(&[]), tier(&["--at", "1h"])), (1.into(), 0.into()));
        // Nobody stays logged in.
        assert_eq!(
            place.json(&["session", "list"])["sessions"],
            Value::Array(Vec::new())
        );
        for args in [
            &["kyc", "show", &record][..],
            &["kyc", "list", "--user", "ann"],
            &["kyc", "tier", "ann", "--at", "1h"],
        ] {
            place.narrow(args);
        }
        let count = |status| {
            let list = place.json(&["kyc", "list", "--status", status]);
            list["kyc_records"].as_array().unwrap().len()
        };
        assert_eq!((count("approved"), count("pending"), count("expired")), (1, 0, 0));
        let revoked = done(place, &["kyc", "revoke", &record, "--reason", "forged"], "cleo");
        assert_eq!(
            (&revoked["status"], &revoked["reason"]),
            (&"revoked".into(), &"forged".into())
        );
        assert_eq!(tier(&[]), 0);
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn a_kyc_record_is_rejected_and_its_input_checked() {
    on_both(|place| {
        set_up(place, "1", "");
        let error = place.refused(
            2,
            &[
                "kyc",
                "submit",
                "ann",
                "--tier",
                "1",
                "--document",
                "passport=gone.pdf",
            ],
        );
        assert_eq!(error["code"], "file");
        place
            .run(&["kyc", "submit", "ann", "--tier", "1", "--document", "photo=x"])
            .expect(2);
        let error = place.refused(1, &["kyc", "submit", "ann", "--tier", "3"]);
        assert_eq!(error["field"], "tier");
        let (record, documents) = submit(place, &[&format!("passport:{}", "ab".repeat(32))]);
        let ran = place.run(&["kyc", "submit", "ann", "--tier", "1"]).expect(1);
        assert!(
            ran.err
                .contains("\nrule: a user has one pending KYC record at most\n"),
            "{ran:?}"
        );
        let check = [
            "kyc",
            "check",
            &record,
            &documents[0],
            "--rejected",
            "--reason",
            "blurred",
        ];
        let checked = done(place, &check, "cleo");
        assert_eq!(checked["documents"][0]["reason"], "blurred");
        place
            .run(&["kyc", "check", &record, &documents[0], "--rejected"])
            .expect(2);
        place.run(&["kyc", "check", &record, &documents[0]]).expect(2);
        let rejected = done(
            place,
            &["kyc", "reject", &record, "--reason", "unreadable"],
            "cleo",
        );
        assert_eq!(rejected["status"], "rejected");
        let again = "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d";
        let error = place.refused(1, &["kyc", "show", again]);
        assert_eq!(error["code"], "unknown_kyc_record");
    });
}

#[test]
fn a_second_factor_is_asked_for() {
    on_both(|place| {
        set_up(place, "1", "");
        let (record, documents) = submit(place, &[&format!("passport:{}", "ab".repeat(32))]);
        done(
            place,
            &["kyc", "check", &record, &documents[0], "--verified"],
            "dora",
        );
        let (secret, recovery) = place.enrol("cleo", PASSWORD);
        let approve = ["kyc", "approve", &record];
        let error = person(place, &approve, "cleo", &format!("{PASSWORD}\n000000\n"))
            .expect(1)
            .error();
        assert_eq!(error["code"], "invalid_second_factor");
        let ran = person(place, &approve, "cleo", &format!("{PASSWORD}\n{recovery}\n")).expect(0);
        assert_eq!(ran.json()["status"], "approved");
        let code = crate::harness::code(&secret, 1);
        let revoke = ["kyc", "revoke", &record, "--reason", "forged"];
        let ran = person(place, &revoke, "cleo", &format!("{PASSWORD}\n{code}\n")).expect(0);
        assert_eq!(ran.json()["status"], "revoked");
    });
}

#[test]
fn a_withdrawal_goes_to_a_destination_with_the_approval_of_another_person() {
    on_both(|place| {
        let rules = "[custody]\ndestination_cooling_off_h = 0\n[[custody.thresholds]]\nasset = \"BTC\"\n\
                     kind = \"withdrawal\"\namount = \"0.2\"\nquorum = 2\n";
        set_up(place, "1", rules);
        let added = place.json(&[
            "destination",
            "add",
            "ann",
            "bc1qexample",
            "--asset",
            "BTC",
            "--label",
            "vault",
        ]);
        let withdraw = place.json(&[
            "operation",
            "withdraw",
            "user:ann",
            "0.3",
            "--asset",
            "BTC",
            "--destination",
            &id(&added),
        ]);
        assert_eq!(withdraw["status"], "pending");
        let start = ["operation", "start", &id(&withdraw)];
        let error = place.refused(1, &start);
        assert_eq!(
            (&error["code"], &error["rule"]["limit"]),
            (&"approval_required".into(), &"0.20000000".into())
        );
        assert!(
            error["hint"].as_str().unwrap().contains("--request-approval"),
            "{error}"
        );
        let asked = place.json(&[&start[..], &["--request-approval", "Ann called"]].concat());
        assert_eq!(
            (&asked["status"], &asked["quorum"]),
            (&"pending".into(), &2.into())
        );
        let approval = id(&asked);
        let vote = ["approval", "vote", &approval, "--approve"];
        assert_eq!(place.refused(2, &vote)["code"], "person_needed");
        assert_eq!(done(place, &vote, "cleo")["status"], "pending");
        let started = [&start[..], &["--approval", &approval]].concat();
        let error = place.refused(1, &started);
        assert_eq!(error["code"], "approval_not_granted");
        let text = place.narrow(&["approval", "show", &approval]);
        assert!(
            text.contains("start the withdrawal of 0.30000000 BTC from user:ann to")
                && text.contains("cleo, for it")
                && text.contains("Ann called"),
            "{text}"
        );
        place.narrow(&["approval", "list"]);
        assert_eq!(done(place, &vote, "dora")["status"], "granted");
        assert_eq!(place.json(&started)["status"], "processing");
        let complete = [
            "operation",
            "complete",
            &id(&withdraw),
            "--tx-hash",
            &"ff".repeat(32),
            "--tx-output",
            "1",
        ];
        assert_eq!(place.json(&complete)["status"], "completed");
        let list = |status| {
            let list = place.json(&["approval", "list", "--status", status]);
            list["approvals"].as_array().unwrap().len()
        };
        assert_eq!((list("used"), list("pending"), list("expired")), (1, 0, 0));
        let resolved = place.json(&["balance", "show", "user:ann", "--asset", "BTC"]);
        assert_eq!(resolved["posted"], "0.70000000");
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn an_operation_above_the_threshold_is_made_with_its_approval_and_no_other() {
    on_both(|place| {
        let rules = "[[custody.thresholds]]\nasset = \"BTC\"\nkind = \"transfer\"\namount = \"0.2\"\n";
        set_up(place, "1", rules);
        let transfer = |amount: &'static str, more: &[&str]| {
            let mut words: Vec<String> = [
                "operation",
                "transfer",
                "user:ann",
                "user:bob",
                amount,
                "--asset",
                "BTC",
            ]
            .map(str::to_owned)
            .to_vec();
            words.extend(more.iter().map(|word| (*word).to_owned()));
            words
        };
        let words = |words: &'_ [String]| {
            words
                .iter()
                .map(String::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let run = |args: Vec<String>, code| {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let mut all = vec!["--output", "json"];
            all.extend(args);
            place.run(&all).expect(code)
        };
        let asked = run(words(&transfer("0.5", &["--request-approval", "House sale"])), 0).json();
        let approval = id(&asked);
        let text = place.narrow(&["approval", "show", &approval]);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("make a transfer of 0.50000000 BTC from user:ann to"),
            "{text}"
        );
        done(place, &["approval", "vote", &approval, "--approve"], "cleo");
        let error = run(transfer("0.6", &["--approval", &approval]), 1).error();
        assert_eq!(error["code"], "approval_differs");
        run(transfer("0.5", &["--approval", &approval]), 0);
        let error = run(transfer("0.5", &["--approval", &approval]), 1).error();
        assert_eq!(error["code"], "approval_not_granted");
        run(transfer("0.2", &[]), 0);
    });
}

#[test]
fn approvals_of_other_things_are_asked_for_voted_on_and_withdrawn() {
    on_both(|place| {
        set_up(place, "1", "");
        // governance:approve is what this takes.
        place
            .run_with(
                &["user", "create", "gina", "--role", "admin", "--password-stdin"],
                PASSWORD,
            )
            .expect(0);
        let request = |version: &str| {
            let arguments = format!("{{\"version\": \"{version}\", \"a\": 1}}");
            place.json(&[
                "approval",
                "request",
                "deploy.production",
                "--arguments",
                &arguments,
                "--reason",
                "Fixes",
            ])
        };
        let first = id(&request("1"));
        let vote = ["approval", "vote", &first, "--reject", "--reason", "not today"];
        let voted = done(place, &vote, "gina");
        assert_eq!(
            (&voted["status"], &voted["votes"][0]["reason"]),
            (&"rejected".into(), &"not today".into())
        );
        let error = refused(place, &["approval", "vote", &first, "--approve"], "admin");
        assert_eq!(error["code"], "invalid_credentials");
        place
            .run(&["approval", "vote", &first, "--reject", "--as", "gina"])
            .expect(2);
        place.run(&["approval", "vote", &first, "--as", "gina"]).expect(2);
        let second = id(&request("2"));
        assert_eq!(
            place.json(&["approval", "withdraw", &second])["status"],
            "withdrawn"
        );
        let text = place.narrow(&["approval", "withdraw", &second]);
        assert!(text.contains("It was so already"), "{text}");
        let error = place.refused(1, &["approval", "withdraw", &first]);
        assert_eq!(error["code"], "approval_decided");
        place
            .run(&["approval", "request", "x", "--arguments", "[1]"])
            .expect(2);
        let error = place.refused(1, &["approval", "request", "X", "--arguments", "{}"]);
        assert_eq!(error["field"], "action");
        let error = place.refused(1, &["approval", "show", "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"]);
        assert_eq!(error["code"], "unknown_approval");
    });
}

#[test]
fn destinations_are_added_listed_and_removed() {
    on_both(|place| {
        set_up(place, "1", "");
        let add = ["destination", "add", "ann", "bc1qexample", "--asset", "BTC"];
        let added = place.json(&add);
        assert_eq!(place.refused(1, &add)["code"], "destination_exists");
        let error = place.refused(
            1,
            &[
                "operation",
                "withdraw",
                "user:ann",
                "0.3",
                "--asset",
                "BTC",
                "--destination",
                &id(&added),
            ],
        );
        assert_eq!(error["code"], "destination_cooling_off");
        let text = place.narrow(&["destination", "list", "--user", "ann"]);
        assert!(text.contains("bc1qexample") && text.contains("cooling"), "{text}");
        let remove = ["destination", "remove", &id(&added)];
        assert!(place.json(&remove)["removed_at"].is_string());
        assert!(place.narrow(&remove).contains("It was so already"));
        let count = |more: &[&str]| {
            let list = place.json(&[&["destination", "list"], more].concat());
            list["destinations"].as_array().unwrap().len()
        };
        assert_eq!((count(&[]), count(&["--removed"])), (0, 1));
        let error = place.refused(1, &["destination", "add", "ann", "two words", "--asset", "BTC"]);
        assert_eq!(error["field"], "address");
        let error = place.refused(
            1,
            &["destination", "remove", "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"],
        );
        assert_eq!(error["code"], "unknown_destination");
    });
}
