//! People with sessions, and an asset: what the cases of KYC, destinations and approvals have in common.

use std::sync::Arc;

use domain::custody::asset::CreateAsset;
use domain::identity::{Role, Rules};
use domain::{Caller, Command, Origin};
use engine::IdentityOptions;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, Got, On};

/// Somebody with a session.
pub struct Person {
    pub id: Uuid,
    pub session: String,
}

impl Person {
    pub async fn new(api: &Api, name: &str, role: Role) -> Person {
        let id = api.new_person(name, role).await;
        let session = api.new_session(id).await.0;
        Person { id, session }
    }

    pub async fn get(&self, api: &Api, path: &str) -> Got {
        api.call_as(&self.session, "GET", path, &Value::Null).await
    }

    pub async fn post(&self, api: &Api, path: &str, body: Value) -> Got {
        api.call_as(&self.session, "POST", path, &body).await
    }

    /// With one more header.
    pub async fn post_with(&self, api: &Api, header: (&str, &str), path: &str, body: &Value) -> Got {
        let bearer = format!("Bearer {}", self.session);
        api.call_with(&[("authorization", &bearer), header], "POST", path, body)
            .await
    }
}

/// An API with other rules.
pub async fn with_rules(on: On, change: impl FnOnce(&mut Rules)) -> Api {
    let mut rules = Rules::default();
    change(&mut rules);
    let identity = IdentityOptions {
        rules: Arc::new(rules),
        ..IdentityOptions::default()
    };
    Api::identity(on, identity).await
}

/// Makes the asset BTC, of eight digits.
pub async fn bitcoin(api: &Api) {
    let asset = CreateAsset {
        id: None,
        code: "BTC".into(),
        name: "Bitcoin".into(),
        scale: 8,
        chain: Some("bitcoin".into()),
    };
    let operator = Caller::Operator { name: "test".into() };
    let command = Command::CreateAsset(asset);
    api.engine
        .submit(&operator, Origin::default(), command)
        .await
        .unwrap();
}

/// The text of a member.
pub fn text(value: &Value, name: &str) -> String {
    let text = value[name].as_str();
    text.unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// The ids of a page's items.
pub fn ids(page: &Value, list: &str) -> Vec<String> {
    let items = page[list].as_array();
    let items = items.unwrap_or_else(|| panic!("no {list} in {page}"));
    items.iter().map(|item| text(item, "id")).collect()
}

/// Requests that are refused for what they hold: body, status, code and field. Nothing is written but that they
/// were, where there was something to decide.
pub async fn assert_refused(
    api: &Api,
    who: &Person,
    path: &str,
    cases: Vec<(Value, u16, &str, Option<&str>)>,
) {
    for (body, status, code, field) in cases {
        let before = api.size().await;
        let got = who.post(api, path, body.clone()).await;
        assert_eq!(
            (
                got.status.as_u16(),
                got.problem().1.as_str(),
                got.problem().2.as_deref()
            ),
            (status, code, field),
            "{path} {body}: {}",
            got.text()
        );
        for entry in api.entries_from(before).await {
            assert_ne!(entry["outcome"], json!("success"), "{path} {body}: {entry}");
        }
    }
}

/// Makes what an endpoint's example needs: its path, and a session of somebody who may call it.
pub async fn prepare(api: &Api, operation: &str, template: &str) -> Option<(String, String)> {
    match operation {
        "add_destination" | "request_approval" => {
            bitcoin(api).await;
            None
        }
        "check_kyc_document" | "approve_kyc" | "reject_kyc" | "revoke_kyc" => {
            let cora = Person::new(api, "cora", Role::COMPLIANCE).await;
            let documents = json!([{"kind": "passport", "sha256": "0".repeat(64)}]);
            let body = json!({"user": "ann", "tier": 0, "documents": documents});
            let made = api.call("POST", "/v1/kyc", body).await.json();
            let id = text(&made, "id");
            if operation == "revoke_kyc" {
                cora.post(api, &format!("/v1/kyc/{id}/approve"), json!({})).await;
            }
            let path = template.replace("{id}", &id);
            let path = path.replace("{document}", &text(&made["documents"][0], "id"));
            Some((path, cora.session))
        }
        "update_conversation" | "end_conversation" => {
            let dev = Person::new(api, "dev", Role::DEVELOPER).await;
            let body = json!({"thread_id": "t-1"});
            let made = dev.post(api, "/v1/conversations", body).await.json();
            Some((template.replace("{id}", &text(&made, "id")), dev.session))
        }
        "release_hold" => {
            let cora = Person::new(api, "cora", Role::COMPLIANCE).await;
            let body = json!({"actor": "bob", "reason": "case 93"});
            let made = api.call("POST", "/v1/audit/holds", body).await.json();
            Some((template.replace("{id}", &text(&made, "id")), cora.session))
        }
        "update_agent" => {
            api.call("POST", "/v1/agents", json!({"name": "triage"})).await;
            Some(("/v1/agents/triage".to_owned(), api.key.clone()))
        }
        "complete_execution" | "fail_execution" | "cancel_execution" | "record_steps" => {
            let dev = Person::new(api, "dev", Role::DEVELOPER).await;
            let made = dev
                .post(api, "/v1/executions", json!({"workflow": "w"}))
                .await
                .json();
            Some((template.replace("{id}", &text(&made, "id")), dev.session))
        }
        "check_step" => {
            let dev = Person::new(api, "dev", Role::DEVELOPER).await;
            let made = dev
                .post(api, "/v1/executions", json!({"workflow": "w"}))
                .await
                .json();
            let steps = format!("/v1/executions/{}/steps", text(&made, "id"));
            let body = json!({"steps": [{"kind": "tool", "name": "search", "output": {"logins": 3}}]});
            let made = dev.post(api, &steps, body).await.json();
            let id = text(&made["steps"][0], "id");
            Some((template.replace("{id}", &id), dev.session))
        }
        "vote_on_approval" | "use_approval" | "report_outcome_of_approval" => {
            let dev = Person::new(api, "dev", Role::DEVELOPER).await;
            let cora = Person::new(api, "cora", Role::COMPLIANCE).await;
            let body = json!({"action": "model.deploy", "arguments": {"model": "m-7"}});
            let made = dev.post(api, "/v1/approvals", body.clone()).await.json();
            let path = template.replace("{id}", &text(&made, "id"));
            if operation == "vote_on_approval" {
                return Some((path, cora.session));
            }
            let of_it = |verb: &str| format!("/v1/approvals/{}/{verb}", text(&made, "id"));
            cora.post(api, &of_it("vote"), json!({"approve": true})).await;
            if operation == "report_outcome_of_approval" {
                dev.post(api, &of_it("use"), body).await;
            }
            Some((path, dev.session))
        }
        _ => None,
    }
}

/// Checks that a thing is shown with exactly the members that its schema has, all of which are required.
pub fn assert_documented(shown: &Value, schema: &str) {
    let document = web::document();
    let schema = &document["components"]["schemas"][schema];
    let members: Vec<_> = shown.as_object().unwrap().keys().collect();
    let documented: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(members, documented);
    let mut required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
    required.sort_unstable_by_key(|name| name.as_str());
    let documented: Vec<_> = documented.into_iter().map(|name| json!(name)).collect();
    assert_eq!(required, documented.iter().collect::<Vec<_>>());
}
