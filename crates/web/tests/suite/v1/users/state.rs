//! Disabling, enabling, resetting and erasing users.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On, PASSWORD};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabled_and_enabled_again() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::VIEWER).await;
        let session = api.token("ann").await;
        let key = api.new_key("ann", &[Scope::Read]).await.0;
        let code = async |credential: &str| {
            let got = api.call_as(credential, "GET", "/v1/me", &Value::Null).await;
            got.json()["code"].as_str().unwrap_or("good").to_owned()
        };
        for _ in 0..2 {
            let got = api.call("POST", "/v1/users/ann/disable", Value::Null).await;
            assert_eq!(
                (&got.json()["active"], got.header("etag")),
                (&json!(false), "\"2\"")
            );
        }
        assert_eq!(
            (&*code(&session).await, &*code(&key).await),
            ("session_ended", "user_disabled")
        );
        api.log_in("ann", PASSWORD, json!({}))
            .await
            .assert_problem(401, "invalid_credentials", None);
        let got = api.call("POST", "/v1/users/ann/enable", Value::Null).await;
        assert_eq!(
            (&got.json()["active"], got.header("etag")),
            (&json!(true), "\"3\"")
        );
        assert_eq!(
            (&*code(&session).await, &*code(&key).await),
            ("session_ended", "good")
        );
        api.token("ann").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_gives_a_one_time_password() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::VIEWER).await;
        let session = api.token("ann").await;
        let got = api
            .call("POST", "/v1/users/ann/reset-password", Value::Null)
            .await;
        assert_eq!(got.status, 200, "{}", got.text());
        let once = got.json()["one_time_password"].as_str().unwrap().to_owned();
        let me = api.call_as(&session, "GET", "/v1/me", &Value::Null).await;
        me.assert_problem(401, "session_ended", None);
        api.log_in("ann", PASSWORD, json!({}))
            .await
            .assert_problem(401, "invalid_credentials", None);
        let login = api.log_in("ann", &once, json!({})).await.json();
        assert_eq!(login["must"], "password_change_required");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_forgets_the_person_and_keeps_the_entries() {
    for on in BOTH {
        let api = Api::new(on).await;
        let id = api.new_login("lovelace", Role::DEVELOPER).await;
        let session = api.token("lovelace").await;
        let key = api.new_key("lovelace", &[Scope::Write]).await.0;
        let event = json!({"actor": {"kind": "service", "id": "shop"}, "action": "a"});
        assert_eq!(
            api.call_as(&key, "POST", "/v1/audit/entries", &event)
                .await
                .status,
            201
        );
        let before = api.size().await;
        let body = json!({"reason": "ticket 4711"});
        let got = api.call("POST", "/v1/users/lovelace/erase", body.clone()).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let erased = got.json();
        let user = &erased["user"];
        assert_eq!(user["username"], format!("erased-{id}"));
        assert_eq!((&user["email"], &user["active"]), (&json!(null), &json!(false)));
        assert!(user["erased_at"].is_string());
        assert!(erased["entries"].as_u64().unwrap() >= 2, "{erased}");
        assert_eq!(got.header("etag"), format!("\"{}\"", user["version"]));
        let log = api.entries_from(0).await;
        assert!(log.len() as u64 > before);
        assert!(
            !json!(log).to_string().to_lowercase().contains("lovelace"),
            "{log:?}"
        );
        for (credential, code) in [(&session, "session_ended"), (&key, "api_key_revoked")] {
            let me = api.call_as(credential, "GET", "/v1/me", &Value::Null).await;
            me.assert_problem(401, code, None);
        }
        api.log_in("lovelace", PASSWORD, json!({}))
            .await
            .assert_problem(401, "invalid_credentials", None);
        // By its id it is still there, and can no longer be changed.
        let path = format!("/v1/users/{id}");
        for (verb, rest, body) in [
            ("PATCH", "", json!({"full_name": "x"})),
            ("POST", "/role", json!({"role": "user"})),
            ("POST", "/enable", Value::Null),
            ("POST", "/invite", Value::Null),
            ("POST", "/reset-password", Value::Null),
            ("POST", "/reset-second-factor", Value::Null),
        ] {
            let got = api.change(verb, &format!("{path}{rest}"), "*", body).await;
            got.assert_problem(409, "user_erased", None);
        }
        let got = api.call("POST", &format!("{path}/erase"), body).await;
        assert_eq!(got.status, 200, "{}", got.text());
        // The name is free again.
        api.new_login("lovelace", Role::VIEWER).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_found_by_id_name_and_address() {
    for on in BOTH {
        let api = Api::new(on).await;
        let id = api.new_login("ann", Role::VIEWER).await.to_string();
        for text in [
            &id,
            "ann",
            "ANN",
            "ann@example.com",
            "ann%40example.com",
            &id.to_uppercase(),
        ] {
            let got = api.get(&format!("/v1/users/{text}")).await;
            assert_eq!(
                (got.status.as_u16(), &got.json()["id"]),
                (200, &json!(id)),
                "{text}"
            );
        }
        let user = api.get("/v1/users/ann").await.json();
        assert_eq!(
            (
                &user["sessions"],
                &user["second_factor"],
                &user["invited_until"],
                &user["last_login_at"]
            ),
            (&json!(0), &json!(false), &json!(null), &json!(null))
        );
        api.token("ann").await;
        api.engine.limits().flush().await.unwrap();
        let user = api.get("/v1/users/ann").await.json();
        assert_eq!(user["sessions"], 1);
        assert!(user["last_login_at"].is_string(), "{user}");
        for text in [
            "nobody",
            "nobody@example.com",
            "a%00b",
            "01970000-0000-7000-8000-0000000000ab",
            "%25",
        ] {
            let got = api.get(&format!("/v1/users/{text}")).await;
            got.assert_problem(404, "unknown_user", Some("id"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_about_nobody() {
    let api = Api::new(On::Sqlite).await;
    for (verb, rest, body) in [
        ("PATCH", "", json!({"full_name": "x"})),
        ("POST", "/role", json!({"role": "user"})),
        ("POST", "/disable", Value::Null),
        ("POST", "/enable", Value::Null),
        ("POST", "/invite", Value::Null),
        ("POST", "/reset-password", Value::Null),
        ("POST", "/reset-second-factor", Value::Null),
        ("POST", "/erase", json!({"reason": "x"})),
    ] {
        let got = api
            .change(verb, &format!("/v1/users/nobody{rest}"), "*", body)
            .await;
        got.assert_problem(404, "unknown_user", Some("id"));
        assert_eq!(got.json()["detail"], "there is no such user");
    }
}
