//! What policies make of a request, waiting for a decision, what came of it, and what proves it.

use domain::approval::Verdict;
use domain::approval::policy::{Condition, Policies, Policy, Test};
use domain::identity::{Role, Rules, Scope};
use evidence::bundle::BundleChecker;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Board, deploy};
use crate::api::{Api, BOTH, On};
use crate::people::{Person, ids, with_rules};

fn policy(action: &str, verdict: Verdict) -> Policy {
    Policy {
        action: action.to_owned(),
        agents: Vec::new(),
        conditions: Vec::new(),
        verdict,
        quorum: 1,
        expires_s: None,
        owner_may_vote: false,
    }
}

fn policies(rules: &mut Rules) {
    let small = Policy {
        conditions: vec![Condition {
            pointer: "/model".to_owned(),
            test: Test::OneOf(vec![json!("m-1"), json!("m-2")]),
        }],
        ..policy("model.*", Verdict::Allow)
    };
    let denied = policy("model.delete", Verdict::Deny);
    rules.policies = Policies::new(vec![small, denied]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn granted_pending_or_denied() {
    for on in BOTH {
        let api = with_rules(on, policies).await;
        let board = Board::new(&api).await;
        let with = |action: &str, model: &str| json!({"action": action, "arguments": {"model": model}});
        for (body, status, verdict, rule) in [
            (
                with("model.deploy", "m-1"),
                "granted",
                "allow",
                json!("governance.policies[0]"),
            ),
            (
                with("model.delete", "m-3"),
                "denied",
                "deny",
                json!("governance.policies[1]"),
            ),
            (with("model.deploy", "m-3"), "pending", "ask", Value::Null),
        ] {
            let got = board.dev.post(&api, "/v1/approvals", body.clone()).await;
            assert_eq!(got.status, 201, "{}", got.text());
            let made = got.json();
            assert_eq!(made["status"], status);
            assert_eq!(
                (&made["policy"]["verdict"], &made["policy"]["rule"]),
                (&json!(verdict), &rule)
            );
            let path = format!("/v1/approvals/{}", made["id"].as_str().unwrap());
            assert_eq!(board.dev.get(&api, &path).await.json()["status"], status);
            let list = board
                .dev
                .get(&api, &format!("/v1/approvals?status={status}"))
                .await;
            assert_eq!(ids(&list.json(), "approvals"), [made["id"].as_str().unwrap()]);
            let using = board.dev.post(&api, &format!("{path}/use"), body).await;
            match status {
                "granted" => assert_eq!(using.json()["status"], "used"),
                _ => using.assert_problem(409, "approval_not_granted", Some("approval")),
            }
            if status == "denied" {
                let vote = json!({"approve": true});
                let got = board.cora.post(&api, &format!("{path}/vote"), vote).await;
                got.assert_problem(409, "approval_decided", None);
            }
        }
        let rejected = board.dev.get(&api, "/v1/approvals?status=rejected").await.json();
        assert_eq!(rejected["approvals"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_gets_the_decision() {
    for on in BOTH {
        let api = Api::new(on).await;
        let board = Board::new(&api).await;
        let path = board.asked(&api, &board.dev, deploy()).await;
        let waiting = format!("{path}?wait=30");
        let waits = board.dev.get(&api, &waiting);
        let votes = async {
            while api.engine.waiting_for_approvals() == 0 {
                tokio::task::yield_now().await;
            }
            board.vote_for(&api, &board.cora, &path).await;
        };
        let (got, ()) = tokio::join!(waits, votes);
        assert_eq!(
            (got.status.as_u16(), &got.json()["status"]),
            (200, &json!("granted"))
        );
        assert_eq!(got.header("etag"), "\"2\"");
        // What is decided is not waited for.
        let got = board.dev.get(&api, &waiting).await;
        assert_eq!(got.json()["status"], "granted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_has_bounds() {
    let api = Api::new(On::Sqlite).await;
    let board = Board::new(&api).await;
    let path = board.asked(&api, &board.dev, deploy()).await;
    for wait in ["31", "-1", "1.5", "x", "99999999999999999999"] {
        let got = board.dev.get(&api, &format!("{path}?wait={wait}")).await;
        got.assert_problem(400, "invalid_field", Some("wait"));
    }
    let got = board.dev.get(&api, &format!("{path}?wait=0")).await;
    assert_eq!(got.json()["status"], "pending");
    // Nobody waits for what they may not see.
    let ann = Person::new(&api, "ann", Role::USER).await;
    let got = ann.get(&api, &format!("{path}?wait=30")).await;
    got.assert_problem(404, "unknown_approval", Some("id"));
    let nobody = format!("/v1/approvals/{}?wait=30", Uuid::now_v7());
    let got = board.cora.get(&api, &nobody).await;
    got.assert_problem(404, "unknown_approval", Some("id"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_of_it_is_said_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        let board = Board::new(&api).await;
        let path = board.asked(&api, &board.dev, deploy()).await;
        let (outcome, done) = (
            format!("{path}/outcome"),
            json!({"outcome": "succeeded", "result": {"n": 0.5}}),
        );
        let got = board.dev.post(&api, &outcome, done.clone()).await;
        got.assert_problem(409, "approval_not_used", None);
        board.vote_for(&api, &board.cora, &path).await;
        board.dev.post(&api, &format!("{path}/use"), deploy()).await;
        let got = board.root.post(&api, &outcome, done.clone()).await;
        got.assert_problem(403, "approval_not_own", None);
        let first = board.dev.post(&api, &outcome, done.clone()).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let shown = first.json();
        assert_eq!(
            (
                &shown["outcome"]["outcome"],
                &shown["outcome"]["result"],
                &shown["unreported"]
            ),
            (&json!("succeeded"), &json!({"n": 0.5}), &json!(false))
        );
        let size = api.size().await;
        assert_eq!(board.dev.post(&api, &outcome, done).await.json(), shown);
        assert_eq!(api.size().await, size);
        let got = board.dev.post(&api, &outcome, json!({"outcome": "failed"})).await;
        got.assert_problem(409, "approval_reported", None);
        let list = board.dev.get(&api, "/v1/approvals?outcome=succeeded").await;
        assert_eq!(ids(&list.json(), "approvals").len(), 1);
        for other in ["failed", "missing"] {
            let list = board
                .dev
                .get(&api, &format!("/v1/approvals?outcome={other}"))
                .await;
            assert_eq!(list.json()["approvals"], json!([]));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vote_against_it_suggests_what_else_to_ask_for() {
    let api = Api::new(On::Sqlite).await;
    let board = Board::new(&api).await;
    let path = board.asked(&api, &board.dev, deploy()).await;
    let vote =
        json!({"approve": false, "reason": "too new", "suggested_arguments": {"model": "m-6", "at": 0.5}});
    let got = board.cora.post(&api, &format!("{path}/vote"), vote.clone()).await;
    let shown = &got.json()["votes"][0];
    assert_eq!(shown["suggested_arguments"], vote["suggested_arguments"]);
    assert_eq!(shown["second_factor"], false);
    assert!(shown["session"].is_string());
    let mut other = deploy();
    other["arguments"] = vote["suggested_arguments"].clone();
    let got = board.dev.post(&api, &format!("{path}/use"), other).await;
    got.assert_problem(409, "approval_differs", Some("approval"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_evidence_is_a_bundle_for_those_who_read_the_log() {
    for on in BOTH {
        let api = with_rules(on, policies).await;
        let board = Board::new(&api).await;
        let path = board.asked(&api, &board.dev, deploy()).await;
        board.vote_for(&api, &board.cora, &path).await;
        board.dev.post(&api, &format!("{path}/use"), deploy()).await;
        let evidence = format!("{path}/evidence");
        let got = board.root.get(&api, &evidence).await;
        assert_eq!(got.header("content-type"), "application/vnd.probity.bundle+jsonl");
        let mut checker = BundleChecker::new(api.engine.verifier_key().clone());
        for line in got.text().lines() {
            checker.line(line).unwrap();
        }
        let proved = checker.finish().unwrap().approval.unwrap();
        assert!(proved.complete && proved.used.is_some() && proved.reported.is_none());
        assert_eq!(proved.text("arguments"), Some(r#"{"at":0.5,"model":"m-7"}"#));
        assert!(proved.policies.is_some());
        let ann = Person::new(&api, "ann", Role::USER).await;
        let got = ann.get(&api, &evidence).await;
        got.assert_problem(403, "permission_missing", None);
        let (key, _) = api.new_key("root", &[Scope::Governance]).await;
        let got = api.call_as(&key, "GET", &evidence, &Value::Null).await;
        got.assert_problem(403, "scope_missing", None);
        let nobody = format!("/v1/approvals/{}/evidence", Uuid::now_v7());
        let got = board.root.get(&api, &nobody).await;
        got.assert_problem(404, "unknown_approval", Some("id"));
    }
}
