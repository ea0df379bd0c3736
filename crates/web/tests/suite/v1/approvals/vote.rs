//! Voting, and using what was granted.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Board, deploy};
use crate::api::{Api, BOTH, On};
use crate::people::Person;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enough_votes_grant_it_and_it_is_used_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        let board = Board::new(&api).await;
        let mut body = deploy();
        body["quorum"] = json!(2);
        let path = board.asked(&api, &board.dev, body).await;
        let (vote, once) = (format!("{path}/vote"), format!("{path}/use"));
        let got = board.dev.post(&api, &once, deploy()).await;
        got.assert_problem(409, "approval_not_granted", Some("approval"));
        let first = board.vote_for(&api, &board.cora, &path).await;
        assert_eq!(
            (&first["status"], &first["votes_for"], &first["version"]),
            (&json!("pending"), &json!(1), &json!(1))
        );
        let size = api.size().await;
        assert_eq!(board.vote_for(&api, &board.cora, &path).await, first);
        let dry = board
            .carl
            .post(&api, &format!("{vote}?dry_run=true"), json!({"approve": true}))
            .await
            .json();
        assert_eq!(
            (&dry["status"], &dry["dry_run"]),
            (&json!("granted"), &json!(true))
        );
        assert_eq!(api.size().await, size);
        let reason = json!({"approve": true, "reason": "looks right"});
        let got = board.carl.post(&api, &vote, reason).await;
        assert_eq!((got.status.as_u16(), got.header("etag")), (200, "\"2\""));
        let granted = got.json();
        assert_eq!(
            (&granted["status"], &granted["votes_for"]),
            (&json!("granted"), &json!(2))
        );
        let votes = granted["votes"].as_array().unwrap();
        assert_eq!(votes.len(), 2);
        assert_eq!(
            (&votes[1]["user"], &votes[1]["approve"], &votes[1]["reason"]),
            (&json!(board.carl.id), &json!(true), &json!("looks right"))
        );
        let got = board.root.post(&api, &vote, json!({"approve": true})).await;
        got.assert_problem(409, "approval_decided", None);
        let mut other = deploy();
        other["arguments"]["model"] = json!("m-8");
        let got = board.dev.post(&api, &once, other).await;
        got.assert_problem(409, "approval_differs", Some("approval"));
        let got = board.root.post(&api, &once, deploy()).await;
        got.assert_problem(403, "approval_not_own", Some("approval"));
        let dry = board
            .dev
            .post(&api, &format!("{path}/use?dry_run=true"), deploy())
            .await;
        assert_eq!(dry.json()["status"], "used");
        // The members in another order are the same arguments.
        let same = json!({"arguments": {"at": 0.5, "model": "m-7"}, "action": "model.deploy"});
        let got = board.dev.post(&api, &once, same).await;
        assert_eq!(
            (got.status.as_u16(), &got.json()["status"]),
            (200, &json!("used"))
        );
        assert!(got.json()["used_at"].is_string());
        let got = board.dev.post(&api, &once, deploy()).await;
        got.assert_problem(409, "approval_not_granted", Some("approval"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_vote_against_it_rejects_it() {
    for on in BOTH {
        let api = Api::new(on).await;
        let board = Board::new(&api).await;
        let mut body = deploy();
        body["quorum"] = json!(3);
        let path = board.asked(&api, &board.dev, body).await;
        board.vote_for(&api, &board.cora, &path).await;
        // Who changes their mind has one vote all the same.
        let against = json!({"approve": false, "reason": "the evaluation is too old"});
        let got = board
            .cora
            .post(&api, &format!("{path}/vote"), against)
            .await
            .json();
        assert_eq!(
            (
                &got["status"],
                &got["votes_for"],
                got["votes"].as_array().unwrap().len()
            ),
            (&json!("rejected"), &json!(0), 1)
        );
        let got = board.dev.post(&api, &format!("{path}/use"), deploy()).await;
        got.assert_problem(409, "approval_not_granted", Some("approval"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_vote_on_what() {
    let mut rules = domain::identity::Rules::default();
    let only = |permission| vec![permission, domain::identity::Permission::ApprovalsRead];
    for (name, permission) in [
        ("custodian", domain::identity::Permission::CustodyApprove),
        ("governor", domain::identity::Permission::GovernanceApprove),
    ] {
        let role = Role::parse(name).unwrap();
        rules.define(role, "Votes".into(), only(permission)).unwrap();
    }
    let identity = engine::IdentityOptions {
        rules: std::sync::Arc::new(rules),
        ..engine::IdentityOptions::default()
    };
    let api = Api::identity(On::Sqlite, identity).await;
    let board = Board::new(&api).await;
    let custodian = Person::new(&api, "custodian", Role::parse("custodian").unwrap()).await;
    let governor = Person::new(&api, "governor", Role::parse("governor").unwrap()).await;
    let vote = json!({"approve": true});
    let freeze = json!({"action": "balance.freeze", "arguments": {}});
    for (body, may, may_not) in [(freeze, &custodian, &governor), (deploy(), &governor, &custodian)] {
        let path = board.asked(&api, &board.root, body).await;
        let path = format!("{path}/vote");
        let got = may_not.post(&api, &path, vote.clone()).await;
        got.assert_problem(403, "permission_missing", None);
        let got = board.root.post(&api, &path, vote.clone()).await;
        got.assert_problem(403, "own_request", None);
        assert!(got.json()["lifted_by"].is_string());
        let got = may.post(&api, &path, vote.clone()).await;
        assert_eq!(got.json()["status"], "granted", "{}", got.text());
    }
    // Who may vote on nothing does not learn what is there; a key votes on nothing.
    let path = board.asked(&api, &board.root, deploy()).await;
    let nobody = format!("/v1/approvals/{}", Uuid::now_v7());
    let (key, _) = api.new_key("cora", &[Scope::Admin]).await;
    for path in [format!("{path}/vote"), format!("{nobody}/vote")] {
        let got = board.dev.post(&api, &path, vote.clone()).await;
        got.assert_problem(403, "permission_missing", None);
        let got = api.call_as(&key, "POST", &path, &vote).await;
        got.assert_problem(403, "session_needed", None);
    }
    let got = board.cora.post(&api, &format!("{nobody}/vote"), vote).await;
    got.assert_problem(404, "unknown_approval", Some("id"));
    let got = board.dev.post(&api, &format!("{nobody}/use"), deploy()).await;
    got.assert_problem(404, "unknown_approval", Some("approval"));
    let votes = board.root.get(&api, &path).await.json()["votes"].clone();
    assert_eq!(votes, Value::Array(vec![]));
}
