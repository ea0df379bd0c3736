//! What a form is refused for: said as people read it, with what helps, and never so that it cannot be sent again.

use domain::custody::OperationKind;
use domain::custody::rules::ThresholdRule;
use domain::identity::Role;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::api::{Api, BOTH, On};
use crate::custody::{World, asset, deposit};
use crate::people::with_rules;

const NEW: &str = "/operations/new";

/// A transfer of ann's to the house.
fn transfer<'a>(amount: &'a str, key: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("kind", "transfer"),
        ("asset", "BTC"),
        ("amount", amount),
        ("debit", "user:ann"),
        ("credit", "house:omnibus"),
        ("_key", key),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_was_sent_with_other_content_can_be_sent_again() {
    for on in BOTH {
        let world = World::new(on).await;
        let browser = Browser::of(&world.api, "root", Role::ADMIN).await;
        let key = browser.page(NEW).await.value("_key").unwrap();
        assert_eq!(browser.post(NEW, &transfer("1", &key)).await.status, 303);
        // Back, and something else in it.
        let got = browser.post(NEW, &transfer("2", &key)).await;
        assert_eq!(got.status, 422, "{}", got.text());
        let page = Page::of(got);
        assert!(
            page.text().contains("sent before with other content") && !page.text().contains("Idempotency"),
            "{}",
            page.text()
        );
        assert_eq!(page.value("amount").as_deref(), Some("2"));
        let other = page.value("_key").unwrap();
        assert_ne!(other, key);
        assert_eq!(browser.post(NEW, &transfer("2", &other)).await.status, 303);
        // What was refused is sent again with another amount.
        let got = browser
            .post(
                NEW,
                &transfer("100", &browser.page(NEW).await.value("_key").unwrap()),
            )
            .await;
        assert_eq!(got.status, 409, "{}", got.text());
        let page = Page::of(got);
        let entry = format!("/audit/entries/{}", world.api.size().await - 1);
        assert!(page.links().contains(&entry), "{entry} in {:?}", page.links());
        assert!(
            page.text().contains("user:ann has 7.00000000 BTC available"),
            "{}",
            page.text()
        );
        let again = page.value("_key").unwrap();
        assert_eq!(browser.post(NEW, &transfer("3", &again)).await.status, 303);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operation_needs_is_not_folded_away() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let page = browser.page(NEW).await;
    let (asked, more) = page.text().split_once("<summary>More</summary>").unwrap();
    for name in ["kind", "asset", "amount", "debit", "credit"] {
        assert!(asked.contains(&format!("name=\"{name}\"")), "{name}");
    }
    assert!(more.contains("name=\"reference\"") && !more.contains("name=\"linked\""));
    for word in ["Idempotency", "array", "the commit"] {
        assert!(!page.text().contains(word), "{word}");
    }
    // What the address gives is seen.
    let page = browser.page(&format!("{NEW}?reference=D-17")).await;
    let (asked, _) = page.text().split_once("<summary>More</summary>").unwrap();
    assert!(asked.contains("value=\"D-17\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_rule_wants_an_approval_one_is_asked_for_from_there() {
    for on in BOTH {
        let api = with_rules(on, |rules| {
            rules.custody.thresholds = vec![ThresholdRule {
                asset: "BTC".to_owned(),
                kind: OperationKind::Transfer,
                amount: "1".to_owned(),
                quorum: 1,
            }];
        })
        .await;
        asset(&api).await;
        let ann = api.new_person("ann", Role::USER).await;
        deposit(&api, &format!("user:{ann}"), "10").await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let key = browser.page(NEW).await.value("_key").unwrap();
        let got = browser.post(NEW, &transfer("2", &key)).await;
        assert_eq!(got.status, 409, "{}", got.text());
        let page = Page::of(got);
        let links = page.links();
        let ask = links.iter().find(|link| link.starts_with("/approvals/new?"));
        let form = browser.page(ask.unwrap()).await;
        assert_eq!(form.value("action").as_deref(), Some("operation.create"));
        let arguments = json!({"amount": "2", "asset": "BTC", "credit": "house:omnibus", "debit": "user:ann", "kind": "transfer"});
        let key = form.value("_key").unwrap();
        let fields = [
            ("action", "operation.create"),
            ("arguments", &*arguments.to_string()),
            ("_key", &*key),
        ];
        assert!(form.text().contains("operation.create") && form.text().contains("house:omnibus"));
        let got = browser.post("/approvals/new", &fields).await;
        assert_eq!(got.status, 303, "{}", got.text());
        // Somebody else grants it; then the form is sent again with its id.
        let id = got.header("location").rsplit('/').next().unwrap().to_owned();
        let other = Browser::of(&api, "other", Role::ADMIN).await;
        let vote = format!("/approvals/{id}/vote");
        assert_eq!(other.post(&vote, &[("approve", "true")]).await.status, 303);
        // From there, nobody else is led to the form, which has all that was granted.
        let path = format!("/approvals/{id}");
        let leads = |page: &Page| {
            page.links()
                .into_iter()
                .find(|link| link.starts_with("/operations/new?"))
        };
        assert_eq!(leads(&other.page(&path).await), None);
        let back = leads(&browser.page(&path).await).unwrap();
        let form = browser.page(&back).await;
        let mut fields = transfer("2", "k-2");
        fields.push(("approval", &id));
        for (name, value) in fields.iter().filter(|(name, _)| !["_key", "kind"].contains(name)) {
            let value = if *name == "amount" { "2.00000000" } else { value };
            assert_eq!(form.value(name).as_deref(), Some(value), "{name}: {back}");
        }
        let got = browser.post(NEW, &fields).await;
        assert_eq!(got.status, 303, "{}", got.text());
        // Used, it leads nowhere any more.
        assert_eq!(leads(&browser.page(&path).await), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_named() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let got = browser.post("/api-keys/new", &[("name", "shop")]).await;
    assert_eq!(got.status, 400, "{}", got.text());
    let page = Page::of(got);
    assert!(
        page.text().contains("c-scopes-wrong") && page.text().contains("choose one at least"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("at line"), "{}", page.text());
    assert_eq!(page.value("name").as_deref(), Some("shop"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_entries_is_told_the_index_alone() {
    let api = Api::new(On::Sqlite).await;
    api.new_person("ann", Role::VIEWER).await;
    let browser = Browser::of(&api, "guest", Role::USER).await;
    let got = browser.post("/users/ann/disable", &[]).await;
    assert_eq!(got.status, 403, "{}", got.text());
    let page = Page::of(got);
    let index = api.size().await - 1;
    assert!(
        page.text().contains(&format!("Recorded as entry {index}.")),
        "{}",
        page.text()
    );
    assert!(!page.links().contains(&format!("/audit/entries/{index}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_changed_is_said_as_people_say_it() {
    let api = Api::new(On::Sqlite).await;
    let ann = api.new_person("ann", Role::VIEWER).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let path = format!("/users/{ann}/edit");
    let version = browser.page(&path).await.value("_version").unwrap();
    let fields = [("username", "ann"), ("full_name", "Ann"), ("_version", &*version)];
    assert_eq!(browser.post(&path, &fields).await.status, 303);
    let got = browser.post(&path, &fields).await;
    assert_eq!(got.status, 412, "{}", got.text());
    let page = Page::of(got);
    assert!(
        page.text().contains("Somebody else changed it meanwhile"),
        "{}",
        page.text()
    );
    assert!(page.links().contains(&path), "{:?}", page.links());
    assert_eq!(api.get("/v1/users/ann").await.json()["email"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_field_is_said_on_top_and_beside_it() {
    let world = World::new(On::Sqlite).await;
    let browser = Browser::of(&world.api, "root", Role::ADMIN).await;
    let mut fields = transfer("1", "k-1");
    fields[1] = ("asset", "NOPE");
    let got = browser.post(NEW, &fields).await;
    assert_eq!(got.status, 404, "{}", got.text());
    let page = Page::of(got);
    for said in ["Nothing was done: see what is marked below.", "c-asset-wrong"] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    // A browser cuts nothing: what is too long is refused, and stands there to be made shorter.
    let long = "x".repeat(300);
    let form = browser.page("/users/new").await;
    let (_, fields) = form.text().split_once("class=\"change\"").unwrap();
    assert!(fields.contains("name=\"username\"") && !fields.contains("maxlength"));
    let got = browser
        .post("/users/new", &[("username", &long), ("role", "viewer")])
        .await;
    assert_eq!(got.status, 400, "{}", got.text());
    let page = Page::of(got);
    assert!(
        page.text().contains("c-username-wrong") && page.text().contains("64"),
        "{}",
        page.text()
    );
    assert_eq!(page.value("username"), Some(long));
}
