//! How fast verify re-reads a log: `cargo run --release -p engine --example verify_speed -- ENTRIES [postgres URL]`.

use domain::audit::Event;
use domain::{Caller, Command, Origin};
use engine::verify::{self, VerifyOptions};
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

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program's answer")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let count: usize = args.next().map_or(Ok(200_000), |text| text.parse())?;
    let dir = std::env::temp_dir().join(format!("probity-verify-speed-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let location = args.next().map_or(Location::Sqlite(dir.join("probity.db")), Location::Postgres);
    let options = Options::new(dir.clone(), location);
    Engine::init(&options, &mut |_| {}).await?;
    let engine = Engine::open(options.clone()).await?;
    let operator = Caller::Operator { name: "bench".into() };
    for from in (0..count).step_by(1_000) {
        let command = engine.prepare((from..from + 1_000).map(event).collect(), true)?;
        engine.submit(&operator, Origin::default(), Command::RecordEvents(command)).await?;
    }
    engine.shutdown().await;
    for threads in [1, 2] {
        let report = verify::verify(&options, VerifyOptions { threads }, &|_| {}).await?;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = report.entries_checked as f64 / report.seconds;
        println!("{threads} threads: {} entries in {:.2} s, {rate:.0}/s, intact: {}", report.entries_checked, report.seconds, report.intact);
    }
    std::fs::remove_dir_all(dir)?;
    Ok(())
}
