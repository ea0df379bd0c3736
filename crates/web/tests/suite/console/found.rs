//! What the search finds beside whole ids and names that are one thing's own.

use domain::identity::{Role, Scope};
use serde_json::json;

use super::browser::Browser;
use crate::api::{Api, BOTH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_ids_full_names_and_keys_are_found() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::DEVELOPER).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let path = format!("/users/{ann}/edit");
        let version = browser.page(&path).await.value("_version").unwrap();
        let fields = [
            ("username", "ann"),
            ("full_name", "Ann Other-Name"),
            ("_version", &*version),
        ];
        assert_eq!(browser.post(&path, &fields).await.status, 303);
        let made = json!({"name": "Shop of Ann", "scopes": ["read"], "user": "ann"});
        let made = api.call("POST", "/v1/api-keys", made).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let key = made.json();
        let (id, secret) = (&key["api_key"]["id"], key["key"].as_str().unwrap());
        let key_page = format!("/api-keys/{}", id.as_str().unwrap());
        let whole = ann.to_string();
        let shortened = format!("{}…{}", &whole[..8], &whole[28..]);
        let own = id.as_str().unwrap();
        let own = format!("{}…{}", &own[..8], &own[28..]);
        let started = api
            .call("POST", "/v1/executions", json!({"workflow": "triage"}))
            .await;
        assert_eq!(started.status, 201, "{}", started.text());
        let entry = api.get("/v1/audit/entries/2").await.json();
        let entry = entry["id"].as_str().unwrap();
        let entry = format!("{}…{}", &entry[..8], &entry[28..]);
        for (text, place) in [
            ("user:ann", "/users/ann"),
            ("USER:ann", "/users/ann"),
            ("House:fees", "/balances?house=true"),
            (&*format!("user:{ann}"), &*format!("/users/{ann}")),
            (&*format!("api_key:{}", id.as_str().unwrap()), &*key_page),
            ("triage", "/executions?workflow=triage"),
            ("ann other-name", &*format!("/users/{ann}")),
            (&shortened, &*format!("/users/{ann}")),
            ("shop of ann", &*key_page),
            (&secret[..10], &*key_page),
            // A whole key does not stay in the address.
            (secret, &*format!("/search?q={}", &secret[..10])),
            (&own, &*key_page),
            (&entry, "/audit/entries/2"),
        ] {
            let got = browser
                .get(&format!("/search{}", console::query([("q", text)])))
                .await;
            assert_eq!(
                (got.status.as_u16(), got.header("location")),
                (303, place),
                "{text}: {}",
                got.text()
            );
            browser.get(place).await;
        }
        // What was made within a minute begins alike: all of it is listed.
        let page = browser.page(&format!("/search?q={}", &whole[..8])).await;
        let links = page.links();
        assert!(links.contains(&format!("/users/{ann}")), "{links:?}");
        assert!(
            links.iter().any(|link| link.starts_with("/audit/entries/")),
            "{links:?}"
        );
        // Who may not read them learns nothing of them.
        let guest = Browser::of(&api, "guest", Role::USER).await;
        for text in [
            &whole[..8],
            "Ann Other-Name",
            "shop of ann",
            &secret[..10],
            &shortened,
        ] {
            let page = guest
                .get(&format!("/search{}", console::query([("q", text)])))
                .await;
            assert!(!page.text().contains(&whole), "{text}: {}", page.text());
            assert!(!page.text().contains(&key_page), "{text}: {}", page.text());
        }
        let (_, own) = api.new_key("guest", &[Scope::Read]).await;
        let page = guest.get(&format!("/search?q={}", &own.to_string()[..8])).await;
        let place = format!("/api-keys/{own}");
        assert!(
            page.header("location") == place || page.text().contains(&place),
            "{}",
            page.text()
        );
    }
}
