//! Lists of users: pages, filters, text.

use domain::identity::Role;
use domain::identity::user::CreateUser;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On};

fn names(page: &Value) -> Vec<&str> {
    let users = page["users"].as_array().unwrap();
    users
        .iter()
        .map(|user| user["username"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_on_until_the_end() {
    for on in BOTH {
        let api = Api::new(on).await;
        let mut made = Vec::new();
        for number in 0..6 {
            let name = format!("user{number}");
            made.push((api.new_user(&name, Role::VIEWER).await, name));
        }
        // The order of ids is that of making, to the millisecond.
        made.sort();
        let made = made.into_iter().map(|(_, name)| name);
        let expected: Vec<_> = [api.admin.clone()].into_iter().chain(made).collect();
        for limit in [1, 3, 6, 7, 1_000] {
            let (mut found, mut path) = (Vec::new(), format!("/v1/users?limit={limit}"));
            loop {
                let got = api.get(&path).await;
                let page = got.json();
                let users = names(&page);
                assert!(users.len() <= limit);
                found.extend(users.into_iter().map(str::to_owned));
                let Some(next) = page["next"].as_str() else {
                    assert_eq!(got.header("link"), "");
                    break;
                };
                path = format!("/v1/users?limit={limit}&cursor={next}");
                assert_eq!(got.header("link"), format!("<{path}>; rel=\"next\""));
            }
            assert_eq!(found, expected, "{limit}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_and_text() {
    for on in BOTH {
        let api = Api::new(on).await;
        for (name, email, full_name, role) in [
            ("a_b", Some("one@example.com"), Some("100 % Ann"), Role::VIEWER),
            ("axb", None, Some("Back\\slash"), Role::AUDITOR),
            ("cc", Some("a_b@example.com"), Some("Ärger"), Role::AUDITOR),
        ] {
            api.create(CreateUser {
                email: email.map(str::to_owned),
                full_name: full_name.map(str::to_owned),
                ..CreateUser::new(name, role)
            })
            .await;
        }
        api.call("POST", "/v1/users/cc/disable", Value::Null).await;
        for (query, expected) in [
            ("text=a_b", &["a_b", "cc"][..]),
            ("text=A_B", &["a_b", "cc"]),
            ("text=%25", &["a_b"]),
            ("text=%25%20ann", &["a_b"]),
            ("text=k%5Cs", &["axb"]),
            ("text=%C3%84rg", &["cc"]),
            ("text=one%40", &["a_b"]),
            ("text=zzz", &[]),
            ("role=auditor", &["axb", "cc"]),
            ("role=auditor&active=true", &["axb"]),
            ("active=false", &["cc"]),
            ("active=false&text=a&role=viewer", &[]),
        ] {
            let got = api.get(&format!("/v1/users?{query}")).await;
            assert_eq!(got.status, 200, "{}", got.text());
            let found = got.json();
            let mut found = names(&found);
            found.sort_unstable();
            assert_eq!(found, expected, "{query}");
        }
        let got = api.get("/v1/users?role=auditor&limit=1").await;
        assert!(
            got.header("link")
                .starts_with("</v1/users?role=auditor&limit=1&cursor=")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_questions() {
    let api = Api::new(On::Sqlite).await;
    let long = format!("text={}", "x".repeat(255));
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("cursor=x", "cursor"),
        ("role=king", "role"),
        ("role=Admin", "role"),
        ("active=yes", "active"),
        ("active=TRUE", "active"),
        ("text=", "text"),
        ("text=a&text=b", "text"),
        (long.as_str(), "text"),
    ] {
        let got = api.get(&format!("/v1/users?{query}")).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    let most = format!("/v1/users?text={}", "x".repeat(254));
    assert_eq!(api.get(&most).await.json(), json!({"users": [], "next": null}));
}
