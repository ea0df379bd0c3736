//! `/v1/sessions`

use domain::identity::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, BOTH, On};

async fn listed(api: &Api, credential: &str, query: &str) -> Vec<Value> {
    let path = format!("/v1/sessions{query}");
    let got = api.call_as(credential, "GET", &path, &Value::Null).await;
    assert_eq!(got.status, 200, "{}", got.text());
    got.json()["sessions"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_s_own_are_listed_and_ended() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::VIEWER).await;
        let (mine, id) = api.new_session(ann).await;
        let (_, second) = api.new_session(ann).await;
        let (third, _) = api.new_session(ann).await;
        let found = listed(&api, &mine, "").await;
        assert_eq!(found.len(), 3);
        assert_eq!(found, listed(&api, &mine, "?user=ann").await);
        let current: Vec<_> = found.iter().filter(|one| one["current"] == true).collect();
        assert_eq!((current.len(), &current[0]["id"]), (1, &json!(id)));
        let path = format!("/v1/sessions/{second}");
        for _ in 0..2 {
            let got = api.call_as(&mine, "DELETE", &path, &Value::Null).await;
            assert_eq!(got.status, 204, "twice is no error: {}", got.text());
        }
        let before = api.size().await;
        for ended in [1, 0] {
            let got = api.call_as(&mine, "POST", "/v1/sessions/end", &json!({})).await;
            assert_eq!(got.json(), json!({"ended": ended}));
        }
        assert_eq!(api.size().await, before + 1);
        let me = api.call_as(&third, "GET", "/v1/me", &Value::Null).await;
        me.assert_problem(401, "session_ended", None);
        assert_eq!(listed(&api, &mine, "").await.len(), 1);
        // The one that calls, last: a logout by its id.
        let path = format!("/v1/sessions/{id}");
        let got = api.call_as(&mine, "DELETE", &path, &Value::Null).await;
        assert_eq!(got.status, 204);
        let me = api.call_as(&mine, "GET", "/v1/me", &Value::Null).await;
        me.assert_problem(401, "session_ended", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_of_others_need_the_permission() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::VIEWER).await;
        let bob = api.new_person("bob", Role::VIEWER).await;
        let sre = api.new_person("sre", Role::SRE).await;
        let (hers, id) = api.new_session(ann).await;
        let (his, _) = api.new_session(bob).await;
        // Whether there is such a user or session, who may not see it does not learn.
        for user in ["ann", "nobody", &Uuid::from_u128(7).to_string()] {
            let path = format!("/v1/sessions?user={user}");
            let got = api.call_as(&his, "GET", &path, &Value::Null).await;
            got.assert_problem(403, "permission_missing", None);
            let got = api
                .call_as(&his, "POST", "/v1/sessions/end", &json!({"user": user}))
                .await;
            got.assert_problem(403, "permission_missing", None);
        }
        for id in [id, Uuid::from_u128(7)] {
            let path = format!("/v1/sessions/{id}");
            let got = api.call_as(&his, "DELETE", &path, &Value::Null).await;
            got.assert_problem(403, "permission_missing", None);
        }
        let (auditing, _) = api.new_key("sre", &[Scope::Read]).await;
        assert_eq!(listed(&api, &auditing, "?user=ann").await.len(), 1);
        let got = api
            .call_as(&auditing, "POST", "/v1/sessions/end", &json!({"user": "ann"}))
            .await;
        got.assert_problem(403, "scope_missing", None);
        let on_call = api.new_session(sre).await.0;
        let got = api
            .call_as(&on_call, "GET", "/v1/sessions?user=nobody", &Value::Null)
            .await;
        got.assert_problem(404, "unknown_user", Some("user"));
        let got = api
            .call_as(&on_call, "POST", "/v1/sessions/end", &json!({"user": "nobody"}))
            .await;
        got.assert_problem(404, "unknown_user", Some("user"));
        let path = format!("/v1/sessions/{}", Uuid::from_u128(7));
        let got = api.call_as(&on_call, "DELETE", &path, &Value::Null).await;
        got.assert_problem(404, "unknown_session", Some("id"));
        let got = api
            .call_as(&on_call, "POST", "/v1/sessions/end", &json!({"user": "ann"}))
            .await;
        assert_eq!(got.json(), json!({"ended": 1}));
        let me = api.call_as(&hers, "GET", "/v1/me", &Value::Null).await;
        me.assert_problem(401, "session_ended", None);
        let me = api.call_as(&his, "GET", "/v1/me", &Value::Null).await;
        assert_eq!(me.status, 200, "others go on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input() {
    let api = Api::new(On::Sqlite).await;
    for (body, field) in [(json!({"user": 1}), "user"), (json!({"who": "ann"}), "who")] {
        let got = api.call("POST", "/v1/sessions/end", body).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    let got = api.call("DELETE", "/v1/sessions/ann", Value::Null).await;
    got.assert_problem(400, "invalid_field", Some("id"));
    let got = api.get(&format!("/v1/sessions?user={}", "x".repeat(255))).await;
    got.assert_problem(400, "invalid_field", Some("user"));
}
