//! What is sent about money: transfers from a template, and what comes before and after them.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::identity::{bearer, post};
use crate::random::Random;
use crate::text;
use crate::workload::{SAMPLE, Workload};

/// Code of the asset that is moved.
pub const ASSET: &str = "BENCH";
/// What each balance gets before the load, in hundredths; a transfer takes one of them.
pub const DEPOSIT_CENTS: u64 = 100_000_000;
/// Deposits in a request: as many as the program takes.
pub const DEPOSITS_MAX: usize = 1_000;
const PATH: &str = "/v1/operations";
const UUID_LEN: usize = 36;

/// An amount of the asset as answers have it.
pub fn decimal(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Lines for `user import`: the owners of so many balances. Nobody logs in as one of them.
pub fn owners(count: usize) -> String {
    let line = |number: usize| json!({"username": owner(number), "role": "user"}).to_string() + "\n";
    (0..count).map(line).collect()
}

fn owner(number: usize) -> String {
    format!("owner{number:06}")
}

/// The requests that make the asset and then the balances, by a key with the scope admin.
pub fn preparation(server: SocketAddr, admin_key: &str, balances: usize) -> Vec<Vec<u8>> {
    let key = bearer(admin_key);
    let asset = json!({"code": ASSET, "name": "Benchmark", "scale": 2});
    let deposit = |number: usize| {
        let credit = format!("user:{}", owner(number));
        json!({"kind": "deposit", "asset": ASSET, "credit": credit, "amount": decimal(DEPOSIT_CENTS)})
    };
    let mut requests = vec![post(server, "/v1/assets", &key, &asset.to_string())];
    for first in (0..balances).step_by(DEPOSITS_MAX) {
        let several: Vec<Value> = (first..balances.min(first + DEPOSITS_MAX)).map(deposit).collect();
        requests.push(post(server, PATH, &key, &Value::from(several).to_string()));
    }
    requests
}

/// The balances that deposits went to, from the answer to an array of them; `None` where one was not made.
pub fn credited(answer: &Value) -> Option<Vec<String>> {
    let result = |result: &Value| {
        let created = result["status"] == "created";
        let balance = result.pointer("/operation/credit/balance")?.as_str()?;
        (created && balance.len() == UUID_LEN).then(|| balance.to_owned())
    };
    answer.get("results")?.as_array()?.iter().map(result).collect()
}

/// The requests after the load, for the supply of the asset and for how many operations there are.
pub fn questions(server: SocketAddr, admin_key: &str) -> Vec<Vec<u8>> {
    let paths = [
        format!("/v1/assets/{ASSET}/supply"),
        format!("{PATH}/statistics?asset={ASSET}"),
    ];
    let get = |path: &String| {
        let key = bearer(admin_key);
        format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n{key}\r\n").into_bytes()
    };
    paths.iter().map(get).collect()
}

/// Whether the answers to [`questions`] are right after deposits to so many balances and so many acknowledged
/// transfers; what is wrong with them otherwise. Where a request failed, `certain` is false and there may be
/// more transfers than were acknowledged.
pub fn audit(answers: &[Value], balances: usize, acknowledged: u64, certain: bool) -> Result<(), String> {
    let [supply, statistics] = answers else {
        return Err(format!("{} answers instead of 2", answers.len()));
    };
    let deposited = decimal(balances as u64 * DEPOSIT_CENTS);
    if supply["sum"] != decimal(0) || supply["supply"] != deposited {
        return Err(format!(
            "a sum of 0.00 and a supply of {deposited} expected: {supply}"
        ));
    }
    let figures = statistics["figures"].as_array();
    let figures = figures.ok_or_else(|| format!("no figures: {statistics}"))?;
    let transfers = figures.iter().filter(|figure| figure["kind"] == "transfer");
    let there: u64 = transfers
        .filter(|figure| figure["status"] == "completed")
        .filter_map(|figure| figure["count"].as_u64())
        .sum();
    if there < acknowledged || (certain && there > acknowledged) {
        return Err(format!(
            "{acknowledged} transfers were acknowledged, {there} are there"
        ));
    }
    Ok(())
}

/// Prepared requests, to be sent in their order on one connection. Not for a measurement: every answer is kept.
#[derive(Debug)]
pub struct Dialogue {
    requests: Vec<Vec<u8>>,
    next: usize,
    /// The answers, in the order of the requests.
    pub answers: Vec<Value>,
}

impl Dialogue {
    /// Sends these.
    pub fn new(requests: Vec<Vec<u8>>) -> Self {
        Self {
            requests,
            next: 0,
            answers: Vec::new(),
        }
    }
}

impl Workload for Dialogue {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.requests[self.next]);
        self.next += 1;
    }

    fn wants_body(&mut self) -> bool {
        true
    }

    fn check(&mut self, body: &[u8]) -> bool {
        let answer = serde_json::from_slice(body);
        self.answers.extend(answer.ok());
        self.answers.len() == self.next
    }
}

/// Where the parts of a transfer that vary stand in a request.
#[derive(Debug, Clone, Copy)]
struct Slots {
    id: Option<usize>,
    debit: usize,
    credit: usize,
}

/// `POST /v1/operations`: one transfer or an array of them a request, between balances drawn at random.
///
/// All requests are as long as each other, so that one is made by a copy of the whole and a few ids over it.
#[derive(Debug)]
pub struct Transfers {
    template: Vec<u8>,
    slots: Vec<Slots>,
    balances: Vec<[u8; UUID_LEN]>,
    random: Random,
    ids: Ids,
    answers: u64,
}

impl Transfers {
    /// `batch` 1 sends objects, more sends arrays of that many. `own_ids`: each transfer has one of ours. Balances
    /// that are no UUIDs are left out; without two there is nothing to send, which is `None`.
    pub fn new(
        server: SocketAddr,
        key: &str,
        balances: &[String],
        batch: usize,
        own_ids: bool,
    ) -> Option<Self> {
        let (mut body, mut slots) = (Vec::new(), Vec::new());
        for number in 0..batch {
            if batch > 1 {
                body.push(if number == 0 { b'[' } else { b',' });
            }
            slots.push(blank(&mut body, own_ids));
        }
        if batch > 1 {
            body.push(b']');
        }
        let template = post(server, PATH, &bearer(key), &String::from_utf8_lossy(&body));
        let head = template.len() - body.len();
        for slot in &mut slots {
            slot.id = slot.id.map(|at| at + head);
            slot.debit += head;
            slot.credit += head;
        }
        let uuid = |balance: &String| balance.as_bytes().try_into().ok();
        let balances: Vec<_> = balances.iter().filter_map(uuid).collect();
        (balances.len() > 1).then(|| Self {
            template,
            slots,
            balances,
            random: Random::new(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(1, |now| now.subsec_nanos().into()),
            ),
            ids: Ids::default(),
            answers: 0,
        })
    }

    /// Two different balances, every pair as likely as any other.
    fn pair(&mut self) -> (usize, usize) {
        let (draw, count) = (self.random.draw(), self.balances.len() as u64);
        let below = |uniform: u64, bound: u64| usize::try_from((uniform * bound) >> 32).unwrap_or_default();
        let debit = below(draw >> 32, count);
        let credit = below(draw & 0xFFFF_FFFF, count - 1);
        (debit, credit + usize::from(credit >= debit))
    }
}

/// Appends a transfer with room for what varies in it.
fn blank(body: &mut Vec<u8>, own_id: bool) -> Slots {
    let mut room = |before: &str| {
        body.extend_from_slice(before.as_bytes());
        body.extend_from_slice(&[b'-'; UUID_LEN]);
        body.len() - UUID_LEN
    };
    let id = own_id.then(|| room(r#"{"id":""#));
    let slots = Slots {
        id,
        debit: room(if own_id {
            r#"","kind":"transfer","debit":""#
        } else {
            r#"{"kind":"transfer","debit":""#
        }),
        credit: room(r#"","credit":""#),
    };
    body.extend_from_slice(br#"","amount":"0.01"}"#);
    slots
}

impl Workload for Transfers {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.template);
        let request = &mut out[start..];
        for number in 0..self.slots.len() {
            let Slots { id, debit, credit } = self.slots[number];
            let (from, to) = self.pair();
            request[debit..debit + UUID_LEN].copy_from_slice(&self.balances[from]);
            request[credit..credit + UUID_LEN].copy_from_slice(&self.balances[to]);
            if let Some(at) = id {
                request[at..at + UUID_LEN].copy_from_slice(self.ids.next(&mut self.random));
            }
        }
    }

    fn items(&self) -> &'static str {
        "transfers"
    }

    fn items_per_request(&self) -> u64 {
        self.slots.len() as u64
    }

    /// 200 to a single one would mean that it had been made before.
    fn is_good(&self, status: u16) -> bool {
        status == if self.slots.len() == 1 { 201 } else { 200 }
    }

    /// A sample is enough: a refusal within an array that is not looked at is missing in the statistics.
    fn wants_body(&mut self) -> bool {
        self.answers += 1;
        self.answers % SAMPLE == 1
    }

    fn check(&mut self, body: &[u8]) -> bool {
        let made = text::count(body, br#""status":"completed""#);
        let created = text::count(body, br#""status":"created""#);
        made == self.slots.len() && (self.slots.len() == 1 || created == self.slots.len())
    }
}

/// Ids as a careful client makes them: UUIDv7 of the present, in ascending order.
#[derive(Debug, Default)]
struct Ids {
    ms: u64,
    within: u64,
    last: Vec<u8>,
}

impl Ids {
    /// The next one.
    fn next(&mut self, random: &mut Random) -> &[u8] {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or_default();
        self.within += 1;
        // Ahead of the clock when a millisecond has no more room (RFC 9562, 6.2), and when the clock goes back.
        if now > self.ms || self.within > 0xFFF {
            self.ms = now.max(self.ms + u64::from(self.within > 0xFFF));
            self.within = 0;
        }
        self.last.clear();
        text::uuid_v7(&mut self.last, self.ms, self.within, random.draw());
        &self.last
    }
}

#[cfg(test)]
#[path = "custody_tests.rs"]
mod tests;
