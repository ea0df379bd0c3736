//! One's own balance, named without anybody having to be looked up.

use domain::identity::user::CreateUser;
use domain::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::api::{Api, BOTH};
use crate::custody::{OPERATIONS, World, asset, deposit};
use crate::people::Person;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_me_and_one_s_own_name_are_accounts() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        // With nothing but custody:own of all that is about custody, and no permission to know who is there.
        let key = api.new_key("ann", &[Scope::Custody]).await.0;
        let transfer = |debit: &str, credit: &str| json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": debit, "credit": credit});
        let bob = format!("user:{}", world.bob);
        let made = format!("user:{}", world.ann);
        for own in ["user:me", "user:ann", "user:ANN"] {
            let got = world.as_user(&key, "POST", OPERATIONS, transfer(own, &bob)).await;
            assert_eq!(got.status, 201, "{own}: {}", got.text());
            assert_eq!(got.json()["debit"]["account"], json!(made));
            let path = format!("{OPERATIONS}?asset=BTC&balance={own}");
            let found = world.as_user(&key, "GET", &path, Value::Null).await;
            assert_eq!(found.status, 200, "{own}: {}", found.text());
            assert!(!found.json()["operations"].as_array().unwrap().is_empty());
        }
        // Each is another's `me`, also as what is credited, in an array, and in what an approval is asked for.
        let got = world.as_user(
            &world.bob_key,
            "POST",
            OPERATIONS,
            json!([transfer("user:me", &made)]),
        );
        let result = &got.await.json()["results"][0];
        assert_eq!(result["operation"]["debit"]["account"], json!(bob), "{result}");
        let arguments = transfer("user:me", &bob);
        let body = json!({"action": "operation.create", "arguments": arguments});
        let got = world.as_user(&key, "POST", "/v1/approvals", body).await;
        assert_eq!(got.status, 201, "{}", got.text());
        assert_eq!(
            got.json()["arguments"]["debit"],
            json!(world.balance(world.ann).await)
        );
        // Nobody else is told by name, nor moved from.
        for (debit, credit, field) in [
            ("user:me", "user:bob", "credit"),
            ("user:bob", "user:me", "debit"),
        ] {
            let got = world
                .as_user(&key, "POST", OPERATIONS, transfer(debit, credit))
                .await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
        let got = world
            .as_user(&key, "POST", OPERATIONS, transfer(&bob, "user:me"))
            .await;
        got.assert_problem(403, "permission_missing", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_s_own_address_is_one_s_own_name() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.create(CreateUser {
            email: Some("Eve@example.com".into()),
            password_hash: Some("none".into()),
            ..CreateUser::new("eve", Role::USER)
        })
        .await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        asset(&api).await;
        deposit(&api, "user:eve", "1").await;
        let key = api.new_key("eve", &[Scope::Admin]).await.0;
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": "user:eve@EXAMPLE.com",
            "credit": format!("user:{}", bob.id)});
        let got = api.call_as(&key, "POST", OPERATIONS, &body).await;
        assert_eq!(got.status, 201, "{}", got.text());
        for path in [
            "/v1/balances?user=eve@example.com",
            "/v1/kyc/tier?user=eve@example.com",
        ] {
            let got = api.call_as(&key, "GET", path, &Value::Null).await;
            assert_eq!(got.status, 200, "{path}: {}", got.text());
        }
    }
}
