//! `/docs` shows the whole document, and nothing but it.

use std::collections::BTreeSet;

use html5gum::StartTag;
use serde_json::Value;

use crate::api::{Api, Got, On};
use crate::html::{attribute, tags, utf8};

/// What would run something, or load something into the page, or send something from it.
const FOREIGN: [&str; 12] = [
    "audio", "base", "embed", "form", "frame", "iframe", "img", "object", "script", "source", "style",
    "video",
];

async fn page() -> (Got, Vec<StartTag<()>>) {
    let got = Api::new(On::Sqlite).await.get_open("/docs").await;
    assert_eq!(
        (got.status.as_u16(), got.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let tags = tags(got.text());
    (got, tags)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_on_the_page() {
    let (got, tags) = page().await;
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| attribute(tag, "id")) {
        assert!(ids.insert(id.clone()), "{id} is there twice");
    }
    let links: BTreeSet<String> = tags.iter().filter_map(|tag| attribute(tag, "href")).collect();
    let text = got.text().replace("<wbr>", "");
    let document = web::document();
    let mut operations = 0;
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.contains(id), "{verb} {path}");
            assert!(links.contains(&format!("#{id}")), "nothing leads to {id}");
            let (_, rest) = text.split_once(&format!("id=\"{id}\"")).unwrap();
            let section = rest.split("<section").next().unwrap();
            assert!(
                section.contains(&format!(">{}</span> <code>{path}</code>", verb.to_uppercase())),
                "{id}"
            );
            assert_complete(section, operation);
            operations += 1;
        }
    }
    assert!(operations > 15);
    for link in links.iter().filter_map(|link| link.strip_prefix('#')) {
        assert!(ids.contains(link), "#{link} leads nowhere");
    }
}

/// The section of an operation has its parameters, statuses, codes and permissions.
fn assert_complete(section: &str, operation: &Value) {
    let id = &operation["operationId"];
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        assert!(
            section.contains(&format!("<code class=\"path\">{name}</code>")),
            "{id} {name}"
        );
    }
    for (status, response) in operation["responses"].as_object().unwrap() {
        assert!(section.contains(&format!(">{status}</span>")), "{id} {status}");
        let description = response["description"].as_str().unwrap();
        for code in description
            .lines()
            .filter_map(|line| line.strip_prefix("- `")?.split('`').next())
        {
            assert!(section.contains(&format!("<code>{code}</code>")), "{id} {code}");
        }
    }
    let permissions = operation["security"].as_array().unwrap().iter().flat_map(|way| {
        let permissions = way["api_key"].as_array().cloned().unwrap_or_default();
        permissions
            .into_iter()
            .map(|permission| permission.as_str().unwrap().to_owned())
    });
    for permission in permissions {
        assert!(
            section.contains(&format!("<span class=\"key\">{permission}</span>")),
            "{id} {permission}"
        );
    }
    assert!(section.contains("<figcaption>curl"), "{id}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_loaded_from_elsewhere_and_nothing_runs() {
    let (got, tags) = page().await;
    for tag in &tags {
        let name = utf8(&tag.name);
        assert!(!FOREIGN.contains(&name.as_str()), "<{name}>");
        for attribute in tag.attributes.keys().map(|name| utf8(name)) {
            assert!(!attribute.starts_with("on"), "{attribute}");
            assert!(
                !["src", "srcset", "style", "action", "background"].contains(&&*attribute),
                "{attribute}"
            );
        }
    }
    let sheets: Vec<String> = tags
        .iter()
        .filter(|tag| &**tag.name == b"link")
        .filter_map(|tag| attribute(tag, "href"))
        .collect();
    assert_eq!(
        sheets,
        [console::assets::FAVICON.path(), "/docs/style.css".to_owned()]
    );
    assert_eq!(got.header("content-security-policy"), console::assets::POLICY);
    let sheet = Api::new(On::Sqlite).await.get_open("/docs/style.css").await;
    assert_eq!(
        (sheet.status.as_u16(), sheet.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
    assert!(
        sheet
            .header("content-security-policy")
            .starts_with("default-src 'none'; base-uri 'none'")
    );
    assert!(!sheet.text().contains("url(") && !sheet.text().contains("@import"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_fit_for_keyboards_and_readers() {
    let (_, tags) = page().await;
    let names: Vec<String> = tags.iter().map(|tag| utf8(&tag.name)).collect();
    for landmark in ["header", "nav", "main", "h1", "title"] {
        assert_eq!(
            names.iter().filter(|name| *name == landmark).count(),
            1,
            "{landmark}"
        );
    }
    let levels = names
        .iter()
        .filter_map(|name| match name.strip_prefix('h')?.as_bytes() {
            [level @ b'1'..=b'6'] => Some(level - b'0'),
            _ => None,
        });
    let mut last = 0;
    for level in levels {
        assert!(
            level <= last + 1,
            "a heading of level {level} after one of level {last}"
        );
        last = level;
    }
    let skip = tags.iter().find(|tag| &**tag.name == b"a").unwrap();
    assert_eq!(
        attribute(skip, "href").as_deref(),
        Some("#content"),
        "the first link skips the contents"
    );
    assert_eq!(
        attribute(tags.iter().find(|tag| &**tag.name == b"html").unwrap(), "lang").as_deref(),
        Some("en")
    );
    for tag in tags
        .iter()
        .filter(|tag| tag.attributes.contains_key(&b"aria-labelledby"[..]))
    {
        let label = attribute(tag, "aria-labelledby");
        assert!(tags.iter().any(|tag| attribute(tag, "id") == label), "{label:?}");
    }
}
