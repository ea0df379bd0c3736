//! Rotating and revoking API keys.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, BOTH};

async fn code(api: &Api, key: &str) -> String {
    let got = api.call_as(key, "GET", "/v1/me", &Value::Null).await;
    got.json()["code"].as_str().unwrap_or("good").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_are_good_during_the_overlap() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_user("dev", Role::DEVELOPER).await;
        let (old, id) = api.new_key("dev", &[Scope::Write]).await;
        let path = format!("/v1/api-keys/{id}");
        let got = api
            .call("POST", &format!("{path}/rotate"), json!({"overlap_s": 1}))
            .await;
        assert_eq!(got.status, 201, "{}", got.text());
        let made = got.json();
        let (new, key) = (made["key"].as_str().unwrap(), &made["api_key"]);
        assert_eq!(
            (&key["name"], &key["owner"], &key["scopes"], &key["expires_at"]),
            (&json!("test key"), &json!("dev"), &json!(["write"]), &json!(null))
        );
        assert_ne!(key["id"], json!(id));
        let before = api.get(&path).await.json();
        assert_eq!(
            (&before["successor"], &before["version"]),
            (&key["id"], &json!(2))
        );
        assert!(before["expires_at"].is_string());
        assert_eq!(
            (&*code(&api, &old).await, &*code(&api, new).await),
            ("good", "good")
        );
        let got = api.call("POST", &format!("{path}/rotate"), json!({})).await;
        got.assert_problem(409, "api_key_rotated", None);
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
        assert_eq!(
            (&*code(&api, &old).await, &*code(&api, new).await),
            ("api_key_expired", "good")
        );
        let got = api.call("POST", &format!("{path}/rotate"), json!({})).await;
        got.assert_problem(409, "api_key_expired", None);
        // The new one can be rotated in its turn.
        let path = format!("/v1/api-keys/{}/rotate", key["id"].as_str().unwrap());
        assert_eq!(api.call("POST", &path, json!({})).await.status, 201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_at_once_and_for_ever() {
    for on in BOTH {
        let api = Api::new(on).await;
        let (key, id) = api.new_key(&api.admin, &[Scope::Read]).await;
        assert_eq!(code(&api, &key).await, "good");
        let path = format!("/v1/api-keys/{id}");
        let before = api.size().await;
        for _ in 0..2 {
            let got = api.call("DELETE", &path, Value::Null).await;
            assert_eq!((got.status.as_u16(), got.text()), (204, ""));
        }
        assert_eq!(api.size().await, before + 1, "twice is no error, and no change");
        assert_eq!(code(&api, &key).await, "api_key_revoked");
        let got = api.call("POST", &format!("{path}/rotate"), json!({})).await;
        got.assert_problem(409, "api_key_revoked", None);
        assert!(api.get(&path).await.json()["revoked_at"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_s_own_without_the_permission() {
    for on in BOTH {
        let api = Api::new(on).await;
        let dev = api.new_person("dev", Role::DEVELOPER).await;
        let session = api.new_session(dev).await.0;
        let own = api.new_key("dev", &[Scope::Read]).await.1;
        let other = api.new_key(&api.admin, &[Scope::Read]).await.1;
        // Of others' keys one learns nothing, not even that they are there.
        for id in [other, Uuid::from_u128(7)] {
            let path = format!("/v1/api-keys/{id}");
            for (method, path, body) in [
                ("GET", path.clone(), Value::Null),
                ("POST", format!("{path}/rotate"), json!({})),
                ("DELETE", path, Value::Null),
            ] {
                let got = api.call_as(&session, method, &path, &body).await;
                got.assert_problem(403, "permission_missing", None);
            }
        }
        for (method, path, body, status) in [
            ("GET", format!("/v1/api-keys/{own}"), Value::Null, 200),
            ("POST", format!("/v1/api-keys/{own}/rotate"), json!({}), 201),
            ("DELETE", format!("/v1/api-keys/{own}"), Value::Null, 204),
        ] {
            let got = api.call_as(&session, method, &path, &body).await;
            assert_eq!(got.status, status, "{}", got.text());
        }
        let path = format!("/v1/api-keys/{}", Uuid::from_u128(7));
        for (method, path, body) in [
            ("GET", path.clone(), Value::Null),
            ("POST", format!("{path}/rotate"), json!({})),
            ("DELETE", path, Value::Null),
        ] {
            let got = api.call(method, &path, body).await;
            got.assert_problem(404, "unknown_api_key", Some("id"));
        }
        let got = api.get("/v1/api-keys/shop").await;
        got.assert_problem(400, "invalid_field", Some("id"));
    }
}
