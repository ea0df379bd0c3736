//! Asking, waiting, using, reporting.

use serde_json::{Value, json};

use super::{Agent, Client, key_of, problem};
use crate::api::{Api, BOTH};
use crate::people::text;

/// What an agent asks for.
pub fn refund() -> Value {
    json!({"action": "payment.refund", "arguments": {"amount": 80, "customer": "c-17"}})
}

/// The arguments that use an approval for what was asked.
pub fn using(id: &str) -> Value {
    let mut arguments = refund();
    arguments["id"] = id.into();
    arguments
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_approved_runs_once_and_is_reported() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let client = agent.client(&api);
        let asked = client.call("propose_action", refund()).await;
        let who = client.call("whoami", json!({})).await;
        assert_eq!(
            (&asked["status"], &asked["agent"]),
            (&json!("pending"), &who["agent"]["id"]),
            "{asked}"
        );
        assert!(text(&asked, "page").ends_with(&text(&asked, "id")));
        let id = text(&asked, "id");
        let (code, _) = client.code("approval_use", using(&id)).await;
        assert_eq!(code, "approval_not_granted");
        let (code, _) = client
            .code("approval_outcome", json!({"id": id, "outcome": "succeeded"}))
            .await;
        assert_eq!(code, "approval_not_used");
        let vote = json!({"approve": true});
        agent
            .cora
            .post(&api, &format!("/v1/approvals/{id}/vote"), vote)
            .await;
        let shown = client
            .call("approval_status", json!({"id": id, "wait_seconds": 25}))
            .await;
        assert_eq!(shown["status"], "granted");
        let mut changed = using(&id);
        changed["arguments"]["amount"] = 800.into();
        let refused = client.refused("approval_use", changed).await;
        assert_eq!(refused["code"], "approval_differs");
        assert!(text(&refused, "next").contains("propose_action"), "{refused}");
        let used = client.call("approval_use", using(&id)).await;
        assert_eq!(used["status"], "used");
        let again = client.refused("approval_use", using(&id)).await;
        assert_eq!(again["code"], "approval_not_granted");
        assert!(
            text(&again, "next").starts_with("Do not carry the action out"),
            "{again}"
        );
        let done = json!({"id": id, "outcome": "succeeded", "result": {"refund": "r-1"}});
        for _ in 0..2 {
            let told = client.call("approval_outcome", done.clone()).await;
            assert_eq!(told["outcome"]["outcome"], "succeeded", "{told}");
        }
        let (code, _) = client
            .code("approval_outcome", json!({"id": id, "outcome": "failed"}))
            .await;
        assert_eq!(code, "approval_reported");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_agent_that_asked_uses_it() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let id = text(&agent.client(&api).call("propose_action", refund()).await, "id");
        let vote = json!({"approve": true});
        agent
            .cora
            .post(&api, &format!("/v1/approvals/{id}/vote"), vote)
            .await;
        let others = key_of(&api, &agent.owner, "other", &["governance"]).await;
        let other = Client::new(&api, &others);
        let refused = other.refused("approval_use", using(&id)).await;
        assert_eq!(
            (&refused["code"], &refused["status"]),
            (&json!("approval_not_own"), &json!(403)),
            "{refused}"
        );
        assert!(refused["entry"].is_u64(), "{refused}");
        agent.client(&api).call("approval_use", using(&id)).await;
        let (code, _) = other
            .code("approval_outcome", json!({"id": id, "outcome": "failed"}))
            .await;
        assert_eq!(code, "approval_not_own");
        let nothing = "01970000-0000-7000-8000-0000000000f9";
        assert_eq!(
            other.code("approval_status", json!({"id": nothing})).await.0,
            "unknown_approval"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vote_reaches_who_waits() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let client = agent.client(&api);
        let id = text(&client.call("propose_action", refund()).await, "id");
        let shown = client
            .call("approval_status", json!({"id": id, "wait_seconds": 0}))
            .await;
        assert_eq!(shown["status"], "pending");
        let waits = client.call("approval_status", json!({"id": id, "wait_seconds": 25}));
        let votes = async {
            while api.engine.waiting_for_approvals() == 0 {
                tokio::task::yield_now().await;
            }
            let vote = json!({"approve": false, "reason": "too much", "suggested_arguments": {"amount": 40}});
            agent
                .cora
                .post(&api, &format!("/v1/approvals/{id}/vote"), vote)
                .await
        };
        let (shown, got) = tokio::join!(waits, votes);
        assert_eq!(got.status, 200, "{}", got.text());
        assert_eq!(shown["status"], "rejected");
        assert_eq!(
            shown["votes"][0]["suggested_arguments"],
            json!({"amount": 40}),
            "{shown}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_client_elicits_is_a_vote() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let client = agent.client(&api);
        let id = text(&client.call("propose_action", refund()).await, "id");
        let yes = json!({"action": "accept", "content": {"approve": true}});
        let call = json!({"name": "approval_use", "arguments": using(&id), "inputResponses": {"approve": yes}, "requestState": "x"});
        let refused = problem(&client.result("tools/call", call).await);
        assert_eq!(refused["code"], "approval_not_granted");
        let shown = client.call("approval_status", json!({"id": id})).await;
        assert_eq!(
            (&shown["status"], &shown["votes"]),
            (&json!("pending"), &json!([])),
            "{shown}"
        );
    }
}
