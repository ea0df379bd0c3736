//! A little world of custody: an asset, people with money, operations that stand somewhere.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, Got, On};

pub const HASH: &str = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
pub const OPERATIONS: &str = "/v1/operations";

/// An API with BTC, and ann and bob, who use it with their own keys; ann has 10 BTC.
pub struct World {
    pub api: Api,
    pub ann: Uuid,
    pub bob: Uuid,
    pub ann_key: String,
    pub bob_key: String,
}

impl World {
    pub async fn new(on: On) -> World {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::USER).await;
        let bob = api.new_person("bob", Role::USER).await;
        let ann_key = api.new_key("ann", &[Scope::Admin]).await.0;
        let bob_key = api.new_key("bob", &[Scope::Admin]).await.0;
        asset(&api).await;
        deposit(&api, "user:ann", "10").await;
        World {
            api,
            ann,
            bob,
            ann_key,
            bob_key,
        }
    }

    /// A transfer of ann's to bob.
    pub async fn transfer(&self, amount: &str) -> Value {
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": amount, "debit": "user:ann", "credit": "user:bob"});
        make(&self.api, body).await
    }

    /// The id of a user's balance.
    pub async fn balance(&self, user: Uuid) -> String {
        let path = format!("/v1/balances?asset=BTC&user={user}");
        let found = self.api.get(&path).await.json();
        found["balances"][0]["id"].as_str().unwrap().to_owned()
    }

    /// A request with another's key.
    pub async fn as_user(&self, key: &str, method: &str, path: &str, body: Value) -> Got {
        self.api.call_as(key, method, path, &body).await
    }
}

/// Makes BTC.
pub async fn asset(api: &Api) -> Value {
    let body = json!({"code": "BTC", "name": "Bitcoin", "scale": 8, "chain": "bitcoin"});
    let got = api.call("POST", "/v1/assets", body).await;
    assert_eq!(got.status, 201, "{}", got.text());
    got.json()
}

/// Makes an operation.
pub async fn make(api: &Api, body: Value) -> Value {
    let got = api.call("POST", OPERATIONS, body).await;
    assert_eq!(got.status, 201, "{}", got.text());
    got.json()
}

pub async fn deposit(api: &Api, credit: &str, amount: &str) -> Value {
    let body = json!({"kind": "deposit", "asset": "btc", "amount": amount, "credit": credit});
    make(api, body).await
}

/// A step that is taken.
pub async fn step(api: &Api, id: &str, step: &str, body: Value) -> Value {
    let got = api.call("POST", &format!("{OPERATIONS}/{id}/{step}"), body).await;
    assert!(got.status.is_success(), "{step}: {}", got.text());
    got.json()
}

/// The id of a withdrawal of the house's that stands here: `pending`, `processing` or `unknown`.
pub async fn withdrawal(api: &Api, status: &str) -> String {
    let body = json!({"kind": "withdrawal", "asset": "BTC", "amount": "1", "debit": "house:omnibus"});
    let id = make(api, body).await["id"].as_str().unwrap().to_owned();
    if status != "pending" {
        step(api, &id, "start", json!({})).await;
    }
    if status == "unknown" {
        step(api, &id, "mark-unknown", json!({"error": "no answer"})).await;
    }
    id
}

/// The id of a pending transfer of ann's to the house.
pub async fn held(api: &Api, amount: &str) -> String {
    let body = json!({"kind": "transfer", "asset": "BTC", "amount": amount, "debit": "user:ann", "credit": "house:fees",
        "pending": true});
    make(api, body).await["id"].as_str().unwrap().to_owned()
}

/// Makes what an endpoint's example needs; what stands for the `{id}` of its path.
pub async fn prepare(api: &Api, operation: &str) -> Option<String> {
    let status = match operation {
        "start_operation" | "report_operation" | "fail_operation" | "cancel_operation" => "pending",
        "complete_operation" | "mark_operation_unknown" => "processing",
        "resolve_operation" => "unknown",
        "capture_operation" | "release_operation" | "create_operations" | "update_balance" => "",
        _ => return None,
    };
    asset(api).await;
    deposit(api, "user:ann", "10").await;
    deposit(api, "house:omnibus", "10").await;
    match operation {
        "update_balance" => {
            let found = api.get("/v1/balances?user=ann").await.json();
            Some(found["balances"][0]["id"].as_str().unwrap().to_owned())
        }
        "create_operations" => None,
        _ if status.is_empty() => Some(held(api, "0.5").await),
        _ => Some(withdrawal(api, status).await),
    }
}
