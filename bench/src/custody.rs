//! What is sent about money: transfers from a template, and what comes before and after them.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use memchr::memmem;
use serde_json::{Value, json};

use crate::identity::{bearer, get, post};
use crate::random::Random;
use crate::text;
use crate::workload::Workload;

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
    paths.map(|path| get(server, &path, admin_key)).into()
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

/// `POST /v1/operations`: one transfer or an array of them a request, between balances drawn at random.
///
/// All requests are as long as each other, so that one is made by a copy of the whole and a few ids over it.
#[derive(Debug)]
pub struct Transfers {
    template: Vec<u8>,
    batch: usize,
    /// Where ids go: of each transfer its own one, if any, then the debit balance and the credit balance.
    slots: Vec<usize>,
    balances: Vec<[u8; UUID_LEN]>,
    random: Random,
    ids: Ids,
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
        let blank = "-".repeat(UUID_LEN);
        let id = if own_ids {
            format!(r#""id":"{blank}","#)
        } else {
            String::new()
        };
        let one =
            format!(r#"{{{id}"kind":"transfer","debit":"{blank}","credit":"{blank}","amount":"0.01"}}"#);
        let body = if batch == 1 {
            one
        } else {
            format!("[{}]", vec![one; batch].join(","))
        };
        let template = post(server, PATH, &bearer(key), &body);
        let uuid = |balance: &String| balance.as_bytes().try_into().ok();
        let balances: Vec<_> = balances.iter().filter_map(uuid).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        (balances.len() > 1).then(|| Self {
            slots: memmem::find_iter(&template, &blank).collect(),
            template,
            batch,
            balances,
            random: Random::new(now.map_or(1, |now| now.subsec_nanos().into())),
            ids: Ids::default(),
        })
    }
}

/// Two different ones of so many, every pair as likely as any other.
fn pair(random: &mut Random, count: usize) -> (usize, usize) {
    let (draw, count) = (random.draw(), count as u64);
    let below = |uniform: u64, bound: u64| usize::try_from((uniform * bound) >> 32).unwrap_or_default();
    let debit = below(draw >> 32, count);
    let credit = below(draw & 0xFFFF_FFFF, count - 1);
    (debit, credit + usize::from(credit >= debit))
}

impl Workload for Transfers {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.template);
        let request = &mut out[start..];
        for slots in self.slots.chunks(self.slots.len() / self.batch) {
            let [own @ .., debit, credit] = slots else {
                continue;
            };
            let (from, to) = pair(&mut self.random, self.balances.len());
            request[*debit..*debit + UUID_LEN].copy_from_slice(&self.balances[from]);
            request[*credit..*credit + UUID_LEN].copy_from_slice(&self.balances[to]);
            if let [id] = own {
                request[*id..*id + UUID_LEN].copy_from_slice(self.ids.next(&mut self.random));
            }
        }
    }

    fn items(&self) -> &'static str {
        "transfers"
    }

    fn items_per_request(&self) -> u64 {
        self.batch as u64
    }

    /// 200 to a single one would mean that it had been made before.
    fn is_good(&self, status: u16) -> bool {
        status == if self.batch == 1 { 201 } else { 200 }
    }

    /// A sample is enough: a refusal within an array that is not looked at is missing in the statistics.
    fn check(&mut self, body: &[u8]) -> bool {
        let made = text::count(body, br#""status":"completed""#);
        let created = text::count(body, br#""status":"created""#);
        made == self.batch && (self.batch == 1 || created == self.batch)
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
