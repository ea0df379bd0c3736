//! What is sent by and about users: requests for oneself, logins that are right, and logins that are refused.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

use crate::random::Random;
use crate::text;
use crate::workload::{SAMPLE, Workload};

/// A request as it goes over the wire, with a body of JSON. `headers`: further lines, each with its end.
pub fn post(server: SocketAddr, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {server}\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The line of headers that an API key makes.
pub fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

/// A user as the load knows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// User name.
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

/// Prepared requests, in their order and once each. Not for a measurement: every answer is looked at.
#[derive(Debug)]
pub struct Script {
    requests: Vec<Vec<u8>>,
    next: usize,
    /// The first id in each answer, in the order of the answers.
    pub ids: Vec<String>,
}

impl Script {
    /// Sends these.
    pub fn new(requests: Vec<Vec<u8>>) -> Self {
        Self {
            requests,
            next: 0,
            ids: Vec::new(),
        }
    }
}

impl Workload for Script {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.requests[self.next]);
        self.next += 1;
    }

    fn wants_body(&mut self) -> bool {
        true
    }

    fn check(&mut self, body: &[u8]) -> bool {
        let id = text::json_string_after(body, br#""id":""#);
        self.ids.extend(id.map(str::to_owned));
        id.is_some()
    }
}

/// `GET /v1/me` with an API key.
#[derive(Debug)]
pub struct Me {
    request: Vec<u8>,
    answers: u64,
}

impl Me {
    /// With this key.
    pub fn new(server: SocketAddr, key: &str) -> Self {
        let head = format!("GET /v1/me HTTP/1.1\r\nHost: {server}\r\n{}\r\n", bearer(key));
        Self {
            request: head.into_bytes(),
            answers: 0,
        }
    }
}

impl Workload for Me {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.request);
    }

    fn wants_body(&mut self) -> bool {
        self.answers += 1;
        self.answers % SAMPLE == 1
    }

    fn check(&mut self, body: &[u8]) -> bool {
        text::count(body, br#""permissions":["#) == 1 && text::count(body, br#""key":{"#) == 1
    }
}

/// `POST /v1/auth/login` with right passwords, one user after another.
#[derive(Debug)]
pub struct Login {
    requests: Vec<Vec<u8>>,
    next: usize,
}

impl Login {
    /// `accounts` may not be empty.
    pub fn new(server: SocketAddr, accounts: &[Account]) -> Self {
        let requests = accounts
            .iter()
            .map(|account| account.login(server, "", &account.password));
        Self {
            requests: requests.collect(),
            next: 0,
        }
    }
}

impl Workload for Login {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.requests[self.next]);
        self.next = (self.next + 1) % self.requests.len();
    }

    fn items(&self) -> &'static str {
        "logins"
    }

    /// A login costs tens of milliseconds: each of them is looked at.
    fn wants_body(&mut self) -> bool {
        true
    }

    fn check(&mut self, body: &[u8]) -> bool {
        text::json_string_after(body, br#""token":""#).is_some_and(|token| token.starts_with("prs_"))
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

/// Where a wrong login comes from, for `X-Forwarded-For`: 2^24 addresses, one after another.
fn address(number: usize) -> String {
    format!(
        "10.{}.{}.{}",
        number >> 16 & 0xFF,
        number >> 8 & 0xFF,
        number & 0xFF
    )
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
                let header = format!("X-Forwarded-For: {}\r\n", address(number));
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

    /// How many there are.
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

    fn wants_body(&mut self) -> bool {
        true
    }

    fn check(&mut self, body: &[u8]) -> bool {
        text::json_string_after(body, br#""code":""#) == Some("invalid_credentials")
    }
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
