//! `/v1/auth/login` and `/v1/auth/logout`, by token.

use domain::identity::Role;
use domain::identity::user::CreateUser;
use engine::IdentityOptions;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On, PASSWORD};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_name_or_e_mail_address_in_any_case() {
    for on in BOTH {
        let api = Api::new(on).await;
        let id = api.new_login("ann", Role::DEVELOPER).await;
        let before = api.size().await;
        for (number, name) in ["ann", "ANN", "ann@example.com", "Ann@Example.COM"]
            .into_iter()
            .enumerate()
        {
            let got = api.log_in(name, PASSWORD, json!({})).await;
            assert_eq!(got.status, 200, "{}", got.text());
            assert_eq!(got.header("set-cookie"), "");
            let answer = got.json();
            assert_eq!(
                (&answer["user"]["id"], &answer["must"]),
                (&json!(id), &json!(null))
            );
            let token = answer["token"].as_str().unwrap();
            assert!(token.starts_with("prs_") && token.len() == 53, "{token}");
            let me = api.call_as(token, "GET", "/v1/me", &Value::Null).await.json();
            assert_eq!(me["session"], answer["session"]);
            assert_eq!(
                me["permissions"],
                json!([
                    "audit:read",
                    "audit:write",
                    "api_keys:own",
                    "agents:read",
                    "agents:own",
                    "custody:read",
                    "approvals:read",
                    "approvals:request",
                    "workflows:read",
                    "workflows:own"
                ])
            );
            let written = api.entries_from(before).await;
            let last = written.last().unwrap();
            assert_eq!(written.len(), number + 1);
            assert_eq!(
                (&last["action"], &last["outcome"], &last["authority"]),
                (
                    &json!("authn_login_success"),
                    &json!("success"),
                    &json!("password")
                )
            );
            assert_eq!(last["target"]["id"], answer["session"]["id"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_name_password_or_disabled_user_is_answered_alike() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::DEVELOPER).await;
        api.new_user("nopw", Role::DEVELOPER).await;
        api.new_login("gone", Role::DEVELOPER).await;
        assert_eq!(
            api.call("POST", "/v1/users/gone/disable", Value::Null)
                .await
                .status,
            200
        );
        let before = api.size().await;
        // Word for word: what tells a disabled user apart would say that the password is right.
        let mut answers = Vec::new();
        for (name, password) in [
            ("ann", "correct horse battery stapl"),
            ("ann", "x"),
            ("nobody", PASSWORD),
            ("nobody@example.com", PASSWORD),
            ("nopw", PASSWORD),
            ("gone", PASSWORD),
            ("'; --", "\u{0}"),
        ] {
            let began = std::time::Instant::now();
            let got = api.log_in(name, password, json!({})).await;
            assert!(
                began.elapsed().as_millis() >= 500,
                "{name}: {:?}",
                began.elapsed()
            );
            got.assert_problem(401, "invalid_credentials", None);
            answers.push(got.json());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        let written = api.entries_from(before).await;
        assert_eq!(written.len(), 7);
        for entry in &written {
            assert_eq!(entry["action"], "authn_login_fail", "{entry}");
            assert!(!entry.to_string().contains("stapl"), "{entry}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_makes_a_new_token_and_logout_ends_it() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::DEVELOPER).await;
        let (one, other) = (api.token("ann").await, api.token("ann").await);
        assert_ne!(one, other);
        let before = api.size().await;
        let out = api.call_as(&one, "POST", "/v1/auth/logout", &Value::Null).await;
        assert_eq!((out.status.as_u16(), out.text()), (204, ""));
        let written = api.entries_from(before).await;
        assert_eq!(written.len(), 1);
        assert_eq!(
            (&written[0]["action"], &written[0]["details"]["reason"]),
            (&json!("session_expired"), &json!("logout"))
        );
        for path in ["/v1/auth/logout", "/v1/me/password"] {
            let got = api.call_as(&one, "POST", path, &Value::Null).await;
            got.assert_problem(401, "session_ended", None);
        }
        let me = api.call_as(&other, "GET", "/v1/me", &Value::Null).await;
        assert_eq!(me.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_wrong_attempts_are_not_looked_at() {
    for on in BOTH {
        let api = Api::standing(on, IdentityOptions::default()).await;
        api.new_login("ann", Role::DEVELOPER).await;
        for _ in 0..10 {
            let got = api.log_in("ann", "wrong", json!({})).await;
            got.assert_problem(401, "invalid_credentials", None);
        }
        let before = api.size().await;
        // Not even the right password, by either name.
        for name in ["ann", "ann@example.com"] {
            let got = api.log_in(name, PASSWORD, json!({})).await;
            got.assert_problem(429, "too_many_logins", None);
            let wait: u64 = got.header("retry-after").parse().unwrap();
            assert!((1..=300).contains(&wait), "{wait}");
        }
        let written = api.entries_from(before).await;
        assert_eq!(written.len(), 2);
        assert_eq!(written[0]["action"], "authn_login_fail_max");
        // Others are not held up.
        api.new_login("bob", Role::DEVELOPER).await;
        api.token("bob").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input() {
    let api = Api::new(On::Sqlite).await;
    let (most, more) = ("x".repeat(254), "x".repeat(255));
    let (long, longer) = ("x".repeat(256), "x".repeat(257));
    let cases = [
        (json!({"username": "a"}), 400, "invalid_field", Some("password")),
        (json!({"password": "a"}), 400, "invalid_field", Some("username")),
        (
            json!({"username": 1, "password": "a"}),
            400,
            "invalid_field",
            Some("username"),
        ),
        (
            json!({"username": "a", "password": null}),
            400,
            "invalid_field",
            Some("password"),
        ),
        (
            json!({"username": "", "password": "a"}),
            400,
            "invalid_field",
            Some("username"),
        ),
        (
            json!({"username": "a", "password": ""}),
            400,
            "invalid_field",
            Some("password"),
        ),
        (
            json!({"username": more, "password": "a"}),
            400,
            "invalid_field",
            Some("username"),
        ),
        (
            json!({"username": "a", "password": longer}),
            400,
            "invalid_field",
            Some("password"),
        ),
        (
            json!({"username": most, "password": long}),
            401,
            "invalid_credentials",
            None,
        ),
        (
            json!({"username": "a", "password": "a", "cookie": "yes"}),
            400,
            "invalid_field",
            Some("cookie"),
        ),
        (
            json!({"username": "a", "password": "a", "totp": 123_456}),
            400,
            "invalid_field",
            Some("totp"),
        ),
        (
            json!({"username": "a", "password": "a", "otp": "1"}),
            400,
            "invalid_field",
            Some("otp"),
        ),
        (json!([]), 400, "invalid_field", None),
        (
            json!(["ann", PASSWORD, null, null, null]),
            400,
            "invalid_field",
            None,
        ),
        (json!("ann"), 400, "invalid_field", None),
    ];
    for (body, status, code, field) in cases {
        let got = api.call_as("", "POST", "/v1/auth/login", &body).await;
        got.assert_problem(status, code, field);
    }
}

/// bcrypt of 72 times the letter a, and whatever comes after them, as crypt(3) makes it.
const OF_72: &str = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";

/// The owner's password goes on working, whatever the others have beyond what bcrypt reads, until it is changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_bcrypt_read_in_part_lets_in_and_must_be_changed() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.create(CreateUser {
            password_hash: Some(OF_72.into()),
            ..CreateUser::new("ann", Role::DEVELOPER)
        })
        .await;
        let [own, other] = ["a".repeat(80), format!("{}{PASSWORD}", "a".repeat(72))];
        for password in [&other, &own] {
            let got = api.log_in("ann", password, json!({})).await;
            assert_eq!(got.status, 200, "{}", got.text());
            let answer = got.json();
            assert_eq!(answer["must"], json!("password_change_required"));
            let token = answer["token"].as_str().unwrap();
            let got = api.call_as(token, "GET", "/v1/audit/entries", &Value::Null).await;
            got.assert_problem(403, "password_change_required", None);
        }
        let answer = api.log_in("ann", &own, json!({})).await.json();
        let token = answer["token"].as_str().unwrap();
        let change = json!({"current_password": own, "new_password": PASSWORD});
        let got = api.call_as(token, "POST", "/v1/me/password", &change).await;
        assert_eq!(got.status, 204, "{}", got.text());
        let got = api.call_as(token, "GET", "/v1/audit/entries", &Value::Null).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let got = api.log_in("ann", &own, json!({})).await;
        got.assert_problem(401, "invalid_credentials", None);
        assert_eq!(
            api.log_in("ann", PASSWORD, json!({})).await.json()["must"],
            json!(null)
        );
    }
}
