mod bad_input;
mod bound;
mod policy;
mod request;
mod shown;
mod vote;

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::Api;
use crate::people::{Person, text};

/// One who asks, and three who vote: on everything, on everything, and on everything by all permissions.
pub struct Board {
    pub dev: Person,
    pub cora: Person,
    pub carl: Person,
    pub root: Person,
}

/// What is asked for in most cases.
pub fn deploy() -> Value {
    json!({"action": "model.deploy", "arguments": {"model": "m-7", "at": 0.5}})
}

impl Board {
    pub async fn new(api: &Api) -> Board {
        Board {
            dev: Person::new(api, "dev", Role::DEVELOPER).await,
            cora: Person::new(api, "cora", Role::COMPLIANCE).await,
            carl: Person::new(api, "carl", Role::COMPLIANCE).await,
            root: Person::new(api, "root", Role::ADMIN).await,
        }
    }

    /// The path of a new approval.
    pub async fn asked(&self, api: &Api, who: &Person, body: Value) -> String {
        let got = who.post(api, "/v1/approvals", body).await;
        assert_eq!(got.status, 201, "{}", got.text());
        format!("/v1/approvals/{}", text(&got.json(), "id"))
    }

    /// A vote for it.
    pub async fn vote_for(&self, api: &Api, who: &Person, path: &str) -> Value {
        let got = who
            .post(api, &format!("{path}/vote"), json!({"approve": true}))
            .await;
        assert_eq!(got.status, 200, "{}", got.text());
        got.json()
    }
}
