//! Bodies that may be absent, bodies that are not taken, and what is kept of one.

use serde_json::{Value, json};

use crate::api::{Api, BOTH};
use crate::custody::{OPERATIONS, World, held};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_whose_members_are_all_optional_may_be_absent() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let step = |id: &str, verb: &str| format!("{OPERATIONS}/{id}/{verb}");
        let release = step(&held(api, "1").await, "release");
        let capture = step(&held(api, "1").await, "capture");
        let other = step(&held(api, "1").await, "capture");
        for path in [&release, &capture, "/v1/sessions/end"] {
            let got = api.call("POST", path, Value::Null).await;
            let session = path.ends_with("end") && got.status == 403;
            assert!(got.status.is_success() || session, "{path}: {}", got.text());
        }
        let bearer = format!("Bearer {}", api.key);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "c")];
        let first = api.call_with(&headers, "POST", &other, &Value::Null).await;
        assert_eq!(first.status, 201, "{}", first.text());
        let again = api.call_with(&headers, "POST", &other, &json!({})).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (200, "true")
        );
        // Where something must be said, an absent body says nothing.
        let got = api.call("POST", OPERATIONS, Value::Null).await;
        assert_eq!(got.problem().0, 415, "{}", got.text());
        // The documentation says which is which.
        let document = api.get_open("/openapi.json").await.json();
        let required = |path: &str| document["paths"][path]["post"]["requestBody"]["required"].clone();
        assert_eq!(required("/v1/operations/{id}/release"), false);
        assert_eq!(required("/v1/operations/{id}/capture"), false);
        assert_eq!(required("/v1/operations/{id}/fail"), true);
        assert_eq!(required("/v1/operations"), true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn release_keeps_its_reason_and_refuses_what_it_does_not_know() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let hold = held(api, "2").await;
        let path = format!("{OPERATIONS}/{hold}/release");
        for (body, field) in [
            (json!({"reasons": "x"}), "reasons"),
            (json!({"reason": ""}), "reason"),
            (json!({"reason": "x".repeat(1_001)}), "reason"),
            (json!({"amount": "1"}), "amount"),
        ] {
            let got = api.call("POST", &path, body).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
        let why = json!({"reason": "sold out"});
        let got = api.call("POST", &path, why.clone()).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let shown = api.get(&format!("{OPERATIONS}/{hold}")).await.json();
        assert_eq!(
            (&shown["status"], &shown["error"]),
            (&json!("cancelled"), &json!("sold out"))
        );
        let again = api.call("POST", &path, why).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (200, "true")
        );
        let other = api.call("POST", &path, json!({"reason": "another"})).await;
        other.assert_problem(409, "wrong_status", None);
        // Of one that was captured in part, too.
        let hold = held(api, "2").await;
        api.call(
            "POST",
            &format!("{OPERATIONS}/{hold}/capture"),
            json!({"amount": "1"}),
        )
        .await;
        api.call(
            "POST",
            &format!("{OPERATIONS}/{hold}/release"),
            json!({"reason": "the rest is not needed"}),
        )
        .await;
        let shown = api.get(&format!("{OPERATIONS}/{hold}")).await.json();
        assert_eq!(
            (&shown["status"], &shown["error"]),
            (&json!("completed"), &json!("the rest is not needed"))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_no_body_refuses_one() {
    for on in BOTH {
        let api = Api::new(on).await;
        let user = api.new_person("ann", domain::identity::Role::USER).await;
        let document = api.get_open("/openapi.json").await.json();
        let size = api.size().await;
        let mut seen = 0;
        for (verb, template, access) in web::endpoints() {
            let operation = &document["paths"][template][verb.as_str().to_lowercase()];
            let session = matches!(access, web::Access::Session | web::Access::SecondFactor);
            if verb == web::Verb::Get || operation.get("requestBody").is_some() || session {
                continue;
            }
            seen += 1;
            let path = template.replace("{id}", &user.to_string());
            let got = api.call(verb.as_str(), &path, json!({"reason": "x"})).await;
            got.assert_problem(400, "invalid_field", Some("reason"));
        }
        assert!(seen > 8, "{seen}");
        assert_eq!(api.size().await, size, "nothing is written");
        let path = format!("/v1/users/{user}/disable");
        assert_eq!(
            api.call("POST", &path, json!({})).await.status,
            200,
            "nothing is said"
        );
    }
}
