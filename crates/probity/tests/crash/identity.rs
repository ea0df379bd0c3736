//! Logins, sessions and keys through a running server: that secrets are kept, and that several servers agree.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::everywhere::Everywhere;
use crate::harness::{Place, on_both};
use crate::processes::Two;
use crate::server::{SERVE, Server};

/// A password that is taken.
pub const PASSWORD: &str = "violet-anchor-39-lantern";
const NEXT: &str = "marble-cactus-71-harbour";
/// What is revoked in one process is refused by another on the same database after so long.
const AGREED_AFTER: Duration = Duration::from_secs(1);

fn post(client: &mut Client, path: &str, body: &Value) -> Answer {
    client.post(path, &body.to_string()).unwrap()
}

/// What an endpoint answers that must succeed.
#[track_caller]
pub fn done(client: &mut Client, path: &str, body: &Value) -> Value {
    let answer = post(client, path, body);
    assert!(
        (200..300).contains(&answer.status),
        "{path}: {} {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A key that may do everything, made on the server's machine.
pub fn admin_key(place: &Place) -> String {
    text(&place.json(&["key", "create", "--name", "tests", "--scopes", "admin"])["key"])
}

/// A session that a login gives.
pub fn log_in(server: &Server, body: &Value) -> String {
    text(&done(&mut Client::new(server.address, ""), "/v1/auth/login", body)["token"])
}

fn unbase32(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut have, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.chars() {
        bits = bits << 5 | u32::try_from(ALPHABET.find(c).unwrap()).unwrap();
        have += 5;
        if have >= 8 {
            have -= 8;
            bytes.push(u8::try_from(bits >> have & 0xFF).unwrap());
        }
    }
    bytes
}

/// The code of an authenticator app at this moment.
fn code(secret: &[u8]) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let totp = totp_rs::Builder::new().with_secret(secret).with_skew(0);
    totp.build().unwrap().generate(now).to_string()
}

/// Does with credentials whatever can be done, then looks for them wherever Probity writes: the database, its log of
/// what it does (at the most detailed level), its output, its exports.
#[test]
fn secrets_are_nowhere() {
    on_both(|place| {
        place.run(&["init"]).expect(0);
        let key = admin_key(place);
        let mut serve = place.command(&SERVE);
        serve.env("PROBITY_LOG", "trace");
        let server = Server::start(serve, place.path("serve.log"));
        let mut admin = Client::new(server.address, &key);
        let mut secrets: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        let mut keep = |name, secret: &str| drop(secrets.insert(name, secret.as_bytes().to_vec()));
        keep("API key", &key);
        keep("password", PASSWORD);
        keep("next password", NEXT);

        let made =
            json!({"username": "ann", "email": "ann@example.com", "role": "developer", "invite": true});
        let invitation = text(&done(&mut admin, "/v1/users", &made)["invitation"]);
        keep("invitation", &invitation);
        let accept = json!({"token": invitation, "password": PASSWORD});
        done(
            &mut Client::new(server.address, ""),
            "/v1/auth/invitation",
            &accept,
        );
        let made = done(
            &mut admin,
            "/v1/users",
            &json!({"username": "bob", "role": "viewer"}),
        );
        keep("one-time password", &text(&made["one_time_password"]));
        let reset = done(&mut admin, "/v1/users/bob/reset-password", &json!({}));
        keep("reset password", &text(&reset["one_time_password"]));

        let token = log_in(&server, &json!({"username": "ann", "password": PASSWORD}));
        keep("session", &token);
        let mut ann = Client::new(server.address, &token);
        let wrong = "wrong-horse-battery-staple";
        keep("wrong password", wrong);
        for name in ["ann", "nobody", wrong] {
            let body = json!({"username": name, "password": wrong});
            let answer = post(&mut Client::new(server.address, ""), "/v1/auth/login", &body);
            assert_eq!(answer.status, 401);
        }
        let change = json!({"current_password": PASSWORD, "new_password": NEXT});
        done(&mut ann, "/v1/me/password", &change);
        let enrolled = done(&mut ann, "/v1/me/second-factor", &json!({"password": NEXT}));
        let secret = text(&enrolled["secret"]);
        keep("second factor", &secret);
        let raw = unbase32(&secret);
        let confirm = json!({"code": code(&raw)});
        let codes = done(&mut ann, "/v1/me/second-factor/confirm", &confirm);
        let codes: Vec<String> = codes["recovery_codes"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect();
        keep("recovery code", &codes[0]);
        keep("unused recovery code", &codes[1]);
        let body = json!({"username": "ann@example.com", "password": NEXT, "recovery_code": codes[0]});
        keep("second session", &log_in(&server, &body));
        let made = done(
            &mut ann,
            "/v1/api-keys",
            &json!({"name": "ci", "scopes": ["read"]}),
        );
        keep("own API key", &text(&made["key"]));
        let id = text(&made["api_key"]["id"]);
        let rotated = done(&mut ann, &format!("/v1/api-keys/{id}/rotate"), &json!({}));
        keep("rotated API key", &text(&rotated["key"]));
        secrets.insert("second factor's bytes", raw);

        server.kill();
        let all = Everywhere::of(place);
        for (name, secret) in &secrets {
            assert_eq!(all.find(secret), None, "{name} is there");
        }
        // What is not secret is found where it should be, so that looking is known to work.
        for text in ["authn_login_success", "ann@example.com"] {
            assert!(all.find(text.as_bytes()).is_some());
        }
    });
}

/// What one server ends, another on the same database refuses a second later; in the same one at once.
#[test]
fn two_servers_agree_on_who_may_what() {
    let two = Two::new();
    let key = admin_key(&two.place);
    let servers = two.servers();
    let [one, other] = &servers;
    let mut admin = Client::new(one.address, &key);
    let made = json!({"username": "ann", "role": "auditor", "password": PASSWORD});
    done(&mut admin, "/v1/users", &made);
    let credentials = json!({"username": "ann", "password": PASSWORD});
    let status = |server: &Server, token: &str, path: &str| {
        let answer = Client::new(server.address, token).get(path).unwrap();
        answer.status
    };
    let both = |token: &str, path: &str| [status(one, token, path), status(other, token, path)];

    // Logged in at one, known at the other at once.
    let session = log_in(one, &credentials);
    let second = log_in(other, &credentials);
    assert_eq!(both(&session, "/v1/me"), [200, 200]);
    assert_eq!(both(&second, "/v1/users"), [200, 200]);

    // A role that no longer allows it.
    let mut operator = Client::new(one.address, &key);
    let body = json!({"role": "viewer"}).to_string();
    let changed = operator
        .send("POST", "/v1/users/ann/role", &[("If-Match", "*")], &body)
        .unwrap();
    assert_eq!(changed.status, 200);
    assert_eq!(status(one, &second, "/v1/users"), 403);
    std::thread::sleep(AGREED_AFTER);
    assert_eq!(both(&second, "/v1/users"), [403, 403]);

    // Logged out at one.
    done(
        &mut Client::new(one.address, &session),
        "/v1/auth/logout",
        &json!({}),
    );
    assert_eq!(status(one, &session, "/v1/me"), 401);
    std::thread::sleep(AGREED_AFTER);
    assert_eq!(both(&session, "/v1/me"), [401, 401]);
    assert_eq!(both(&second, "/v1/me"), [200, 200]);

    // Disabled at one: every session ends, and the password is no longer taken at the other.
    done(&mut admin, "/v1/users/ann/disable", &json!({}));
    std::thread::sleep(AGREED_AFTER);
    assert_eq!(both(&second, "/v1/me"), [401, 401]);
    let refused = post(
        &mut Client::new(other.address, ""),
        "/v1/auth/login",
        &credentials,
    );
    assert_eq!(refused.status, 401);
    two.place.run(&["audit", "verify"]).expect(0);
}

/// Wrong attempts at one server are counted at the other within a second.
#[test]
fn two_servers_throttle_together() {
    let two = Two::new();
    let key = admin_key(&two.place);
    let servers = two.servers();
    let made = json!({"username": "ann", "role": "viewer", "password": PASSWORD});
    done(&mut Client::new(servers[0].address, &key), "/v1/users", &made);
    let wrong = json!({"username": "ann", "password": "wrong-horse-battery-staple"});
    let attempt = |server: &Server, body: &Value| {
        let answer = post(&mut Client::new(server.address, ""), "/v1/auth/login", body);
        answer.status
    };
    let right = json!({"username": "ann", "password": PASSWORD});
    // One more is looked at every 30 s, which a slow machine may need for some of them; then all begins anew.
    for _ in 0..5 {
        // Ten wrong ones are looked at, half of them here and half of them there. Apart, it would be ten here and ten there.
        let mut looked_at = 0;
        loop {
            let answers: Vec<u16> = servers.iter().map(|server| attempt(server, &wrong)).collect();
            if answers == [429, 429] {
                break;
            }
            looked_at += answers.iter().filter(|status| **status == 401).count();
            assert!(looked_at < 20, "each counts for itself");
            if looked_at >= 10 {
                std::thread::sleep(AGREED_AFTER);
            }
        }
        assert!(looked_at >= 10, "only {looked_at} were looked at");
        if servers.iter().all(|server| attempt(server, &right) == 429) {
            return;
        }
    }
    panic!("the right password is taken however many wrong ones came before");
}
