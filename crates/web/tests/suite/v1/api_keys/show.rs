//! Looking at API keys.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_key_may_do_and_did() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_user("dev", Role::DEVELOPER).await;
        let (key, id) = api.new_key("dev", &[Scope::Read, Scope::Write]).await;
        let path = format!("/v1/api-keys/{id}");
        let got = api.get(&path).await;
        let shown = got.json();
        assert_eq!(got.header("etag"), "\"1\"");
        assert_eq!(
            (&shown["permissions"], &shown["last_used_at"], &shown["entries"]),
            (
                &json!([
                    "custody:read",
                    "approvals:read",
                    "audit:read",
                    "audit:write",
                    "agents:read",
                    "workflows:read"
                ]),
                &json!(null),
                &json!(0)
            )
        );
        let event =
            json!([{"actor": {"kind": "user"}, "action": "a"}, {"actor": {"kind": "user"}, "action": "b"}]);
        assert_eq!(
            api.call_as(&key, "POST", "/v1/audit/entries", &event)
                .await
                .status,
            201
        );
        // A refusal is an entry by the key as well.
        let got = api
            .call_as(&key, "POST", "/v1/users/dev/disable", &Value::Null)
            .await;
        got.assert_problem(403, "permission_missing", None);
        api.engine.limits().flush().await.unwrap();
        let shown = api.get(&path).await.json();
        assert_eq!(shown["entries"], 3);
        assert!(shown["last_used_at"].is_string(), "{shown}");
        let listed = api
            .get(&format!("/v1/audit/entries?recorded_by={id}"))
            .await
            .json();
        assert_eq!(listed["entries"].as_array().unwrap().len(), 3);
        // What the role no longer holds, the key may no longer do.
        api.change("POST", "/v1/users/dev/role", "*", json!({"role": "viewer"}))
            .await;
        assert_eq!(
            api.get(&path).await.json()["permissions"],
            json!(["audit:read", "agents:read", "workflows:read"])
        );
    }
}

fn names(page: &Value) -> Vec<String> {
    let keys = page["api_keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_keys_and_one_s_own() {
    for on in BOTH {
        let api = Api::new(on).await;
        let dev = api.new_person("dev", Role::DEVELOPER).await;
        api.new_user("aud", Role::AUDITOR).await;
        let mut own = Vec::new();
        for _ in 0..3 {
            own.push(api.new_key("dev", &[Scope::Read]).await.1.to_string());
        }
        // The order of ids is that of making, to the millisecond.
        own.sort();
        let reading = api.new_key("aud", &[Scope::Read]).await.0;
        let session = api.new_session(dev).await.0;
        let list = async |credential: &str, query: &str| {
            api.call_as(credential, "GET", &format!("/v1/api-keys{query}"), &Value::Null)
                .await
        };
        assert_eq!(names(&list(&session, "").await.json()), own);
        assert_eq!(names(&list(&session, "?user=dev").await.json()), own);
        for other in ["aud", "nobody"] {
            list(&session, &format!("?user={other}"))
                .await
                .assert_problem(403, "permission_missing", None);
        }
        assert_eq!(names(&list(&reading, "").await.json()).len(), 5);
        assert_eq!(names(&list(&reading, &format!("?user={dev}")).await.json()), own);
        list(&reading, "?user=nobody")
            .await
            .assert_problem(404, "unknown_user", Some("user"));
        let writing = api.new_key("dev", &[Scope::Write]).await.0;
        list(&writing, "")
            .await
            .assert_problem(403, "scope_missing", None);
        let page = list(&reading, "?user=dev&limit=2").await;
        assert_eq!(names(&page.json()), own[..2]);
        let next = page.json()["next"].as_str().unwrap().to_owned();
        let path = format!("/v1/api-keys?user=dev&limit=2&cursor={next}");
        assert_eq!(page.header("link"), format!("<{path}>; rel=\"next\""));
        let page = api.call_as(&reading, "GET", &path, &Value::Null).await;
        assert_eq!((names(&page.json()).len(), page.header("link")), (2, ""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_questions() {
    let api = Api::new(On::Sqlite).await;
    for (query, field) in [("limit=0", "limit"), ("cursor=x", "cursor"), ("user=", "user")] {
        let got = api.get(&format!("/v1/api-keys?{query}")).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
}
