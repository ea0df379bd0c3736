//! A user with KYC, balances and API keys in one request.

use domain::identity::{Permission, Role, Scope};
use serde_json::{Value, json};

use crate::api::{BOTH, On};
use crate::custody::{deposit, held};
use crate::people::{Person, bitcoin, text, with_rules};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_with_kyc_and_balances_in_one_request() {
    for on in BOTH {
        let api = with_rules(on, |_| {}).await;
        bitcoin(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let auditor = Person::new(&api, "olga", Role::AUDITOR).await;
        deposit(&api, "user:ann", "10").await;
        deposit(&api, "house:omnibus", "5").await;
        held(&api, "2").await;
        let documents = json!([{"kind": "passport", "sha256": "0".repeat(64)}]);
        let body = json!({"user": "ann", "tier": 1, "documents": documents});
        let record = api.call("POST", "/v1/kyc", body).await.json();
        let get = async |query: &str| auditor.get(&api, &format!("/v1/users/ann{query}")).await.json();
        let both = get("?include=kyc,balances").await;
        assert_eq!(text(&both, "id"), ann.id.to_string());
        // Each part is what its own list says.
        let listed = auditor
            .get(&api, &format!("/v1/balances?user={}", ann.id))
            .await
            .json();
        assert_eq!(both["balances"]["records"], listed["balances"]);
        assert_eq!(
            (
                &both["balances"]["records"][0]["posted"],
                &both["balances"]["records"][0]["available"],
                &both["balances"]["next"]
            ),
            (&json!("10.00000000"), &json!("8.00000000"), &Value::Null)
        );
        let listed = auditor
            .get(&api, &format!("/v1/kyc?user={}", ann.id))
            .await
            .json();
        assert_eq!(both["kyc"]["records"], listed["kyc_records"]);
        assert_eq!(
            (&both["kyc"]["records"][0]["id"], &both["kyc"]["tier"]),
            (&record["id"], &json!(0))
        );
        api.new_key("ann", &[Scope::Read]).await;
        let keys = get("?include=api_keys").await["api_keys"].take();
        let listed = auditor.get(&api, "/v1/api-keys?user=ann").await.json();
        assert_eq!(keys, json!({"records": listed["api_keys"], "next": null}));
        assert!(
            listed["api_keys"].as_array().is_some_and(|keys| !keys.is_empty()),
            "{keys}"
        );
        for (query, kyc, balances) in [
            ("", false, false),
            ("?include=kyc", true, false),
            ("?include=balances", false, true),
            ("?include=balances,kyc,kyc", true, true),
        ] {
            let shown = get(query).await;
            let has = (shown.get("kyc").is_some(), shown.get("balances").is_some());
            assert_eq!(has, (kyc, balances), "{query}");
        }
        for query in ["?include=", "?include=keys", "?include=kyc,", "?include=KYC"] {
            let got = auditor.get(&api, &format!("/v1/users/ann{query}")).await;
            got.assert_problem(400, "invalid_field", Some("include"));
        }
        let got = auditor.get(&api, "/v1/users/zoe?include=kyc").await;
        got.assert_problem(404, "unknown_user", Some("id"));
    }
}

/// A part that may not be read is refused by its permission, and the refusal is recorded: an answer without it would
/// look as if there were nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_is_for_who_may_read_it() {
    let api = with_rules(On::Sqlite, |rules| {
        for (name, part) in [
            ("registrar", None),
            ("teller", Some(Permission::CustodyRead)),
            ("clerk", Some(Permission::KycRead)),
            ("keeper", Some(Permission::ApiKeysRead)),
        ] {
            let permissions = [Some(Permission::UsersRead), part];
            let permissions = permissions.into_iter().flatten().collect();
            rules
                .define(Role::parse(name).unwrap(), String::new(), permissions)
                .unwrap();
        }
    })
    .await;
    bitcoin(&api).await;
    Person::new(&api, "ann", Role::USER).await;
    for (role, readable) in [
        ("registrar", ""),
        ("teller", "balances"),
        ("clerk", "kyc"),
        ("keeper", "api_keys"),
    ] {
        let person = Person::new(&api, &format!("{role}-1"), Role::parse(role).unwrap()).await;
        assert_eq!(person.get(&api, "/v1/users/ann").await.status, 200);
        for (part, permission) in [
            ("kyc", "kyc:read"),
            ("balances", "custody:read"),
            ("api_keys", "api_keys:read"),
        ] {
            let before = api.size().await;
            let got = person.get(&api, &format!("/v1/users/ann?include={part}")).await;
            if part == readable {
                assert!(got.json().get(part).is_some(), "{role} {part}");
                continue;
            }
            got.assert_problem(403, "permission_missing", None);
            let why = got.json()["detail"].as_str().unwrap().to_owned();
            assert!(why.contains(permission), "{why}");
            let entries = api.entries_from(before).await;
            assert_eq!(entries[0]["action"], "authz_fail", "{role} {part}");
            // What is one's own is read by oneself, as in the lists.
            let own = format!("/v1/users/{role}-1?include={part}");
            assert_eq!(person.get(&api, &own).await.status, 200);
        }
    }
}
