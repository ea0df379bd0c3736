//! What is sent: audit entries from a template. [`crate::identity`] and [`crate::custody`] have the others.
//!
//! The generator shares its cores with the server, so a request is a few copies into a reused buffer: no
//! allocation, no formatting machinery, no JSON serialisation.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::random::Random;
use crate::text;

/// A stream of requests and the check of their answers.
pub trait Workload {
    /// Appends the next request, head and body, to `out`.
    fn write_request(&mut self, out: &mut Vec<u8>);
    /// What is counted, in the plural.
    fn items(&self) -> &'static str {
        "requests"
    }
    /// How many of these one request carries.
    fn items_per_request(&self) -> u64 {
        1
    }
    /// Whether a status is what the request asks for.
    fn is_good(&self, status: u16) -> bool {
        (200..300).contains(&status)
    }
    /// A good answer to the request that was written after `request` others, within the time that counts.
    fn answered(&mut self, _request: u64, _latency: Duration) {}
    /// The body of one good answer in so many is looked at; a sample, for looking costs time.
    fn sample(&self) -> u64 {
        SAMPLE
    }
    /// Whether the body of a good answer contains what it should.
    fn check(&mut self, body: &[u8]) -> bool;
}

/// Distinct actors; a tenth of the entries come from the first of them (the index is the cube of a uniform number).
pub const ACTORS: u64 = 1_000;
/// Targets that exist already and get every tenth entry.
pub const OLD_TARGETS: u64 = 10_000;
/// Distinct client addresses.
pub const ADDRESSES: u64 = 250;
/// One answer in this many is looked at where a load does not say otherwise.
pub(crate) const SAMPLE: u64 = 64;
/// Digits reserved for `Content-Length`; unused ones are spaces, which RFC 9110 allows before a field's value.
const LENGTH_DIGITS: usize = 8;

const NOUNS: [&str; 10] = [
    "order", "invoice", "shipment", "customer", "basket", "refund", "coupon", "address", "price", "stock",
];
const VERBS: [&str; 5] = ["create", "update", "cancel", "approve", "view"];

/// `POST /v1/audit/entries`: one entry or an array of them a request.
#[derive(Debug)]
pub struct Append {
    head: Vec<u8>,
    actions: Vec<String>,
    batch: usize,
    random: Random,
    /// Fresh targets made so far.
    fresh: u64,
    /// Unix milliseconds when this stream began: fresh ids ascend from here, as UUIDv7 do.
    started_ms: u64,
    /// `YYYY-MM-DDTHH:MM:SS.` of that moment.
    second: String,
    /// One entry in this many tells of a refusal; 0 for none.
    refused_one_in: u64,
    /// Ids of entries taken from the answers that were looked at, for later reads.
    pub ids: Vec<String>,
}

impl Append {
    /// `batch` 1 sends objects, more sends arrays of that many.
    pub fn new(server: SocketAddr, key: &str, batch: usize) -> Self {
        let head = format!(
            "POST /v1/audit/entries HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {:LENGTH_DIGITS$}\r\n\r\n",
            ""
        );
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            head: head.into_bytes(),
            actions: NOUNS
                .iter()
                .flat_map(|noun| VERBS.iter().map(move |verb| format!("{noun}.{verb}")))
                .collect(),
            batch,
            random: Random::new(now.subsec_nanos().into()),
            fresh: 0,
            started_ms: u64::try_from(now.as_millis()).unwrap_or_default(),
            second: text::utc_second(now.as_secs()),
            refused_one_in: 0,
            ids: Vec::new(),
        }
    }

    /// The same where one entry in so many tells of a refusal.
    #[must_use]
    pub fn with_refusals(self, refused_one_in: u64) -> Self {
        Self {
            refused_one_in,
            ..self
        }
    }

    fn write_entry(&mut self, out: &mut Vec<u8>) {
        let (first, second) = (self.random.draw(), self.random.draw());
        let actor = skewed(first & 0xFFFF_FFFF);
        out.extend_from_slice(br#"{"actor":{"kind":"user","id":"user-"#);
        text::padded(out, actor, 6);
        out.extend_from_slice(br#"","name":"User "#);
        text::number(out, actor);
        out.extend_from_slice(br#""},"action":""#);
        let action = usize::try_from((first >> 32) % 50).unwrap_or_default();
        out.extend_from_slice(self.actions[action].as_bytes());
        out.extend_from_slice(br#"","target":{"kind":"order","id":""#);
        self.write_target(out, first >> 40);
        out.extend_from_slice(br#""},"#);
        // Of bits that nothing else is drawn from.
        if self.refused_one_in > 0 && (second >> 32).is_multiple_of(self.refused_one_in) {
            out.extend_from_slice(br#""outcome":"refused","#);
        }
        out.extend_from_slice(br#""occurred_at":""#);
        out.extend_from_slice(self.second.as_bytes());
        text::padded(out, self.fresh % 1_000_000, 6);
        out.extend_from_slice(
            br#"Z","description":"Changed the delivery address","details":{"channel":"web","amount":"#,
        );
        text::number(out, 100 + (second & 0xFFFF));
        out.extend_from_slice(br#","currency":"EUR"},"ip":"203.0.113."#);
        text::number(out, (second >> 16) % ADDRESSES);
        out.extend_from_slice(br#"","trace_id":""#);
        text::hex(out, first ^ 0x5DEE_CE66_D1CE_4E5B, 16);
        text::hex(out, second, 16);
        out.extend_from_slice(br#""}"#);
    }

    fn write_target(&mut self, out: &mut Vec<u8>, draw: u64) {
        if draw.is_multiple_of(10) {
            old_target(out, (draw / 10) % OLD_TARGETS);
        } else {
            let ms = self.started_ms + (self.fresh >> 12);
            text::uuid_v7(
                out,
                ms,
                self.fresh & 0xFFF,
                Random::scramble(self.started_ms ^ self.fresh),
            );
            self.fresh += 1;
        }
    }
}

/// Appends the id of a target that exists already.
pub(crate) fn old_target(out: &mut Vec<u8>, old: u64) {
    // 2025-06-03: older than anything that a run makes.
    text::uuid_v7(out, 0x0197_3400_0000 + old, old & 0xFFF, Random::scramble(old));
}

/// An actor's number from a uniform 32-bit number: its cube, so that few actors do most of the work.
fn skewed(uniform: u64) -> u64 {
    let square = (uniform * uniform) >> 32;
    let cube = (square * uniform) >> 32;
    (cube * ACTORS) >> 32
}

impl Workload for Append {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.head);
        let body = out.len();
        if self.batch == 1 {
            self.write_entry(out);
        } else {
            for number in 0..self.batch {
                out.push(if number == 0 { b'[' } else { b',' });
                self.write_entry(out);
            }
            out.push(b']');
        }
        let length_end = start + self.head.len() - b"\r\n\r\n".len();
        let mut length = out.len() - body;
        for at in (length_end - LENGTH_DIGITS..length_end).rev() {
            out[at] = b'0' + u8::try_from(length % 10).unwrap_or_default();
            length /= 10;
            if length == 0 {
                break;
            }
        }
    }

    fn items(&self) -> &'static str {
        "entries"
    }

    fn items_per_request(&self) -> u64 {
        self.batch as u64
    }

    /// Large arrays are few: each of them is looked at.
    fn sample(&self) -> u64 {
        if self.batch >= 1_000 { 1 } else { SAMPLE }
    }

    fn check(&mut self, body: &[u8]) -> bool {
        let Some(id) = text::json_string_after(body, br#""id":""#) else {
            return false;
        };
        self.ids.push(id.to_owned());
        text::count(body, br#""index":"#) == self.batch && text::count(body, br#""id":""#) == self.batch
    }
}

#[cfg(test)]
#[path = "workload_tests.rs"]
mod tests;
