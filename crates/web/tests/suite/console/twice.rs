//! Forms that are sent twice, and forms and addresses of others.

use axum::body::Body;
use domain::identity::Role;
use http::Request;

use super::browser::{Browser, Page};
use crate::api::{Api, BOTH, On};
use crate::custody::World;

/// A form that makes something: where it is, its list in the API, and what is filled in.
type Filled = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Forms that make something. Those with a name that must be free need no key.
const MADE: [Filled; 6] = [
    ("/agents/new", "agents", &[("name", "triage")]),
    (
        "/conversations/new",
        "conversations",
        &[("thread_id", "t-1"), ("title", "One")],
    ),
    (
        "/approvals/new",
        "approvals",
        &[("action", "model.deploy"), ("arguments", "{\"model\": \"m-7\"}")],
    ),
    ("/executions/new", "executions", &[("workflow", "triage")]),
    (
        "/audit/holds/new",
        "holds",
        &[("reason", "a lawsuit"), ("target", "o-1")],
    ),
    (
        "/users/new",
        "users",
        &[
            ("username", "newcomer"),
            ("role", "viewer"),
            ("password", "six lanterns over a quiet harbour"),
        ],
    ),
];

/// How many there are of what such a form makes.
async fn count(api: &Api, form: &str, list: &str) -> usize {
    let path = format!("/v1{}", form.trim_end_matches("/new"));
    let got = api.get(&path).await;
    got.json()[list]
        .as_array()
        .unwrap_or_else(|| panic!("{path}: {}", got.text()))
        .len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_form_makes_is_made_once() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let browser = Browser::of(api, "root", Role::ADMIN).await;
        for (form, list, fields) in MADE {
            let before = count(api, form, list).await;
            let page = browser.page(form).await;
            let key = page.value("_key").unwrap_or_default();
            let mut fields = fields.to_vec();
            fields.push(("_key", key.as_str()));
            let first = browser.post(form, &fields).await;
            assert!(
                [200, 303].contains(&first.status.as_u16()),
                "{form}: {}",
                first.text()
            );
            let again = browser.post(form, &fields).await;
            if form == "/users/new" {
                assert_eq!(again.status, 409, "{form}: {}", again.text());
            } else {
                assert!(!key.is_empty(), "{form} has no key");
                assert_eq!(
                    (again.status, again.header("location")),
                    (first.status, first.header("location")),
                    "{form}: {}",
                    again.text()
                );
            }
            assert_eq!(count(api, form, list).await, before + 1, "{form}");
        }
    }
}

/// Whatever a browser says of where a form comes from: only our own pages send it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_counts_from_our_own_pages_alone() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let cookie = format!("__Host-probity={}", browser.cookie("__Host-probity").unwrap());
    let size = api.size().await;
    for headers in [
        vec![],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "cross-site"), ("origin", "http://localhost")],
    ] {
        let mut request = Request::post("/agents/new")
            .header("host", "localhost")
            .header("accept", "text/html")
            .header("cookie", &cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let got = api.send(request.body(Body::from("name=triage")).unwrap()).await;
        assert_eq!(got.status, 403, "{headers:?}: {}", got.text());
    }
    // Nor is JSON taken where a form is, nor a form over the API.
    for (path, media, body) in [
        ("/agents/new", "application/json", "{\"name\": \"triage\"}"),
        ("/agents/new", "text/plain", "name=triage"),
        ("/v1/agents", "application/x-www-form-urlencoded", "name=triage"),
        ("/v1/agents", "text/plain", "{\"name\": \"triage\"}"),
    ] {
        let request = Request::post(path)
            .header("host", "localhost")
            .header("cookie", &cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", media);
        let got = api.send(request.body(Body::from(body)).unwrap()).await;
        assert!(got.status.is_client_error(), "{path} {media}: {}", got.status);
    }
    assert_eq!(api.size().await, size, "nothing was done");
}

/// Ends of lines and what else a header cannot hold, in each filter of each list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_filter_writes_a_header() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let mut tried = 0;
    for (_, path, _) in web::pages().filter(|(verb, path, _)| *verb == web::Verb::Get && !path.contains('{'))
    {
        let got = browser.get(path).await;
        if got.status != 200 {
            continue;
        }
        let page = Page::of(got);
        let mut names = page.each("input", "name");
        names.extend(page.each("select", "name"));
        names.push("cursor".to_owned());
        for name in names {
            // One that is empty makes the address be written anew.
            let evil = format!(
                "{path}?{name}=&{name}=a%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a%3Cscript%3E&x=%00%7f%c3%28"
            );
            let got = browser.get(&evil).await;
            assert!(got.status.as_u16() < 500, "{evil}: {}", got.text());
            assert!(!got.header("set-cookie").contains("evil"), "{evil}");
            assert!(got.headers.get("evil").is_none(), "{evil}");
            assert!(!got.header("location").contains(['\r', '\n']), "{evil}");
            assert!(!got.text().contains("\n<script>"), "{evil}");
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
}

/// Where a page would lead elsewhere, it does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_leads_elsewhere() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "root", Role::ADMIN).await;
    let nobody = Browser::new(&api);
    for path in [
        "//evil.example/",
        "/%2fevil.example/",
        "/\\evil.example",
        "/sign-in?next=%2F%2Fevil.example&next=https://evil.example",
        "/search?q=//evil.example",
        "/search?q=https://evil.example",
        "/audit/entries?actor=&next=https://evil.example",
    ] {
        for who in [&browser, &nobody] {
            let got = who.get(path).await;
            let to = got.header("location");
            assert!(
                to.is_empty() || (to.starts_with('/') && !to.starts_with("//")),
                "{path}: {to}"
            );
            if got.status == 200 {
                // What is looked at: no address of another server in it.
                Page::of(got);
            }
        }
        // From another site: the page that asks again asks for ours.
        let got = browser.get_from_elsewhere(path).await;
        let to = got.header("location");
        assert!(
            to.is_empty() || (to.starts_with('/') && !to.starts_with("//")),
            "{path}: {to}"
        );
        assert!(
            !got.text().contains("url=//") && !got.text().contains("url=http"),
            "{path}"
        );
    }
}
