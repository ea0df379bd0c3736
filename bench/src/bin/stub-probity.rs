//! Stands in for the `probity` binary in the generator's own tests: the same commands, no log behind them.
//!
//! `STUB_FAIL_EVERY=n` in the environment makes every n-th request fail with 503. `STUB_TELLS=1` refuses unknown users
//! sooner than wrong passwords, as Probity must not. Neither may it do these: `STUB_LOSES=1` acknowledges a transfer or
//! the end of an execution that it never makes, `STUB_COINS=1` has money from nowhere, `STUB_MISCOUNTS=1` counts executions wrongly, `STUB_TAMPERED=1` has a log that is not intact.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{env, fs, thread};

use bench::database::{self, Sql};
use bench::stub::{self, Reply, Request};
use bench::{text, tls};

/// With an index and types that make a copy of it real work.
const TABLE: &str = "CREATE TABLE entries (entry bigint PRIMARY KEY, id uuid NOT NULL UNIQUE, leaf bytea NOT NULL, \
                     at timestamptz NOT NULL DEFAULT now(), details jsonb)";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "stub: {error}");
            ExitCode::FAILURE
        }
    }
}

fn option<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(String::as_str)
}

fn run(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(option(arguments, "--data-dir").ok_or("no --data-dir")?);
    // It speaks no TLS to PostgreSQL.
    let database =
        option(arguments, "--database").map(|url| url.replace(database::ENCRYPTED, database::PLAIN));
    let database = database.as_deref();
    let verb: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .take_while(|word| !word.starts_with("--"))
        .collect();
    match verb.as_slice() {
        ["init"] => set_up(&folder, database),
        ["key", "create"] => Ok(writeln!(std::io::stdout(), r#"{{"key":"prb_stub","id":"1"}}"#)?),
        ["serve"] => {
            let sql = database.map(Sql::connect).transpose()?.map(Mutex::new);
            serve(option(arguments, "--listen").ok_or("no --listen")?, sql)
        }
        ["user", "import"] => {
            if option(arguments, "--format") != Some("jsonl") {
                return Err("no --format jsonl".into());
            }
            let is_file = |word: &&String| Path::new(word).extension().is_some_and(|end| end == "jsonl");
            let file = arguments.iter().find(is_file);
            check_users(&fs::read_to_string(file.ok_or("no file")?)?)
        }
        ["audit", "verify"] => {
            fs::read_dir(&folder)?;
            thread::sleep(std::time::Duration::from_millis(50));
            match env::var_os("STUB_TAMPERED") {
                Some(_) => Err("entry 7 was changed".into()),
                None => Ok(()),
            }
        }
        ["db", "backup"] => {
            let to = Path::new(option(arguments, "--to").ok_or("no --to")?);
            thread::sleep(std::time::Duration::from_millis(50));
            Ok(fs::write(to.join("stub.tar.zst"), "")?)
        }
        ["db", "seed"] => {
            thread::sleep(std::time::Duration::from_millis(50));
            option(arguments, "--scale").ok_or("no --scale")?.parse::<u64>()?;
            set_up(&folder, database)
        }
        ["db", "restore"] => {
            fs::read(folder.join("signing.key"))?;
            thread::sleep(std::time::Duration::from_millis(50));
            Ok(fs::read(option(arguments, "--file").ok_or("no --file")?).map(drop)?)
        }
        _ => Err(format!("unknown command {verb:?}").into()),
    }
}

fn set_up(folder: &Path, database: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    fs::create_dir(folder)?;
    fs::write(folder.join("signing.key"), "")?;
    if let Some(url) = database {
        Sql::connect(url)?.execute(TABLE)?;
    }
    Ok(())
}

/// Nobody logs in as an imported user, so that it is enough to look at them.
fn check_users(lines: &str) -> Result<(), Box<dyn std::error::Error>> {
    for line in lines.lines() {
        let user: serde_json::Value = serde_json::from_str(line)?;
        let hash = user["password_hash"].as_str();
        let good_hash = hash.is_none_or(|hash| hash.starts_with("$2b$") && hash.len() == 60);
        let good_role = user["role"] == "viewer" || user["role"] == "user";
        if !good_hash || !good_role || !user["username"].is_string() {
            return Err(format!("not a user to import: {line}").into());
        }
    }
    Ok(())
}

fn serve(listen: &str, sql: Option<Mutex<Sql>>) -> Result<(), Box<dyn std::error::Error>> {
    let fail_every = env::var("STUB_FAIL_EVERY")
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    let [tells, loses, coins, miscounts] =
        ["STUB_TELLS", "STUB_LOSES", "STUB_COINS", "STUB_MISCOUNTS"].map(|name| env::var_os(name).is_some());
    let lost = AtomicBool::new(!loses);
    let index: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
    let answer = stub::like_probity(index);
    let file = |name| env::var_os(name).map(PathBuf::from);
    let files = file("PROBITY_HTTP_TLS_CERT").zip(file("PROBITY_HTTP_TLS_KEY"));
    let tls = files
        .map(|(certificate, key)| tls::server(&certificate, &key))
        .transpose()?;
    stub::start(listen.parse()?, tls, move |request: &Request| {
        let is_write = request.line.starts_with("POST");
        if is_write && fail_every.is_some_and(|every| request.number % every == every - 1) {
            return Reply::new(503, r#"{"code":"overloaded"}"#);
        }
        if tells && text::count(&request.body, br#""username":"nobody"#) > 0 {
            return stub::refusal();
        }
        if text::count(&request.body, br#"{"kind":"transfer""#) == 1 && !lost.swap(true, Ordering::Relaxed) {
            return Reply::new(201, r#"{"id":"0197-0","kind":"transfer","status":"completed"}"#);
        }
        if request.line.ends_with("/complete") && !lost.swap(true, Ordering::Relaxed) {
            return Reply::new(200, r#"{"id":"0197-0","status":"completed"}"#);
        }
        if miscounts && request.line.contains("/v1/governance/workflows") {
            return Reply::new(200, r#"{"workflows":[{"executions":1}]}"#);
        }
        if coins && request.line.ends_with("/supply") {
            return Reply::new(200, r#"{"asset":"BENCH","supply":"2000000.00","sum":"0.01"}"#);
        }
        let count = text::count(&request.body, br#"{"actor":{"#);
        if let Some(sql) = sql.as_ref().filter(|_| is_write && count > 0) {
            let insert = format!(
                "INSERT INTO entries (entry, id, leaf, details) SELECT coalesce(m, 0) + n, gen_random_uuid(), \
                 '\\x0a09', '{{\"a\":\"b\\\\nc\"}}' FROM (SELECT max(entry) m FROM entries) e, generate_series(1, {count}) n"
            );
            let mut sql = sql.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = sql.execute(&insert) {
                return Reply::new(500, &error.to_string());
            }
        }
        answer(request)
    })?;
    loop {
        thread::park();
    }
}
