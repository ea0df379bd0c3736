//! Who approves sees what is approved, and is not paid by it.

use domain::custody::OperationKind;
use domain::custody::rules::ThresholdRule;
use domain::identity::{Permission, Role};
use serde_json::{Value, json};

use super::Board;
use crate::api::{Api, BOTH, On};
use crate::custody::{deposit, make};
use crate::people::{Person, assert_documented, bitcoin, text, with_rules};

const ADDRESS: &str = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";

/// Withdrawals, transfers and reversals of more than 1 BTC need one other; a destination can be used at once. The role
/// `voter` votes on payments, and reads approvals alone: neither users, nor operations, nor destinations.
async fn api(on: On) -> Api {
    let api = with_rules(on, |rules| {
        rules.custody.cooling_off_s = 0;
        let kinds = [
            OperationKind::Withdrawal,
            OperationKind::Transfer,
            OperationKind::Reversal,
        ];
        rules.custody.thresholds = kinds
            .map(|kind| ThresholdRule {
                asset: "BTC".into(),
                kind,
                amount: "1".into(),
                quorum: 1,
            })
            .into();
        let voter = Role::parse("voter").unwrap();
        let permissions = vec![Permission::CustodyApprove, Permission::ApprovalsRead];
        rules.define(voter, "Votes".into(), permissions).unwrap();
    })
    .await;
    bitcoin(&api).await;
    api
}

/// A pending withdrawal of this user's to a labelled destination: its id, and the destination's.
async fn withdrawal(api: &Api, user: &str, amount: &str) -> (String, String) {
    let body = json!({"user": user, "asset": "BTC", "address": ADDRESS, "label": "cold wallet"});
    let made = api.call("POST", "/v1/destinations", body).await.json();
    let destination = text(&made, "id");
    let body = json!({"kind": "withdrawal", "asset": "BTC", "amount": amount, "debit": format!("user:{user}"),
        "destination": destination, "reference": "invoice 7"});
    (text(&make(api, body).await, "id"), destination)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_approves_sees_address_label_amount_and_name() {
    for on in BOTH {
        let api = api(on).await;
        let board = Board::new(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let voter = Person::new(&api, "vera", Role::parse("voter").unwrap()).await;
        deposit(&api, "user:ann", "10").await;
        let (operation, destination) = withdrawal(&api, "ann", "2.5").await;
        let body = json!({"action": "operation.start", "arguments": {"operation": operation}});
        let asked = board.root.post(&api, "/v1/approvals", body).await.json();
        assert_documented(&asked, "Approval");
        let path = format!("/v1/approvals/{}", text(&asked, "id"));
        let seen = json!({"id": destination, "address": ADDRESS, "label": "cold wallet", "removed_at": null});
        let listed = board.cora.get(&api, "/v1/approvals").await.json()["approvals"][0].clone();
        let alone = board.cora.get(&api, &path).await.json();
        // Who votes sees it, whatever else they may not read.
        let bare = voter.get(&api, &path).await.json();
        for approval in [&asked, &listed, &alone, &bare] {
            assert_eq!(approval["arguments"], json!({"operation": operation}));
            let shown = &approval["shown"];
            assert_eq!(
                (
                    &shown["kind"],
                    &shown["amount"],
                    &shown["asset"],
                    &shown["reference"]
                ),
                (
                    &json!("withdrawal"),
                    &json!("2.50000000"),
                    &json!("BTC"),
                    &json!("invoice 7")
                )
            );
            assert_eq!(
                (&shown["debit"]["name"], &shown["debit"]["account"]),
                (&json!("ann"), &json!(format!("user:{}", ann.id)))
            );
            let mut there = shown["destination"].clone();
            there.as_object_mut().unwrap().remove("usable_at").unwrap();
            assert_eq!(there, seen);
        }
        let after = board.vote_for(&api, &voter, &path).await;
        assert_eq!(after["shown"]["destination"]["address"], ADDRESS);
    }
}

/// A payment to somebody who has no balance yet is the one to look at twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_paid_is_named_before_the_balance_is_open() {
    for on in BOTH {
        let api = api(on).await;
        let board = Board::new(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let new = Person::new(&api, "new", Role::USER).await;
        deposit(&api, "user:ann", "10").await;
        let arguments = json!({"kind": "transfer", "asset": "BTC", "amount": "2.5",
            "debit": format!("user:{}", ann.id), "credit": format!("user:{}", new.id)});
        let body = json!({"action": "operation.create", "arguments": arguments});
        let path = board.asked(&api, &ann, body).await;
        let shown = board.cora.get(&api, &path).await.json()["shown"].clone();
        assert_eq!(
            (&shown["credit"]["name"], &shown["amount"]),
            (&json!("new"), &json!("2.50000000"))
        );
        // Who asks learns no name that they may not read.
        let own = ann.get(&api, &path).await.json()["shown"].clone();
        assert_eq!(
            (
                &own["debit"]["name"],
                own["credit"].get("name"),
                &own["credit"]["account"]
            ),
            (&json!("ann"), None, &json!(format!("user:{}", new.id)))
        );
    }
}

/// An action of one's own is shown as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_actions_have_nothing_to_spell_out() {
    let api = api(On::Sqlite).await;
    let board = Board::new(&api).await;
    for (action, arguments) in [
        ("model.deploy", json!({"model": "m-7"})),
        ("destination.add", json!({"user": "ann"})),
    ] {
        let body = json!({"action": action, "arguments": arguments});
        let path = board.asked(&api, &board.dev, body).await;
        let shown = board.cora.get(&api, &path).await.json();
        assert_eq!((&shown["shown"], &shown["arguments"]), (&Value::Null, &arguments));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_paid_does_not_vote_on_the_payment() {
    for on in BOTH {
        let api = api(on).await;
        let board = Board::new(&api).await;
        for name in ["ann", "cora"] {
            if name == "ann" {
                Person::new(&api, name, Role::USER).await;
            }
            deposit(&api, &format!("user:{name}"), "10").await;
        }
        let transfer = |credit: &str| {
            json!({"action": "operation.create", "arguments": {"kind": "transfer", "asset": "BTC", "amount": "2",
                "debit": "user:ann", "credit": credit}})
        };
        let (operation, _) = withdrawal(&api, "cora", "2").await;
        let start = json!({"action": "operation.start", "arguments": {"operation": operation}});
        for body in [transfer("user:cora"), start] {
            let path = board.asked(&api, &board.root, body).await;
            let vote = format!("{path}/vote");
            for choice in [
                json!({"approve": true}),
                json!({"approve": false, "reason": "no"}),
            ] {
                let got = board.cora.post(&api, &vote, choice).await;
                got.assert_problem(403, "own_payment", None);
                assert_eq!(
                    got.json()["lifted_by"],
                    "who holds custody:approve, and is not the one who is paid"
                );
            }
            let granted = board.vote_for(&api, &board.carl, &path).await;
            assert_eq!(granted["status"], "granted");
        }
        let path = board.asked(&api, &board.root, transfer("house:fees")).await;
        assert_eq!(
            board.vote_for(&api, &board.cora, &path).await["status"],
            "granted"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_above_the_threshold_is_approved_by_another() {
    for on in BOTH {
        let api = api(on).await;
        let board = Board::new(&api).await;
        Person::new(&api, "ann", Role::USER).await;
        let made = deposit(&api, "user:ann", "10").await;
        let reversal = json!({"kind": "reversal", "reverses": made["id"]});
        let got = board.root.post(&api, "/v1/operations", reversal.clone()).await;
        got.assert_problem(409, "approval_required", Some("approval"));
        let body = json!({"action": "operation.create", "arguments": reversal});
        let path = board.asked(&api, &board.root, body).await;
        board.vote_for(&api, &board.cora, &path).await;
        let id = path.rsplit('/').next().unwrap();
        let approved = json!({"kind": "reversal", "reverses": made["id"], "approval": id});
        let got = board.root.post(&api, "/v1/operations", approved).await;
        assert_eq!(
            (got.status.as_u16(), &got.json()["status"]),
            (201, &json!("completed")),
            "{}",
            got.text()
        );
    }
}
