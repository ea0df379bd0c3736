//! Signing in and out.

use domain::identity::Role;
use domain::identity::user::CreateUser;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::api::{Api, BOTH, On, PASSWORD};
use crate::totp;

const COOKIE: &str = "__Host-probity";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_signed_in_is_asked_and_comes_back() {
    for on in BOTH {
        let api = Api::new(on).await;
        api.new_login("ann", Role::ADMIN).await;
        let browser = Browser::new(&api);
        let got = browser.get("/audit/entries?actor=a%20b").await;
        assert_eq!(
            (got.status.as_u16(), got.header("location")),
            (303, "/sign-in?next=%2Faudit%2Fentries%3Factor%3Da%2520b")
        );
        let page = browser.page(got.header("location")).await;
        assert_eq!(page.value("next").as_deref(), Some("/audit/entries?actor=a%20b"));
        assert_eq!(
            page.each("input", "autocomplete"),
            ["username", "current-password", "one-time-code"]
        );
        let wrong = [
            ("username", "ann"),
            ("password", "wrong horse battery staple"),
            ("next", "/"),
        ];
        let got = browser.post("/sign-in", &wrong).await;
        assert_eq!(got.status, 422, "{}", got.text());
        let page = Page::of(got);
        assert_eq!(page.value("username").as_deref(), Some("ann"));
        assert!(!page.text().contains("wrong horse"), "no password comes back");
        let right = [
            ("username", "ann"),
            ("password", PASSWORD),
            ("next", "/audit/entries?actor=a%20b"),
        ];
        let got = browser.post("/sign-in", &right).await;
        assert_eq!(
            (got.status.as_u16(), got.header("location")),
            (303, "/audit/entries?actor=a%20b"),
            "{}",
            got.text()
        );
        assert!(browser.page("/").await.text().contains("ann"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_sent_elsewhere() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::ADMIN).await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
    ] {
        let browser = Browser::new(&api);
        let query = console::query([("next", next)]);
        assert_eq!(
            browser
                .page(&format!("/sign-in{query}"))
                .await
                .value("next")
                .as_deref(),
            Some("/")
        );
        let fields = [("username", "ann"), ("password", PASSWORD), ("next", next)];
        let got = browser.post("/sign-in", &fields).await;
        assert_eq!(
            (got.status.as_u16(), got.header("location")),
            (303, "/"),
            "{next}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_there_before_is_not_the_one_that_begins() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::ADMIN).await;
    let eve = Browser::of(&api, "eve", Role::VIEWER).await;
    let planted = eve.cookie(COOKIE).unwrap();
    let browser = Browser::new(&api);
    browser.keep(COOKIE, &planted);
    browser
        .post("/sign-in", &[("username", "ann"), ("password", PASSWORD)])
        .await;
    assert_ne!(browser.cookie(COOKIE), Some(planted));
    assert!(browser.page("/account").await.text().contains("ann"));
    assert!(eve.page("/account").await.text().contains("eve"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_signs_nobody_in() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::ADMIN).await;
    let browser = Browser::new(&api);
    let got = browser
        .post_from_elsewhere("/sign-in", &[("username", "ann"), ("password", PASSWORD)])
        .await;
    assert_eq!(got.status, 403, "{}", got.text());
    assert_eq!(browser.cookie(COOKIE), None);
}

/// The cookie is not sent along from another site: the page is asked for once more, from a page of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_in_a_mail_works() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "ann", Role::ADMIN).await;
    let got = browser
        .get_from_elsewhere("/audit/entries?text=%22%3E%3Cscript%3E")
        .await;
    assert_eq!(got.status, 200);
    let page = Page::of(got);
    assert_eq!(
        page.each("meta", "content").last().map(String::as_str),
        Some("0; url=/audit/entries?text=%22%3E%3Cscript%3E")
    );
    browser.page("/audit/entries?text=%22%3E%3Cscript%3E").await;
    // Who is not signed in is asked then, and not sent round for ever.
    let nobody = Browser::new(&api);
    assert_eq!(nobody.get_from_elsewhere("/users").await.status, 200);
    assert_eq!(nobody.get("/users").await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_session_and_forgets_pages() {
    let api = Api::new(On::Sqlite).await;
    let browser = Browser::of(&api, "ann", Role::ADMIN).await;
    let token = browser.cookie(COOKIE).unwrap();
    let got = browser.post_from_elsewhere("/sign-out", &[]).await;
    assert_eq!(got.status, 403, "{}", got.text());
    let got = browser.post("/sign-out", &[]).await;
    assert_eq!(
        (got.status.as_u16(), got.header("clear-site-data")),
        (303, "\"cache\""),
        "{}",
        got.text()
    );
    assert_eq!(browser.cookie(COOKIE), None);
    let page = browser.page(got.header("location")).await;
    assert!(page.text().contains("You signed out."), "{}", page.text());
    let root = Browser::of(&api, "root", Role::ADMIN).await;
    let page = root.page("/activity").await;
    assert!(
        page.text().contains("ann signed out") && !page.text().contains("did session_expired"),
        "{}",
        page.text()
    );
    browser.keep(COOKIE, &token);
    assert_eq!(browser.get("/").await.status, 303);
    // From another tab, once more.
    let got = browser.post("/sign-out", &[]).await;
    assert_eq!(got.header("location"), "/sign-in?note=out", "{}", got.text());
    api.call_as(&token, "GET", "/v1/me", &Value::Null)
        .await
        .assert_problem(401, "session_ended", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_one_time_password_is_changed_first() {
    let api = Api::new(On::Sqlite).await;
    let made = api
        .call("POST", "/v1/users", json!({"username": "new", "role": "auditor"}))
        .await
        .json();
    let once = made["one_time_password"].as_str().unwrap().to_owned();
    let browser = Browser::new(&api);
    let got = browser
        .post("/sign-in", &[("username", "new"), ("password", &once)])
        .await;
    assert_eq!(
        (got.status.as_u16(), got.header("location")),
        (303, "/me/password"),
        "{}",
        got.text()
    );
    for path in ["/", "/audit/entries", "/account"] {
        let got = browser.get(path).await;
        assert_eq!(
            (got.status.as_u16(), got.header("location")),
            (303, "/me/password"),
            "{path}"
        );
    }
    let page = browser.page("/me/password").await;
    assert!(
        !page.text().contains("id=\"menu\""),
        "there is nowhere else to go"
    );
    let fields = [("current_password", once.as_str()), ("new_password", "short")];
    let got = browser.post("/me/password", &fields).await;
    assert_eq!(got.status, 400, "{}", got.text());
    assert!(Page::of(got).text().contains("c-new_password-wrong"));
    let fields = [("current_password", once.as_str()), ("new_password", PASSWORD)];
    let got = browser.post("/me/password", &fields).await;
    assert_eq!(got.status, 303, "{}", got.text());
    browser.page("/audit/entries").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_is_set_up_and_asked_for() {
    let api = Api::new(On::Sqlite).await;
    api.new_login("ann", Role::ADMIN).await;
    let browser = Browser::new(&api);
    let fields = [("username", "ann"), ("password", PASSWORD)];
    browser.post("/sign-in", &fields).await;
    let got = browser.post("/me/second-factor", &[("password", PASSWORD)]).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let page = Page::of(got);
    let secret = page.each("pre", "data-copy")[0].clone();
    assert!(page.links().contains("/me/second-factor/confirm"));
    let code = totp::code(&secret, 0);
    let got = browser
        .post("/me/second-factor/confirm", &[("code", &code)])
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
    let recovery = Page::of(got).each("pre", "data-copy")[0]
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let browser = Browser::new(&api);
    let got = browser.post("/sign-in", &fields).await;
    assert_eq!(got.status, 422, "{}", got.text());
    assert!(Page::of(got).text().contains("second factor is needed"));
    let got = browser
        .post(
            "/sign-in",
            &[("username", "ann"), ("password", PASSWORD), ("code", &recovery)],
        )
        .await;
    assert_eq!(got.status, 303, "{}", got.text());
    browser.page("/account").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_invited_chooses_a_password() {
    let api = Api::new(On::Sqlite).await;
    let body = json!({"username": "guest", "role": "viewer", "invite": true});
    let made = api.call("POST", "/v1/users", body).await.json();
    let token = made["invitation"].as_str().unwrap();
    let browser = Browser::new(&api);
    let page = browser.page(&format!("/invitation?token={token}")).await;
    assert_eq!(page.value("token").as_deref(), Some(token));
    let got = browser
        .post("/invitation", &[("token", token), ("password", PASSWORD)])
        .await;
    assert_eq!(
        (got.status.as_u16(), got.header("location")),
        (303, "/sign-in"),
        "{}",
        got.text()
    );
    let got = browser
        .post("/sign-in", &[("username", "guest"), ("password", PASSWORD)])
        .await;
    assert_eq!(got.header("location"), "/", "{}", got.text());
}

/// Where the cookie would not be kept, the page says so before the password is typed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_cookie_is_not_kept_the_page_says_so() {
    let api = Api::new(On::Sqlite).await;
    let safari =
        "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    for (host, agent, site, warned) in [
        ("probity.example", firefox, None, true),
        ("probity.example", firefox, Some("none"), false),
        ("localhost:8080", firefox, None, false),
        ("127.0.0.1:8080", firefox, None, false),
        ("localhost:8080", safari, None, true),
    ] {
        let mut headers = vec![("host", host), ("user-agent", agent)];
        headers.extend(site.map(|site| ("sec-fetch-site", site)));
        let got = api.call_with(&headers, "GET", "/sign-in", &Value::Null).await;
        assert_eq!(
            got.text().contains("plain HTTP"),
            warned,
            "{host} {agent} {site:?}"
        );
    }
}

/// A user whose password must be changed can sign out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_must_change_the_password_can_sign_out() {
    let api = Api::new(On::Sqlite).await;
    let user = CreateUser {
        password_hash: Some("none".into()),
        password_temporary: true,
        ..CreateUser::new("new", Role::ADMIN)
    };
    let id = api.create(user).await;
    let browser = Browser::new(&api);
    browser.keep(COOKIE, &api.new_session(id).await.0);
    assert_eq!(
        browser.post("/sign-out", &[]).await.header("location"),
        "/sign-in?note=out"
    );
}
