mod bad_input;
mod review;
mod submit;

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::Api;
use crate::people::Person;

/// A digest of nothing in particular.
pub fn digest(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

/// A user, and two who review.
pub struct Office {
    pub ann: Person,
    pub cora: Person,
    pub carl: Person,
}

impl Office {
    pub async fn new(api: &Api) -> Office {
        Office {
            ann: Person::new(api, "ann", Role::USER).await,
            cora: Person::new(api, "cora", Role::COMPLIANCE).await,
            carl: Person::new(api, "carl", Role::COMPLIANCE).await,
        }
    }

    /// What the user submits for tier 1, with one passport.
    pub async fn submitted(&self, api: &Api) -> Value {
        let body = json!({"tier": 1, "documents": [{"kind": "passport", "sha256": digest(1)}]});
        let got = self.ann.post(api, "/v1/kyc", body).await;
        assert_eq!(got.status, 201, "{}", got.text());
        got.json()
    }
}
