//! Who sees which page, and which forms each is offered: a file, so that a change of it is a diff.

use std::fmt::Write as _;
use std::path::Path;

use domain::identity::Role;
use domain::identity::permission::BUILT_IN;

use super::browser::Browser;
use crate::api::{Api, On};

/// Who sees what; with `PROBITY_WRITE_EXPECTED=1` it is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sees_which_page() {
    let api = Api::new(On::Sqlite).await;
    api.call("POST", "/v1/agents", serde_json::json!({"name": "triage"}))
        .await;
    let user = api.new_person("somebody", Role::USER).await;
    let mut text = String::new();
    for role in BUILT_IN {
        let browser = Browser::of(&api, &format!("u-{}", role.name), role.name.clone()).await;
        writeln!(text, "# {}", role.name).unwrap();
        for (verb, path, _) in web::pages() {
            if verb == web::Verb::Get && !path.contains('{') && !path.starts_with("/sign-in") {
                let status = browser.get(path).await.status.as_u16();
                writeln!(text, "{path} {status}").unwrap();
            }
        }
        let one = browser.get(&format!("/users/{user}")).await;
        let offered = ["/edit", "/role", "/disable", "/erase", "/reset-password"];
        let offered: Vec<&str> = offered
            .into_iter()
            .filter(|end| one.text().contains(&format!("{user}{end}\"")))
            .collect();
        writeln!(text, "a user: {} {}\n", one.status.as_u16(), offered.join(" ")).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pages.txt");
    if std::env::var_os("PROBITY_WRITE_EXPECTED").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = text.lines().zip(expected.lines()).find(|(is, was)| is != was);
    assert_eq!(differing, None, "to write it anew: PROBITY_WRITE_EXPECTED=1");
    assert_eq!(text.lines().count(), expected.lines().count());
}
