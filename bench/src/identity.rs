//! What is sent by and about users, and requests that are made before the load: fetches of receipts, and scripts.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::random::Random;
use crate::text;
use crate::workload::{SAMPLE, Workload};

/// So many receipts are drawn before they come again.
const RECEIPTS: usize = 20_000;

/// A request as it goes over the wire, with a body of JSON. `headers`: further lines, each with its end.
pub fn post(server: SocketAddr, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {server}\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The same without a body, with an API key.
pub fn get(server: SocketAddr, path: &str, key: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n{}\r\n", bearer(key)).into_bytes()
}

/// The line of headers that an API key makes.
pub fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

/// A user as the load knows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    /// The right password.
    pub password: String,
}

impl Account {
    /// So many users, whose names begin alike. Their passwords keep the rules for passwords.
    pub fn several(prefix: &str, count: usize) -> Vec<Self> {
        (0..count)
            .map(|number| Self {
                name: format!("{prefix}{number:04}"),
                password: format!("{number:04} lanterns over a quiet harbour"),
            })
            .collect()
    }

    /// The request that makes this user, by a key with the scope admin.
    pub fn creation(&self, server: SocketAddr, admin_key: &str) -> Vec<u8> {
        let body = json!({"username": self.name, "role": "viewer", "password": self.password});
        post(server, "/v1/users", &bearer(admin_key), &body.to_string())
    }

    /// Logs in with a password, right or wrong.
    pub fn login(&self, server: SocketAddr, headers: &str, password: &str) -> Vec<u8> {
        let body = json!({"username": self.name, "password": password});
        post(server, "/v1/auth/login", headers, &body.to_string())
    }
}

/// Prepared requests, in their order and once each. Not for a measurement: every answer is kept.
#[derive(Debug, Default)]
pub struct Script {
    requests: Vec<Vec<u8>>,
    next: usize,
    /// In the order in which they came, which on one connection is that of the requests.
    pub answers: Vec<Value>,
}

impl Script {
    pub fn new(requests: Vec<Vec<u8>>) -> Self {
        Self {
            requests,
            ..Self::default()
        }
    }
}

impl Workload for Script {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.requests[self.next]);
        self.next += 1;
    }

    fn sample(&self) -> u64 {
        1
    }

    fn check(&mut self, body: &[u8]) -> bool {
        let answer = serde_json::from_slice(body).ok();
        let understood = answer.is_some();
        self.answers.extend(answer);
        understood
    }
}

/// The same few requests again and again.
#[derive(Debug)]
pub struct Repeated {
    requests: Vec<Vec<u8>>,
    next: usize,
    items: &'static str,
    sample: u64,
    check: fn(&[u8]) -> bool,
}

impl Repeated {
    /// `GET /v1/me` with an API key.
    pub fn me(server: SocketAddr, key: &str) -> Self {
        Self::of_me(get(server, "/v1/me", key))
    }

    /// A request that is answered with the same.
    pub fn of_me(request: Vec<u8>) -> Self {
        Self {
            requests: vec![request],
            next: 0,
            items: "requests",
            sample: SAMPLE,
            check: |body| {
                text::count(body, br#""permissions":["#) == 1 && text::count(body, br#""key":{"#) == 1
            },
        }
    }

    /// `GET` of these paths one after another; there must be one.
    pub fn gets(server: SocketAddr, key: &str, paths: &[String], check: fn(&[u8]) -> bool) -> Self {
        Self {
            requests: paths.iter().map(|path| get(server, path, key)).collect(),
            next: 0,
            items: "requests",
            sample: SAMPLE,
            check,
        }
    }

    /// `GET /v1/audit/entries/{id}/receipt`, for ids drawn at random from a list, which may not be empty.
    pub fn receipts(server: SocketAddr, key: &str, ids: &[String]) -> Self {
        let mut random = Random::new(1);
        let mut receipt = || {
            let id = usize::try_from(random.draw() % ids.len() as u64).unwrap_or_default();
            get(server, &format!("/v1/audit/entries/{}/receipt", ids[id]), key)
        };
        Self {
            requests: (0..RECEIPTS).map(|_| receipt()).collect(),
            next: 0,
            items: "receipts",
            sample: SAMPLE,
            // A receipt names its format (C2SP tlog-proof, possibly inside JSON) in its first line.
            check: |body| text::count(body, b"c2sp.org/tlog-proof") > 0,
        }
    }

    /// `POST /v1/auth/login` with right passwords, one user after another; `accounts` may not be empty. A login costs
    /// tens of milliseconds: each of them is looked at.
    pub fn logins(server: SocketAddr, accounts: &[Account]) -> Self {
        let login = |account: &Account| account.login(server, "", &account.password);
        Self {
            requests: accounts.iter().map(login).collect(),
            next: 0,
            items: "logins",
            sample: 1,
            check: |body| text::count(body, br#""token":"prs_"#) == 1,
        }
    }
}

impl Workload for Repeated {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.requests[self.next]);
        self.next = (self.next + 1) % self.requests.len();
    }

    fn items(&self) -> &'static str {
        self.items
    }

    fn sample(&self) -> u64 {
        self.sample
    }

    fn check(&mut self, body: &[u8]) -> bool {
        (self.check)(body)
    }
}

/// Logins that shall be refused, of several kinds in random order, each from an address of its own.
#[derive(Debug)]
pub struct Refused {
    /// Kind and request.
    requests: Vec<(usize, Vec<u8>)>,
    next: usize,
    /// Answer times by kind, in microseconds.
    pub times: Vec<Vec<f64>>,
}

impl Refused {
    /// For each kind, the accounts and the passwords that are sent; all in an order that depends on `seed` alone.
    pub fn new(server: SocketAddr, kinds: &[Vec<(Account, String)>], seed: u64) -> Self {
        let all = kinds
            .iter()
            .enumerate()
            .flat_map(|(kind, attempts)| attempts.iter().map(move |attempt| (kind, attempt)));
        let mut requests: Vec<_> = all
            .enumerate()
            .map(|(number, (kind, (account, password)))| {
                // 2^24 addresses in 10.0.0.0/8, one after another.
                let number = u32::try_from(number).unwrap_or_default() & 0xFF_FFFF;
                let address = std::net::Ipv4Addr::from_bits(0x0A00_0000 | number);
                let header = format!("X-Forwarded-For: {address}\r\n");
                (kind, account.login(server, &header, password))
            })
            .collect();
        let mut random = Random::new(seed);
        // Fisher and Yates: every order is as likely as any other.
        for last in (1..requests.len()).rev() {
            let other = random.draw() % (last as u64 + 1);
            requests.swap(last, usize::try_from(other).unwrap_or_default());
        }
        Self {
            requests,
            next: 0,
            times: vec![Vec::new(); kinds.len()],
        }
    }

    pub fn count(&self) -> u64 {
        self.requests.len() as u64
    }
}

impl Workload for Refused {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.requests[self.next].1);
        self.next += 1;
    }

    fn is_good(&self, status: u16) -> bool {
        status == 401
    }

    fn answered(&mut self, request: u64, latency: Duration) {
        let request = usize::try_from(request).unwrap_or(usize::MAX);
        if let Some((kind, _)) = self.requests.get(request) {
            self.times[*kind].push(latency.as_secs_f64() * 1e6);
        }
    }

    fn sample(&self) -> u64 {
        1
    }

    fn check(&mut self, body: &[u8]) -> bool {
        text::json_string_after(body, br#""code":""#) == Some("invalid_credentials")
    }
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
