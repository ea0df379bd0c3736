//! What is offered, and what is not: as a thing stands, and who looks.

use domain::identity::Role;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use super::pages::seeded;
use crate::api::{Api, BOTH, On, PASSWORD};
use crate::totp;

/// A body that is good for what a path ends with; none where the change takes no `dry_run`.
fn body(verb: &str) -> Option<Value> {
    Some(match verb {
        "start" | "complete" | "report" | "withdraw" | "approve" | "end" => json!({}),
        "fail" | "cancel" | "mark-unknown" => json!({"error": "tried"}),
        "resolve" => json!({"outcome": "failed", "evidence": "looked it up"}),
        "vote" => json!({"approve": true}),
        "reject" | "revoke" => json!({"reason": "tried"}),
        _ => return None,
    })
}

/// Whatever is offered can be done, as far as how a thing stands decides it; what how it stands forbids is not offered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_offered_is_what_a_thing_lets_happen() {
    for on in BOTH {
        let api = seeded(on).await;
        let user = api.new_person("root", Role::ADMIN).await;
        let token = api.new_session(user).await.0;
        let browser = Browser::new(&api);
        browser.keep("__Host-probity", &token);
        let mut tried = [0, 0];
        for list in ["/operations", "/approvals", "/kyc", "/conversations"] {
            for row in browser.page(&format!("{list}?limit=100")).await.rows() {
                let page = browser.page(&row).await;
                for (_, template, _) in web::endpoints() {
                    let Some(verb) = template.strip_prefix(&format!("/v1{list}/{{id}}/")) else {
                        continue;
                    };
                    let Some(body) = body(verb) else { continue };
                    let path = format!("/v1{row}/{verb}?dry_run=true");
                    let got = api.call_as(&token, "POST", &path, &body).await;
                    let address = format!("{row}/{verb}");
                    let offered =
                        page.links().contains(&address) || page.each("form", "action").contains(&address);
                    let standing = [
                        "wrong_status",
                        "wrong_kind",
                        "approval_decided",
                        "approval_expired",
                    ];
                    let code = got.json()["code"].as_str().unwrap_or_default().to_owned();
                    if offered {
                        assert!(
                            !standing.contains(&&*code),
                            "{address} is offered: {}",
                            got.text()
                        );
                        tried[0] += 1;
                    } else if got.status != 200 {
                        tried[1] += 1;
                    }
                    if standing.contains(&&*code) {
                        assert!(!offered, "{address}");
                    }
                }
            }
        }
        assert!(tried[0] > 3 && tried[1] > 3, "{tried:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_enabled_is_not_enabled_again() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::VIEWER).await;
        let agent = api
            .call("POST", "/v1/agents", json!({"name": "triage"}))
            .await
            .json();
        let agent = agent["id"].as_str().unwrap().to_owned();
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        for one in [format!("/users/{ann}"), format!("/agents/{agent}")] {
            let (disable, enable) = (format!("{one}/disable"), format!("{one}/enable"));
            let offered = |page: &Page| [&disable, &enable].map(|link| page.links().contains(link));
            assert_eq!(offered(&browser.page(&one).await), [true, false], "{one}");
            assert_eq!(browser.post(&disable, &[]).await.status, 303);
            assert_eq!(offered(&browser.page(&one).await), [false, true], "{one}");
            assert_eq!(browser.post(&enable, &[]).await.status, 303);
            assert_eq!(offered(&browser.page(&one).await), [true, false], "{one}");
        }
        // Of who was erased there is nothing left to change.
        let fields = [("reason", "asked for"), ("_name", &*ann.to_string())];
        let got = browser.post(&format!("/users/{ann}/erase"), &fields).await;
        assert_eq!(got.status, 303, "{}", got.text());
        let page = browser.page(&format!("/users/{ann}")).await;
        for verb in ["edit", "role", "disable", "enable", "invite", "reset-password"] {
            assert!(!page.links().contains(&format!("/users/{ann}/{verb}")), "{verb}");
        }
    }
}

/// Before somebody does what cannot be undone, the page says in numbers what it will do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_says_what_it_will_do() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::DEVELOPER).await;
        api.new_session(ann).await;
        api.new_session(ann).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let key = json!({"name": "shop", "scopes": ["read"], "user": "ann"});
        let made = api.call("POST", "/v1/api-keys", key).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let key = made.json()["api_key"]["id"].as_str().unwrap().to_owned();
        let page = browser.page(&format!("/users/{ann}/disable")).await;
        for said in ["2 sessions end", "1 API key stops"] {
            assert!(page.text().contains(said), "{said}: {}", page.text());
        }
        let page = browser.page(&format!("/users/{ann}/erase")).await;
        assert!(page.text().contains("their payload"), "{}", page.text());
        let page = browser.page(&format!("/api-keys/{key}/revoke")).await;
        assert!(
            page.text().contains("the key stops at once") && page.text().contains("it was never used"),
            "{}",
            page.text()
        );
        let page = browser.page(&format!("/api-keys/{key}")).await;
        assert!(page.text().contains("reading leaves no entry"), "{}", page.text());
        // Who may not read keys learns nothing of them.
        let other = Browser::of(&api, "other", Role::USER).await;
        let got = other.get(&format!("/api-keys/{key}/revoke")).await;
        assert!(!got.text().contains("never used"), "{}", got.text());
    }
}

/// The erasure is of as many entries as the page says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_entries_are_erased_as_were_said() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = api.new_person("ann", Role::VIEWER).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        for name in ["Ann One", "Ann Two"] {
            let path = format!("/users/{ann}/edit");
            let version = browser.page(&path).await.value("_version").unwrap();
            let fields = [("username", "ann"), ("full_name", name), ("_version", &*version)];
            assert_eq!(browser.post(&path, &fields).await.status, 303);
        }
        let would = api.engine.would_erase(ann, 100).await.unwrap();
        assert!(would.entries > 2 && !would.held, "{would:?}");
        let page = browser.page(&format!("/users/{ann}/erase")).await;
        let said = format!("{} entries lose their payload", would.entries);
        assert!(page.text().contains(&said), "{said}: {}", page.text());
        let erased = api
            .call(
                "POST",
                &format!("/v1/users/{ann}/erase"),
                json!({"reason": "asked"}),
            )
            .await;
        assert_eq!(erased.json()["entries"], would.entries, "{}", erased.text());
    }
}

/// A job that lacks what it needs is not run, and there is no form for one that is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_can_do_nothing_is_not_offered() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let rows = browser.page("/jobs").await.rows();
    assert!(rows.contains(&"/jobs/verify/run".to_owned()), "{rows:?}");
    for place in ["/jobs", "/status"] {
        let page = browser.page(place).await;
        assert!(!page.text().contains("/jobs/backup/run"), "{}", page.text());
        assert!(page.text().contains("/jobs/verify/run"), "{}", page.text());
    }
    let page = browser.page("/jobs/backup/run").await;
    assert!(page.text().contains("backup.path is not set"), "{}", page.text());
    assert!(
        !page
            .each("form", "action")
            .contains(&"/jobs/backup/run".to_owned())
    );
    assert!(
        browser
            .page("/jobs/verify/run")
            .await
            .each("form", "action")
            .contains(&"/jobs/verify/run".to_owned())
    );
    for got in [
        browser.get("/jobs/nosuch/run").await,
        browser.post("/jobs/nosuch/run", &[]).await,
    ] {
        assert_eq!(got.status, 404, "{}", got.text());
    }
}

/// A record is approved once its documents are verified.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kyc_record_with_a_pending_document_is_not_approved() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_person("ann", Role::USER).await;
        let documents = json!([{"kind": "passport", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]);
        let made = json!({"user": "ann", "tier": 1, "documents": documents});
        let made = api.call("POST", "/v1/kyc", made).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let record = format!("/kyc/{}", made.json()["id"].as_str().unwrap());
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let approve = format!("{record}/approve");
        let page = browser.page(&record).await;
        let links = page.links();
        assert!(
            !links.contains(&approve) && links.contains(&format!("{record}/reject")),
            "{links:?}"
        );
        assert!(page.text().contains("a document is pending"), "{}", page.text());
        let check = links.iter().find(|link| link.ends_with("/check")).unwrap();
        let got = browser.post(check, &[("verified", "true")]).await;
        assert_eq!(got.status, 303, "{}", got.text());
        assert!(browser.page(&record).await.links().contains(&approve));
        let got = browser.post(&approve, &[]).await;
        assert_eq!(got.status, 303, "{}", got.text());
    }
}

/// Of a second factor, what can be done with it as it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_that_is_not_there_is_not_removed() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::ADMIN).await;
    let browser = Browser::new(&api);
    let sign_in = [("username", "ann"), ("password", PASSWORD)];
    assert_eq!(browser.post("/sign-in", &sign_in).await.status, 303);
    let offered = async || {
        let links = browser.page("/account").await.links();
        ["", "/recovery-codes", "/remove"].map(|end| links.contains(&format!("/me/second-factor{end}")))
    };
    assert_eq!(offered().await, [true, false, false]);
    let got = browser.post("/me/second-factor", &[("password", PASSWORD)]).await;
    let secret = Page::of(got).each("pre", "data-copy")[0].clone();
    let code = totp::code(&secret, 0);
    let got = browser
        .post("/me/second-factor/confirm", &[("code", &code)])
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert_eq!(offered().await, [false, true, true]);
}
