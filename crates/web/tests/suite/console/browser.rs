//! A browser, as far as the server sees it: it keeps cookies, says where its requests come from, and takes pages apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use axum::body::Body;
use domain::identity::Role;
use html5gum::StartTag;
use http::Request;

use crate::api::{Api, Got};
use crate::html::{attribute, tags, utf8};

pub struct Browser<'a> {
    pub api: &'a Api,
    pub cookies: Mutex<BTreeMap<String, String>>,
}

/// A page: the answer, and its elements.
pub struct Page {
    pub got: Got,
    pub tags: Vec<StartTag<()>>,
}

impl<'a> Browser<'a> {
    pub fn new(api: &'a Api) -> Browser<'a> {
        Browser {
            api,
            cookies: Mutex::default(),
        }
    }

    /// One in which a new user of this role is signed in, without the time that hashing a password takes.
    pub async fn of(api: &'a Api, name: &str, role: Role) -> Browser<'a> {
        let user = api.new_person(name, role).await;
        let token = api.new_session(user).await.0;
        let browser = Browser::new(api);
        browser.keep("__Host-probity", &token);
        browser
    }

    pub fn keep(&self, name: &str, value: &str) {
        self.cookies
            .lock()
            .unwrap()
            .insert(name.to_owned(), value.to_owned());
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    async fn send(&self, method: &str, path: &str, from: &str, body: Option<String>) -> Got {
        let cookies: Vec<String> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "text/html")
            .header("sec-fetch-site", from);
        // A cookie with SameSite=Strict is not sent along from elsewhere.
        if from != "cross-site" && !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if body.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let body = body.map_or_else(Body::empty, Body::from);
        let got = self.api.send(request.body(body).unwrap()).await;
        for line in got.headers.get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let gone = line.to_str().unwrap().contains("Max-Age=0");
            let mut kept = self.cookies.lock().unwrap();
            if gone {
                kept.remove(name);
            } else {
                kept.insert(name.to_owned(), value.to_owned());
            }
        }
        got
    }

    /// A page by its address or a link of ours.
    pub async fn get(&self, path: &str) -> Got {
        self.send("GET", path, "same-origin", None).await
    }

    /// A page by a link of another site.
    pub async fn get_from_elsewhere(&self, path: &str) -> Got {
        self.send("GET", path, "cross-site", None).await
    }

    /// A page that is there, taken apart and looked at.
    pub async fn page(&self, path: &str) -> Page {
        let got = self.get(path).await;
        assert_eq!(got.status, 200, "{path}: {}", got.text());
        Page::of(got)
    }

    /// Sends a form of ours.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Got {
        self.send("POST", path, "same-origin", Some(encoded(fields)))
            .await
    }

    /// Sends a form of another site, with the cookies all the same.
    pub async fn post_from_elsewhere(&self, path: &str, fields: &[(&str, &str)]) -> Got {
        self.send("POST", path, "same-site", Some(encoded(fields))).await
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    console::query(fields.iter().copied())
        .trim_start_matches('?')
        .to_owned()
}

impl Page {
    /// A page, which must be well formed and hold nothing that the policy forbids.
    #[track_caller]
    pub fn of(got: Got) -> Page {
        assert_eq!(got.header("content-type"), "text/html; charset=utf-8");
        let tags = tags(got.text());
        let mut ids = BTreeSet::new();
        for tag in &tags {
            let name = utf8(&tag.name);
            assert!(
                !["style", "iframe", "object", "embed", "base"].contains(&&*name),
                "<{name}>"
            );
            for attribute in tag.attributes.keys().map(|name| utf8(name)) {
                assert!(
                    !attribute.starts_with("on") && attribute != "style",
                    "{attribute}"
                );
            }
            for address in ["href", "src", "action"]
                .map(|name| attribute(tag, name))
                .into_iter()
                .flatten()
            {
                let ours = address.starts_with('/') && !address.starts_with("//");
                assert!(ours || address.starts_with('#'), "{address}");
            }
            if let Some(id) = attribute(tag, "id") {
                assert!(ids.insert(id.clone()), "{id} is there twice");
            }
        }
        for tag in &tags {
            for name in ["for", "aria-describedby", "aria-labelledby", "list"] {
                for id in attribute(tag, name).iter().flat_map(|ids| ids.split(' ')) {
                    assert!(ids.contains(id), "{name} names {id}, which is not there");
                }
            }
        }
        Page { got, tags }
    }

    pub fn text(&self) -> &str {
        self.got.text()
    }

    /// What attributes of elements of this name say.
    pub fn each(&self, element: &str, name: &str) -> Vec<String> {
        let found = self.tags.iter().filter(|tag| &**tag.name == element.as_bytes());
        found.filter_map(|tag| attribute(tag, name)).collect()
    }

    /// Where links lead.
    pub fn links(&self) -> BTreeSet<String> {
        self.each("a", "href").into_iter().collect()
    }

    /// Where rows lead.
    pub fn rows(&self) -> Vec<String> {
        self.each("tr", "data-href")
    }

    /// What stands in a field.
    pub fn value(&self, field: &str) -> Option<String> {
        let named = |tag: &&StartTag<()>| attribute(tag, "name").as_deref() == Some(field);
        attribute(self.tags.iter().find(named)?, "value")
    }
}
