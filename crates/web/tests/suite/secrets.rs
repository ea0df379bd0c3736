//! What is secret is shown once, and never recorded.

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::{Api, BOTH};

const PASSWORD: &str = "seven wild geese fly by 31";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_but_one_and_no_entry_holds_a_secret() {
    for on in BOTH {
        let api = Api::new(on).await;
        let mut secrets: Vec<String> = vec![PASSWORD.into(), api.key[10..].into()];
        let mut keep = |value: &Value| {
            let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
            // Of a token, what comes after what may be shown.
            let from = if text.starts_with("pr") && text.len() >= 40 {
                10
            } else {
                0
            };
            secrets.push(text[from..].to_owned());
            text.to_owned()
        };
        let new = json!({"username": "ann", "role": "admin", "password": PASSWORD});
        assert_eq!(api.call("POST", "/v1/users", new).await.status, 201);
        let once = api
            .call("POST", "/v1/users", json!({"username": "bob", "role": "viewer"}))
            .await
            .json();
        keep(&once["one_time_password"]);
        let invited = api.call("POST", "/v1/users/bob/invite", Value::Null).await.json();
        keep(&invited["invitation"]);
        let reset = api
            .call("POST", "/v1/users/bob/reset-password", Value::Null)
            .await
            .json();
        keep(&reset["one_time_password"]);
        let login = api.log_in("ann", PASSWORD, json!({})).await.json();
        let token = keep(&login["token"]);
        let wrong = api.log_in("ann", "nine tame geese walk by 32", json!({})).await;
        wrong.assert_problem(401, "invalid_credentials", None);
        let made = api
            .call_as(
                &token,
                "POST",
                "/v1/api-keys",
                &json!({"name": "k", "scopes": ["read"]}),
            )
            .await
            .json();
        keep(&made["key"]);
        let path = format!("/v1/api-keys/{}/rotate", made["api_key"]["id"].as_str().unwrap());
        let rotated = api.call_as(&token, "POST", &path, &json!({})).await.json();
        keep(&rotated["key"]);
        let body = json!({"password": PASSWORD});
        let enrolled = api
            .call_as(&token, "POST", "/v1/me/second-factor", &body)
            .await
            .json();
        keep(&enrolled["secret"]);
        secrets.push("tame geese".into());

        api.new_user("vic", Role::VIEWER).await;
        let mut texts = Vec::new();
        for path in [
            "/v1/audit/entries?limit=1000",
            "/v1/activity?limit=1000",
            "/v1/audit/export",
            "/v1/users",
            "/v1/users/ann",
            "/v1/users/bob",
            "/v1/api-keys",
            "/v1/sessions?user=ann",
            "/v1/me",
            "/metrics",
        ] {
            let got = api.get(path).await;
            assert_eq!(got.status, 200, "{path}: {}", got.text());
            texts.push((path, got.text().to_owned()));
        }
        for (path, text) in texts {
            for secret in &secrets {
                assert!(!text.contains(secret.as_str()), "{path} shows {secret}");
            }
            for name in ["hash\":", "$argon2", "password_hash\":\"$"] {
                assert!(!text.contains(name), "{path} shows {name}");
            }
        }
        assert_eq!(secrets.len(), 10);
    }
}
