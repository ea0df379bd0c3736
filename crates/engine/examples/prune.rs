//! How fast retention prunes, and for how long it holds up whoever appends meanwhile.
//!
//! `cargo run --release -p engine --example prune -- ENTRIES [postgres URL]`; wanted are 50,000 entries a second, and no
//! append that takes longer than 50 ms.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::audit::Event;
use domain::audit::retention::{Policy, Retention};
use domain::identity::Rules;
use domain::{Caller, Command, Origin};
use engine::clock::Clock;
use engine::{Engine, Options};
use store::db::Location;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const DAY_S: i64 = 24 * 3_600;

/// Events in a command that fills the log.
const AT_ONCE: usize = 1_000;

fn event(number: usize) -> Event {
    let text = format!(
        r#"{{"actor":{{"kind":"user","id":"user-{:06}","name":"User {0}"}},"action":"http.get","target":{{"kind":"order","id":"A-{number}"}},"occurred_at":"2026-11-21T08:30:00.123456Z","description":"Looked at an order","details":{{"status":200,"path":"/v1/orders","ms":{number}}},"ip":"203.0.113.{}"}}"#,
        number % 1_000,
        number % 250
    );
    serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{error}"))
}

async fn record(engine: &Engine, events: Vec<Event>) -> Result<(), Failure> {
    let list = events.len() > 1;
    let command = engine.prepare(events, list).map_err(|error| error.to_string())?;
    let operator = Caller::Operator { name: "bench".into() };
    let command = Command::RecordEvents(command);
    engine.submit(&operator, Origin::default(), command).await?;
    Ok(())
}

/// Appends one entry after the other until it is over; how long each took, the longest last.
async fn append(engine: Engine, over: Arc<AtomicBool>) -> Result<Vec<Duration>, Failure> {
    let mut took = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        record(&engine, vec![event(took.len())]).await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let entries: usize = args.next().ok_or("how many entries?")?.parse()?;
    let dir = std::env::temp_dir().join(format!("probity-prune-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let file = Location::Sqlite(dir.join("probity.db"));
    let location = args.next().map_or(file, Location::Postgres);
    let then = engine::now().plus_seconds(-2 * DAY_S);
    let (clock, set) = Clock::set_by_hand(then);
    let action = "http.*".to_owned();
    let policies = vec![Policy { action, keep_days: 1 }];
    let mut rules = Rules::default();
    rules.retention = Retention::new(policies).map_err(|error| error.to_string())?;
    let mut options = Options {
        clock,
        ..Options::new(dir.clone(), location)
    };
    options.identity.rules = Arc::new(rules);
    Engine::init(&options, &mut |_| {}).await?;
    let engine = Engine::open(options).await?;
    for first in (0..entries).step_by(AT_ONCE) {
        let end = entries.min(first + AT_ONCE);
        record(&engine, (first..end).map(event).collect()).await?;
    }
    set(then.plus_seconds(2 * DAY_S));
    let over = Arc::new(AtomicBool::new(false));
    let beside = tokio::spawn(append(engine.clone(), Arc::clone(&over)));
    let began = Instant::now();
    let done = engine
        .retain(&Caller::System { part: "retention" }, &|_| {})
        .await?;
    let seconds = began.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    let took = beside.await??;
    let longest = took.last().copied().unwrap_or_default();
    let usual = took.get(took.len() * 99 / 100).copied().unwrap_or_default();
    #[expect(clippy::print_stdout, reason = "a program's answer")]
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    {
        println!(
            "{} entries pruned by {} commands in {seconds:.2} s: {:.0} entries/s; {} appends beside: 99 % within {usual:.1?}, \
             the longest {longest:.1?}",
            done.entries(),
            done.commands,
            done.entries() as f64 / seconds,
            took.len()
        );
    }
    engine.shutdown().await;
    std::fs::remove_dir_all(dir)?;
    Ok(())
}
