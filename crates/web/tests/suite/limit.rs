//! Quotas: what the headers say, and what happens beyond.

use domain::identity::{Role, Scope};
use engine::{Engine, IdentityOptions, Quota};
use serde_json::{Value, json};

use crate::api::{Api, BOTH, Got, On};

/// Of the quota of this name: how much, the rest, and seconds until the next window.
fn left(got: &Got, name: &str) -> (u64, u64, u64) {
    let number = |header: &str, key: &str| -> u64 {
        let text = got.header(header);
        let mut items = text.split(", ");
        let item = items.find(|item| item.starts_with(&format!("\"{name}\";")));
        let mut fields = item.unwrap_or_else(|| panic!("{name}: {text}")).split(';');
        let field = fields.find_map(|field| field.strip_prefix(key));
        field.unwrap_or_else(|| panic!("{text}")).parse().unwrap()
    };
    assert_eq!(number("ratelimit-policy", "w="), 60);
    (
        number("ratelimit-policy", "q="),
        number("ratelimit", "r="),
        number("ratelimit", "t="),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_more_than_the_quota_is_refused() {
    for on in BOTH {
        let api = Api::standing(on, IdentityOptions::default()).await;
        let body = json!({"name": "few", "scopes": ["read"], "requests_per_minute": 5});
        let made = api.call("POST", "/v1/api-keys", body).await.json();
        let key = made["key"].as_str().unwrap();
        for rest in (0..5).rev() {
            let got = api.call_as(key, "GET", "/v1/me", &Value::Null).await;
            assert_eq!(got.status, 200);
            let (quota, remaining, reset) = left(&got, "key");
            assert_eq!((quota, remaining), (5, rest));
            assert!((1..=60).contains(&reset));
        }
        let before = api.size().await;
        for path in ["/v1/me", "/v1/audit/entries"] {
            let got = api.call_as(key, "GET", path, &Value::Null).await;
            got.assert_problem(429, "rate_limited", None);
            let (quota, remaining, reset) = left(&got, "key");
            assert_eq!((quota, remaining), (5, 0));
            assert_eq!(got.header("retry-after"), reset.to_string());
        }
        let written = api.entries_from(before).await;
        assert_eq!(written.len(), 2);
        for entry in written {
            assert_eq!(
                (&entry["action"], &entry["outcome"], &entry["recorded_by"]["id"]),
                (
                    &json!("excess_rate_limit_exceeded"),
                    &json!("refused"),
                    &made["api_key"]["id"]
                )
            );
        }
        // Another key is another quota; one without has none.
        let got = api.get("/v1/me").await;
        assert_eq!((got.status.as_u16(), got.header("ratelimit")), (200, ""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_s_sessions_share_one_quota() {
    let options = IdentityOptions {
        user_requests_per_minute: 4,
        key_requests_per_minute: 3,
        ..IdentityOptions::default()
    };
    let api = Api::standing(On::Sqlite, options).await;
    let ann = api.new_person("ann", Role::VIEWER).await;
    let bob = api.new_person("bob", Role::VIEWER).await;
    let (one, two) = (api.new_session(ann).await.0, api.new_session(ann).await.0);
    let other = api.new_session(bob).await.0;
    for (session, rest) in [(&one, 3), (&two, 2), (&one, 1), (&two, 0)] {
        let got = api.call_as(session, "GET", "/v1/me", &Value::Null).await;
        let (quota, remaining, _) = left(&got, "user");
        assert_eq!((quota, remaining), (4, rest));
    }
    for session in [&one, &two] {
        let got = api.call_as(session, "GET", "/v1/me", &Value::Null).await;
        got.assert_problem(429, "rate_limited", None);
    }
    let got = api.call_as(&other, "GET", "/v1/me", &Value::Null).await;
    assert_eq!(left(&got, "user").1, 3);
    // A key without a quota of its own has that of the installation.
    let key = api.new_key("ann", &[Scope::Read]).await.0;
    let got = api.call_as(&key, "GET", "/v1/me", &Value::Null).await;
    let (quota, remaining, _) = left(&got, "key");
    assert_eq!((quota, remaining), (3, 2));
    assert!(
        !got.header("ratelimit").contains("user"),
        "it is no request of the sessions"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_another_reason_counts_and_says_so() {
    let options = IdentityOptions {
        key_requests_per_minute: 9,
        ..IdentityOptions::default()
    };
    let api = Api::standing(On::Sqlite, options).await;
    let key = api.new_key(&api.admin, &[Scope::Custody]).await.0;
    let got = api.call_as(&key, "GET", "/v1/users", &Value::Null).await;
    got.assert_problem(403, "scope_missing", None);
    assert_eq!(left(&got, "key").1, 8);
    let got = api.call_as("", "GET", "/v1/users", &Value::Null).await;
    got.assert_problem(401, "no_credential", None);
    assert_eq!(got.header("ratelimit"), "");
}

/// Whoever has an old session of a user cannot use up what the user's good ones have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_takes_nothing_of_its_user_s_quota() {
    let options = IdentityOptions {
        user_requests_per_minute: 3,
        ..IdentityOptions::default()
    };
    let api = Api::standing(On::Sqlite, options).await;
    let ann = api.new_person("ann", Role::VIEWER).await;
    let ended = api.new_session(ann).await.0;
    let good = api.new_session(ann).await.0;
    let got = api.call_as(&good, "POST", "/v1/sessions/end", &json!({})).await;
    assert_eq!(got.json()["ended"], 1);
    for _ in 0..5 {
        let got = api.call_as(&ended, "GET", "/v1/me", &Value::Null).await;
        got.assert_problem(401, "session_ended", None);
        assert_eq!(got.header("ratelimit"), "");
    }
    let got = api.call_as(&good, "GET", "/v1/me", &Value::Null).await;
    assert_eq!(left(&got, "user").1, 1);
}

/// Sessions and keys of a user share a quota of four.
async fn sharing(on: On) -> Api {
    let options = IdentityOptions {
        user_requests_per_minute: 4,
        user_quota_includes_keys: true,
        ..IdentityOptions::default()
    };
    Api::standing(on, options).await
}

async fn me(api: &Api, credential: &str) -> Got {
    api.call_as(credential, "GET", "/v1/me", &Value::Null).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_s_sessions_and_keys_can_share_one_quota() {
    for on in BOTH {
        let api = sharing(on).await;
        let ann = api.new_person("ann", Role::VIEWER).await;
        let bob = api.new_person("bob", Role::VIEWER).await;
        let (session, other) = (api.new_session(ann).await.0, api.new_session(bob).await.0);
        let key = api.new_key("ann", &[Scope::Read]).await.0;
        let body = json!({"name": "narrow", "scopes": ["read"], "requests_per_minute": 1, "user": "ann"});
        let made = api.call("POST", "/v1/api-keys", body).await.json();
        let narrow = made["key"].as_str().unwrap();
        for (credential, rest) in [(&session, 3), (&key, 2)] {
            let (quota, remaining, _) = left(&me(&api, credential).await, "user");
            assert_eq!((quota, remaining), (4, rest));
        }
        // What limits a key by itself holds too; both are said.
        let got = me(&api, narrow).await;
        let (of_key, of_user) = (left(&got, "key"), left(&got, "user"));
        assert_eq!([(of_key.0, of_key.1), (of_user.0, of_user.1)], [(1, 0), (4, 1)]);
        let got = me(&api, narrow).await;
        got.assert_problem(429, "rate_limited", None);
        // That took nothing of the user's, whose last one is taken then.
        assert_eq!((left(&got, "key").1, left(&got, "user").1), (0, 1));
        assert_eq!(left(&me(&api, &session).await, "user").1, 0);
        for credential in [&session, &key] {
            let got = me(&api, credential).await;
            got.assert_problem(429, "rate_limited", None);
            assert!(
                got.json()["detail"].as_str().unwrap().starts_with("this user"),
                "{}",
                got.text()
            );
        }
        assert_eq!(left(&me(&api, &other).await, "user").1, 3);
    }
}

/// A request that the user's quota refuses takes nothing of the key's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_shared_quota_refuses_takes_nothing_of_the_key_s() {
    let api = sharing(On::Sqlite).await;
    let body = json!({"name": "few", "scopes": ["read"], "requests_per_minute": 3, "user": "ann"});
    let ann = api.new_person("ann", Role::VIEWER).await;
    let session = api.new_session(ann).await.0;
    let made = api.call("POST", "/v1/api-keys", body).await.json();
    let key = made["key"].as_str().unwrap();
    for _ in 0..3 {
        me(&api, &session).await;
    }
    assert_eq!(left(&me(&api, key).await, "key").1, 2);
    for _ in 0..3 {
        let got = me(&api, key).await;
        got.assert_problem(429, "rate_limited", None);
        assert_eq!(left(&got, "key").1, 2, "{}", got.header("ratelimit"));
    }
}

/// One count, in the side table of the database: what is used up here is used up in another process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shared_quota_is_shared_between_processes() {
    for on in BOTH {
        let mut api = sharing(on).await;
        let ann = api.new_person("ann", Role::VIEWER).await;
        let session = api.new_session(ann).await.0;
        let key = api.new_key("ann", &[Scope::Read]).await.0;
        let second = Engine::open(api.engine.options().clone()).await.unwrap();
        for credential in [&session, &key, &key, &session] {
            assert_eq!(me(&api, credential).await.status, 200);
        }
        api.engine.limits().flush().await.unwrap();
        let quota = Quota {
            per_window: 4,
            width_s: 60,
        };
        assert!(second.limits().load(&[(format!("user:{ann}"), quota)]).await);
        api.router = web::router(second, web::Settings::default());
        for credential in [&session, &key] {
            me(&api, credential)
                .await
                .assert_problem(429, "rate_limited", None);
        }
    }
}
