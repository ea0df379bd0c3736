//! Changing users: names and role, and the version that was read.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On};

/// Each change moves the time of the last change to that of its entry; what changes nothing leaves it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_the_last_change_is_kept() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::VIEWER).await;
        let user = || async { api.get("/v1/users/ann").await.json() };
        let made = user().await;
        assert_eq!(made["created_at"], made["updated_at"]);
        let mut last = made.clone();
        for (method, path, body, changes) in [
            ("PATCH", "/v1/users/ann", json!({"full_name": "Ann"}), true),
            ("PATCH", "/v1/users/ann", json!({"full_name": "Ann"}), false),
            ("POST", "/v1/users/ann/role", json!({"role": "analyst"}), true),
            ("POST", "/v1/users/ann/disable", json!({}), true),
            ("POST", "/v1/users/ann/enable", json!({}), true),
        ] {
            let got = api.change(method, path, "*", body).await;
            assert!(got.status.is_success(), "{path}: {}", got.text());
            let now = user().await;
            assert_eq!(now["created_at"], made["created_at"]);
            let newest = &api.get("/v1/audit/entries?limit=1").await.json()["entries"][0];
            if changes {
                assert!(now["updated_at"].as_str() > last["updated_at"].as_str(), "{path}");
                assert_eq!(now["updated_at"], newest["at"], "{path}");
            } else {
                assert_eq!(now["updated_at"], last["updated_at"], "{path}");
            }
            last = now;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_out_stays_and_null_removes() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::VIEWER).await;
        let cases = [
            (
                json!({"full_name": "Ann"}),
                "ann",
                json!("ann@example.com"),
                json!("Ann"),
                2,
            ),
            (json!({}), "ann", json!("ann@example.com"), json!("Ann"), 2),
            (
                json!({"username": null}),
                "ann",
                json!("ann@example.com"),
                json!("Ann"),
                2,
            ),
            (
                json!({"full_name": "Ann"}),
                "ann",
                json!("ann@example.com"),
                json!("Ann"),
                2,
            ),
            (json!({"email": null}), "ann", json!(null), json!("Ann"), 3),
            (
                json!({"full_name": null, "email": "a@b.example"}),
                "ann",
                json!("a@b.example"),
                json!(null),
                4,
            ),
            (
                json!({"username": "ann2"}),
                "ann2",
                json!("a@b.example"),
                json!(null),
                5,
            ),
        ];
        let mut path = "/v1/users/ann".to_owned();
        for (body, username, email, full_name, version) in cases {
            let got = api.change("PATCH", &path, "*", body.clone()).await;
            assert_eq!(got.status, 200, "{}", got.text());
            let user = got.json();
            assert_eq!(
                (
                    &user["username"],
                    &user["email"],
                    &user["full_name"],
                    &user["version"]
                ),
                (&json!(username), &email, &full_name, &json!(version)),
                "{body}"
            );
            assert_eq!(got.header("etag"), format!("\"{version}\""));
            path = format!("/v1/users/{username}");
        }
        api.get("/v1/users/ann")
            .await
            .assert_problem(404, "unknown_user", Some("id"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_race_is_told() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_user("ann", Role::VIEWER).await;
        for (method, path, body, other) in [
            (
                "PATCH",
                "/v1/users/ann",
                json!({"full_name": "A"}),
                json!({"full_name": "B"}),
            ),
            (
                "POST",
                "/v1/users/ann/role",
                json!({"role": "auditor"}),
                json!({"role": "user"}),
            ),
        ] {
            let read = api.get("/v1/users/ann").await.header("etag").to_owned();
            let got = api.change(method, path, &read, body).await;
            assert_eq!(got.status, 200, "{}", got.text());
            let got = api.change(method, path, &read, other.clone()).await;
            got.assert_problem(412, "version_mismatch", None);
            let got = api.call(method, path, other.clone()).await;
            got.assert_problem(428, "if_match_required", None);
            for malformed in [
                "",
                "1",
                "\"\"",
                "\"a\"",
                "W/\"1\"",
                "\"1\", \"2\"",
                "\"-1\"",
                "\"01\"",
                "**",
            ] {
                let got = api.change(method, path, malformed, other.clone()).await;
                got.assert_problem(400, "malformed_if_match", None);
            }
            let got = api.change(method, path, "*", other).await;
            assert_eq!(got.status, 200, "{}", got.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_at_once_one_wins() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_user("ann", Role::VIEWER).await;
        let change = async |name: &str| {
            let body = json!({"full_name": name});
            api.change("PATCH", "/v1/users/ann", "\"1\"", body)
                .await
                .status
                .as_u16()
        };
        let (one, other) = tokio::join!(change("A"), change("B"));
        assert_eq!([one.min(other), one.max(other)], [200, 412]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_counts_at_once() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::VIEWER).await;
        let session = api.new_session(ann).await.0;
        let key = api.new_key("ann", &[Scope::Admin]).await.0;
        for (role, status) in [("user", 403), ("auditor", 200), ("user", 403)] {
            let got = api
                .change("POST", "/v1/users/ann/role", "*", json!({"role": role}))
                .await;
            assert_eq!(got.json()["role"], role, "{}", got.text());
            for credential in [&session, &key] {
                let got = api
                    .call_as(credential, "GET", "/v1/audit/entries", &Value::Null)
                    .await;
                assert_eq!(got.status, status, "{role}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_admin_stays() {
    let api = Api::new(On::Sqlite).await;
    let path = format!("/v1/users/{}", api.admin);
    let attempts = [
        (format!("{path}/role"), json!({"role": "viewer"})),
        (format!("{path}/disable"), Value::Null),
        (format!("{path}/erase"), json!({"reason": "test"})),
    ];
    for (path, body) in &attempts {
        let got = api.change("POST", path, "*", body.clone()).await;
        got.assert_problem(409, "last_admin", None);
    }
    api.new_user("second", Role::ADMIN).await;
    let (path, body) = &attempts[0];
    assert_eq!(api.change("POST", path, "*", body.clone()).await.status, 200);
}
