//! How fast the write path is without HTTP: many callers in one process, each with one or more events a command.
//!
//! `cargo run --release -p engine --example write_path -- [postgres URL]`; prints a line per load.

use std::time::{Duration, Instant};

use domain::audit::Event;
use domain::{Caller, Command, Origin};
use engine::{Engine, Options};
use store::db::Location;

fn event(number: usize) -> Event {
    let text = format!(
        r#"{{"actor":{{"kind":"user","id":"user-{:06}","name":"User {0}"}},"action":"order.update","target":{{"kind":"order","id":"01970000-0000-7000-8000-{number:012}"}},"occurred_at":"2026-11-21T08:30:00.123456Z","description":"Changed the delivery address","details":{{"amount":{number},"channel":"web","currency":"EUR"}},"ip":"203.0.113.{}","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}}"#,
        number % 1_000,
        number % 250
    );
    serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{error}"))
}

async fn load(engine: &Engine, callers: usize, events: usize, seconds: u64) -> f64 {
    let until = Instant::now() + Duration::from_secs(seconds);
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut done = 0;
                while Instant::now() < until {
                    let events: Vec<Event> = (0..events)
                        .map(|n| event(caller * 1_000_003 + done + n))
                        .collect();
                    let count = events.len();
                    let Ok(command) = engine.prepare(events, count > 1) else {
                        return done;
                    };
                    let operator = Caller::Operator { name: "bench".into() };
                    if engine
                        .submit(&operator, Origin::default(), Command::RecordEvents(command))
                        .await
                        .is_err()
                    {
                        return done;
                    }
                    done += count;
                }
                done
            })
        })
        .collect();
    let mut total = 0;
    for task in tasks {
        total += task.await.unwrap_or_default();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = total as f64 / started.elapsed().as_secs_f64();
    rate
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::temp_dir().join(format!("probity-write-path-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let location = std::env::args()
        .nth(1)
        .map_or(Location::Sqlite(dir.join("probity.db")), Location::Postgres);
    let options = Options::new(dir.clone(), location);
    Engine::init(&options, &mut |_| {}).await?;
    let engine = Engine::open(options).await?;
    for (callers, events) in [(64, 1), (256, 1), (8, 100)] {
        let rate = load(&engine, callers, events, 5).await;
        let metrics = engine.metrics();
        #[expect(clippy::print_stdout, reason = "a program's answer")]
        {
            println!(
                "{callers} callers, {events} events each: {rate:.0} entries/s ({} batches so far)",
                metrics.batches
            );
        }
    }
    engine.shutdown().await;
    std::fs::remove_dir_all(dir)?;
    Ok(())
}
