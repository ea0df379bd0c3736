//! What is asked of a log and of the books, and a bundle read to its end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::error::Error;
use crate::governance;
use crate::identity::get;
use crate::text;
use crate::workload::{ACTORS, ADDRESSES, OLD_TARGETS, old_target};

/// Rows of a page.
const PAGE: usize = 50;
/// Different actors, targets, addresses or balances that one question is asked about.
const DIFFERENT: u64 = 256;

/// One question, which is asked again and again, about different things where there are such.
#[derive(Debug)]
pub struct Question {
    pub name: &'static str,
    pub paths: Vec<String>,
    /// Whether an answer holds what it should.
    pub check: fn(&[u8]) -> bool,
    /// Answers a second that the project set out for, on SQLite and on PostgreSQL; 0 where it named none.
    pub wanted: [u32; 2],
    /// What is asked newest first may not cost more on a larger log.
    pub newest_first: bool,
}

impl Question {
    fn new(name: &'static str, paths: Vec<String>, check: fn(&[u8]) -> bool) -> Self {
        Self {
            name,
            paths,
            check,
            wanted: [0, 0],
            newest_first: false,
        }
    }

    fn wanted(self, sqlite: u32, postgres: u32) -> Self {
        let wanted = [sqlite, postgres];
        Self { wanted, ..self }
    }

    fn newest_first(self) -> Self {
        Self {
            newest_first: true,
            ..self
        }
    }
}

fn each(path: impl Fn(u64) -> String) -> Vec<String> {
    (0..DIFFERENT).map(path).collect()
}

fn entries(filter: impl Fn(u64) -> String) -> Vec<String> {
    each(|number| format!("/v1/audit/entries?{}&limit={PAGE}", filter(number)))
}

/// Actors that few entries are of, so that a page goes back a hundred thousand entries.
fn actor(number: u64) -> u64 {
    ACTORS / 2 + number % (ACTORS / 4)
}

fn address(number: u64) -> u64 {
    number % ADDRESSES
}

fn target(number: u64) -> String {
    let mut id = Vec::new();
    old_target(&mut id, number % OLD_TARGETS);
    String::from_utf8_lossy(&id).into_owned()
}

fn some(body: &[u8]) -> bool {
    text::count(body, br#"":[{"#) > 0
}

fn listed(body: &[u8]) -> bool {
    body.starts_with(br#"{"entries":["#)
}

fn none(body: &[u8]) -> bool {
    body.starts_with(br#"{"entries":[]"#)
}

fn answered(_: &[u8]) -> bool {
    true
}

fn full_page(body: &[u8]) -> bool {
    text::count(body, br#""evidence":{"#) == PAGE
}

fn full_page_of_operations(body: &[u8]) -> bool {
    text::count(body, br#""credit":{"#) == PAGE
}

/// Questions to the log, of which some ids are known, oldest first.
pub fn of_the_log(ids: &[String]) -> Vec<Question> {
    let by_actor = |more: &str| entries(|number| format!("actor=user-{:06}{more}", actor(number)));
    vec![
        Question::new("newest entries", entries(|_| "order=desc".into()), full_page)
            .wanted(12_000, 8_000)
            .newest_first(),
        Question::new("actor", by_actor(""), some)
            .wanted(5_000, 2_500)
            .newest_first(),
        Question::new(
            "actor, not there",
            entries(|number| format!("actor=nobody-{number}")),
            none,
        ),
        Question::new(
            "target",
            entries(|number| format!("target={}", target(number))),
            // Which targets have entries is left to chance: a log of 200,000 has none of one in seven.
            listed,
        ),
        Question::new("action", entries(|_| "action=order.create".into()), full_page).newest_first(),
        Question::new(
            "ip",
            entries(|number| format!("ip=203.0.113.{}", address(number))),
            some,
        )
        .newest_first(),
        Question::new("outcome", entries(|_| "outcome=refused".into()), full_page).newest_first(),
        Question::new("actor, outcome", by_actor("&outcome=refused"), answered),
        Question::new("actor, action", by_actor("&action=order.create"), answered),
        Question::new(
            "action, ip",
            entries(|number| format!("action=order.create&ip=203.0.113.{}", address(number))),
            answered,
        ),
        Question::new(
            "activity of a user",
            each(|number| format!("/v1/activity?user=user-{:06}&limit={PAGE}", actor(number))),
            some,
        )
        .wanted(5_000, 2_500)
        .newest_first(),
        receipts("receipts, newest", &ids[ids.len() * 9 / 10..]).newest_first(),
        receipts("receipts", ids),
        // Without a path of its own: one client reads it.
        Question::new("bundle", Vec::new(), answered).wanted(50_000, 25_000),
        // What waits for nobody may still run when the next question is asked: it is the last one.
        Question::new("text, not there", entries(|_| "text=no-such-words".into()), none),
    ]
}

/// Receipts of these entries.
fn receipts(name: &'static str, ids: &[String]) -> Question {
    let path = |id| format!("/v1/audit/entries/{id}/receipt");
    let check = |body: &[u8]| text::count(body, b"c2sp.org/tlog-proof") > 0;
    Question::new(name, ids.iter().map(path).collect(), check).wanted(8_000, 4_000)
}

/// Questions to the books.
pub fn of_the_books(asset: &str, balances: &[String]) -> Vec<Question> {
    let operations = format!("/v1/operations?limit={PAGE}");
    let statement = |balance| format!("/v1/balances/{balance}/statement?order=desc&limit={PAGE}");
    let user = |number| {
        format!(
            "/v1/operations?user=owner{:06}&limit={PAGE}",
            number % balances.len() as u64
        )
    };
    vec![
        Question::new("newest operations", vec![operations], full_page_of_operations)
            .wanted(5_000, 5_000)
            .newest_first(),
        Question::new("operations of a user", each(user), some)
            .wanted(5_000, 5_000)
            .newest_first(),
        Question::new(
            "statement",
            balances.iter().take(256).map(statement).collect(),
            some,
        )
        .wanted(5_000, 5_000)
        .newest_first(),
        Question::new("statistics", vec!["/v1/operations/statistics".into()], some).wanted(5_000, 5_000),
        Question::new("supply", vec![format!("/v1/assets/{asset}/supply")], |body| {
            text::count(body, br#""supply":""#) == 1
        })
        .wanted(5_000, 5_000),
    ]
}

/// Questions about executions: the four views, metrics from that time on by hour, and these trees.
pub fn of_governance(month: &str, trees: &[String]) -> Vec<Question> {
    let view = |name| vec![format!("/v1/governance/{name}")];
    let newest = |number| {
        let workflow = governance::workflow(usize::try_from(number).unwrap_or_default());
        format!("/v1/executions?workflow={workflow}&limit={PAGE}")
    };
    let figures = format!(
        "/v1/metrics/figures?name={}&by=hour&from={month}Z",
        governance::METRIC
    );
    let trees = trees.iter().map(|id| format!("/v1/executions/{id}")).collect();
    vec![
        Question::new("recent", view("recent"), some),
        Question::new("workflows", view("workflows"), some),
        Question::new("DRAG modes", view("drag-modes"), some),
        Question::new("users", view("users"), some),
        Question::new("newest of a workflow", each(newest), some),
        Question::new("metrics by hour", vec![figures], some),
        Question::new("tree", trees, |body| text::count(body, br#""number":"#) == 100),
    ]
}

/// Fetches an evidence bundle and reads it to its end, holding one line at a time: how many entries it has.
pub fn bundle(server: SocketAddr, key: &str, filter: &str) -> Result<u64, Error> {
    let failed = || Error::io("reading a bundle");
    let wrong = |line: &str| Error::Server(format!("no whole bundle: {line}"));
    let mut stream = TcpStream::connect(server).map_err(failed())?;
    let path = format!("/v1/audit/export?format=bundle{filter}");
    // HTTP/1.0: the body comes as it is and ends with the connection.
    let request = String::from_utf8_lossy(&get(server, &path, key)).replace("HTTP/1.1", "HTTP/1.0");
    stream.write_all(request.as_bytes()).map_err(failed())?;
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let (mut line, mut entries, mut in_body) = (String::new(), 0, false);
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(failed())? == 0 {
            return Err(wrong("it breaks off"));
        }
        match line.as_bytes() {
            b"\r\n" => in_body = true,
            [b'H', ..] if !in_body && !line.contains(" 200 ") => return Err(wrong(&line)),
            _ if line.starts_with(r#"{"entry":"#) => entries += 1,
            _ if in_body && line.starts_with(r#"{"entries":"#) => {
                let said = format!("{{\"entries\":{entries},");
                return if line.starts_with(&said) {
                    Ok(entries)
                } else {
                    Err(wrong(&line))
                };
            }
            _ => {}
        }
    }
}
