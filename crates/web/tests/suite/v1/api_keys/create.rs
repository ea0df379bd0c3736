//! Making API keys.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On};

const PATH: &str = "/v1/api-keys";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_shown_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        let body = json!({"name": "shop", "scopes": ["write", "read", "write"], "requests_per_minute": 600,
            "expires_at": "2099-01-01T01:00:00+01:00"});
        let got = api.call("POST", PATH, body).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let made = got.json();
        let (secret, key) = (made["key"].as_str().unwrap(), &made["api_key"]);
        assert_eq!((secret.len(), &secret[..4]), (40, "prb_"));
        assert_eq!(
            (&key["shown"], &key["owner"], &key["scopes"], &key["expires_at"]),
            (
                &json!(&secret[..10]),
                &json!(api.admin),
                &json!(["read", "write"]),
                &json!("2099-01-01T00:00:00.000000Z")
            )
        );
        assert_eq!(
            (&key["requests_per_minute"], &key["version"]),
            (&json!(600), &json!(1))
        );
        assert_eq!(
            got.header("location"),
            format!("{PATH}/{}", key["id"].as_str().unwrap())
        );
        let me = api.call_as(secret, "GET", "/v1/me", &Value::Null).await.json();
        assert_eq!(me["permissions"][0], "audit:read");
        for path in [PATH, got.header("location")] {
            assert!(!api.get(path).await.text().contains(&secret[10..]), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_oneself_and_for_others() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_user("boss", Role::ADMIN).await;
        let dev = api.new_person("dev", Role::DEVELOPER).await;
        api.new_user("gone", Role::VIEWER).await;
        let session = api.new_session(dev).await.0;
        let key = |user: Option<&str>| json!({"name": "k", "scopes": ["read"], "user": user});
        for own in [None, Some("dev"), Some("DEV")] {
            let got = api.call_as(&session, "POST", PATH, &key(own)).await;
            assert_eq!(got.json()["api_key"]["owner"], "dev", "{}", got.text());
        }
        for other in ["boss", "nobody"] {
            let got = api.call_as(&session, "POST", PATH, &key(Some(other))).await;
            got.assert_problem(403, "permission_missing", None);
        }
        let got = api.call("POST", PATH, key(Some("dev"))).await;
        assert_eq!(got.json()["api_key"]["user"], json!(dev), "{}", got.text());
        let got = api.call("POST", PATH, key(Some("nobody"))).await;
        got.assert_problem(404, "unknown_user", Some("user"));
        let erased = api
            .call("POST", "/v1/users/gone/erase", json!({"reason": "x"}))
            .await
            .json();
        let name = erased["user"]["username"].as_str().unwrap();
        let got = api.call("POST", PATH, key(Some(name))).await;
        got.assert_problem(409, "user_erased", None);
        // A viewer owns none.
        let viewer = api.new_person("vic", Role::VIEWER).await;
        let session = api.new_session(viewer).await.0;
        let got = api.call_as(&session, "POST", PATH, &key(None)).await;
        got.assert_problem(403, "permission_missing", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input() {
    let api = Api::new(On::Sqlite).await;
    let with = |name: &str, value: Value| {
        let mut body = json!({"name": "k", "scopes": ["read"]});
        body[name] = value;
        body
    };
    for (name, value, field) in [
        ("name", json!(""), "name"),
        ("name", json!("x".repeat(101)), "name"),
        ("name", json!("a\tb"), "name"),
        ("name", json!(1), "name"),
        ("name", json!(null), "name"),
        ("scopes", json!([]), "scopes"),
        ("scopes", json!("read"), "scopes"),
        ("scopes", json!(["read", "root"]), "scopes[1]"),
        ("scopes", json!(["READ"]), "scopes[0]"),
        ("scopes", json!([1]), "scopes[0]"),
        ("user", json!(1), "user"),
        ("expires_at", json!("2020-01-01T00:00:00Z"), "expires_at"),
        ("expires_at", json!("tomorrow"), "expires_at"),
        ("expires_at", json!(1_900_000_000), "expires_at"),
        ("requests_per_minute", json!(0), "requests_per_minute"),
        ("requests_per_minute", json!(-1), "requests_per_minute"),
        ("requests_per_minute", json!(100_000_001), "requests_per_minute"),
        ("requests_per_minute", json!(1.5), "requests_per_minute"),
        ("secret", json!("x"), "secret"),
    ] {
        let got = api.call("POST", PATH, with(name, value)).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    for (name, value) in [
        ("name", json!("é".repeat(100))),
        ("requests_per_minute", json!(1)),
        ("requests_per_minute", json!(100_000_000)),
        ("requests_per_minute", json!(null)),
        (
            "scopes",
            json!(["read", "write", "admin", "governance", "workflows", "custody"]),
        ),
    ] {
        let got = api.call("POST", PATH, with(name, value)).await;
        assert_eq!(got.status, 201, "{}", got.text());
    }
    let key = api.new_key(&api.admin, &[Scope::Read]).await.1;
    for (body, field) in [
        (json!({"overlap_s": -1}), "overlap_s"),
        (json!({"overlap_s": 2_592_001}), "overlap_s"),
        (json!({"overlap_s": "1"}), "overlap_s"),
        (json!({"overlap": 1}), "overlap"),
    ] {
        let got = api.call("POST", &format!("{PATH}/{key}/rotate"), body).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
}
