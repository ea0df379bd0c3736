//! The command line.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::otlp::QUESTION_LEN;

/// Load generator for Probity: starts the server, loads it, and says what holds it back.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example: bench append --engine postgres --connections 64,256 --duration 20"
)]
pub struct Options {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub scenario: Scenario,
}

/// For every scenario.
#[derive(Debug, Args)]
pub struct Common {
    /// The program under test; default: `probity` beside this program, else target/release/probity
    #[arg(long, global = true, env = "PROBITY_BIN", value_name = "FILE")]
    pub bin: Option<PathBuf>,
    /// Another program, that of before: each run of a load goes to it first, and the quotients are printed
    #[arg(long, global = true, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Engines, in this order
    #[arg(long, global = true, value_delimiter = ',', default_values_t = [Engine::Sqlite, Engine::Postgres])]
    pub engine: Vec<Engine>,
    /// Measured seconds of a run
    #[arg(long, global = true, default_value = "10", value_parser = seconds, value_name = "SECONDS")]
    pub duration: Duration,
    /// Seconds of load before that
    #[arg(long, global = true, default_value = "2", value_parser = seconds, value_name = "SECONDS")]
    pub warmup: Duration,
    /// Runs of each load, on fresh data each; the one with the median rate is shown
    #[arg(long, global = true, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub runs: u16,
    /// How to show the results
    #[arg(long, global = true, default_value = "table")]
    pub output: Output,
    /// A setting of PostgreSQL, as in postgresql.conf; may be given several times
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = setting)]
    pub pg: Vec<(String, String)>,
    /// Let the program reach PostgreSQL through its unix socket instead of TCP
    #[arg(long, global = true)]
    pub pg_socket: bool,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Scenario {
    /// POST entries: one or an array of them a request
    Append {
        /// Numbers of connections; one load each
        #[arg(long, value_delimiter = ',', default_values_t = [64, 256], value_parser = number(1..=65_535))]
        connections: Vec<usize>,
        /// Entries in a request
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        batch: u16,
        /// Open loop: requests due a second
        #[arg(long, value_parser = positive)]
        rate: Option<f64>,
    },
    /// POST entries over TLS, to the server and from it to PostgreSQL, against the same without
    Tls {
        /// Connections that append one entry a request
        #[arg(long, default_value_t = 64, value_parser = number(1..=65_535))]
        connections: usize,
    },
    /// Append and fetch receipts on a large log, against an empty one
    LargeLog {
        /// Entries to preload
        #[arg(long, default_value_t = 5_000_000)]
        entries: u64,
    },
    /// `probity audit verify` on a log and on one a quarter as large: time and memory, and what appends keep of their rate beside it
    Verify {
        /// Entries to preload
        #[arg(long, default_value_t = 1_000_000)]
        entries: u64,
        /// Connections that append one entry a request
        #[arg(long, default_value_t = 64, value_parser = number(1..=65_535))]
        connections: usize,
    },
    /// `probity db seed --scale` and retention of what it makes: their speed, and for how long appends are held up
    Upkeep {
        /// Entries to seed
        #[arg(long, default_value_t = 500_000)]
        entries: u64,
    },
    /// `probity db backup` and `restore` of a log: time and memory, and what appends keep of their rate beside backups
    Backup {
        /// Entries to preload
        #[arg(long, default_value_t = 1_000_000)]
        entries: u64,
        /// Connections that append one entry a request
        #[arg(long, default_value_t = 64, value_parser = number(1..=65_535))]
        connections: usize,
    },
    /// Arrays of 100 against bare COPY into a table like `entries`; PostgreSQL only
    CopyBaseline {
        /// Rows to copy
        #[arg(long, default_value_t = 200_000)]
        rows: u64,
        /// Rows in a transaction; 0: all in one
        #[arg(long, value_delimiter = ',', default_values_t = [100, 500, 5_000, 0])]
        transactions: Vec<u64>,
    },
    /// Users: GET /v1/me, logins, a flood of logins beside other requests, and how long refused logins take
    Identity(Identity),
    /// POST transfers: one or an array of them a request, over many balances and over a few
    Custody(Custody),
    /// Executions: started and ended, one a request, and their steps in arrays
    Governance(Governance),
    /// Approvals: granted by policy and used, votes that somebody waits for
    Approvals(Approvals),
    /// Calls of tools of MCP, each beside the same request of the API
    Mcp(Mcp),
    /// Spans as exporters of OpenTelemetry send them, packed, in protobuf and in JSON
    Otlp(Otlp),
    /// Questions: lists, filters, receipts, operations, figures, an evidence bundle
    Read(Read),
    /// Pages of the console: the time of each, views a second, what they weigh, and appends beside readers
    Console(Console),
    /// What the generator itself costs, against a server that does nothing
    Calibrate {
        /// Connections
        #[arg(long, default_value_t = 64, value_parser = number(1..=65_535))]
        connections: usize,
        /// Entries in a request
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        batch: u16,
    },
    /// Everything above except otlp and calibrate
    All {
        /// Entries to preload for large-log
        #[arg(long, default_value_t = 5_000_000)]
        large: u64,
        /// Entries to preload for verify
        #[arg(long, default_value_t = 1_000_000)]
        verify: u64,
    },
}

/// Settings of `identity`.
#[derive(Debug, Clone, Args)]
pub struct Identity {
    /// What of it to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::value_variants().to_vec())]
    pub parts: Vec<Part>,
    /// Connections of GET /v1/me and of the entries beside a flood
    #[arg(long, default_value_t = 64, value_parser = number(1..=65_535))]
    pub connections: usize,
    /// Users that log in
    #[arg(long, default_value_t = 32, value_parser = number(1..=9_999))]
    pub users: usize,
    /// Connections that log in
    #[arg(long, default_value_t = 8, value_parser = number(1..=65_535))]
    pub login_connections: usize,
    /// Connections that log in beside other requests
    #[arg(long, default_value_t = 16, value_parser = number(1..=65_535))]
    pub flood_connections: usize,
    /// Refused logins of each kind
    #[arg(long, default_value_t = 200, value_parser = number(1..=10_000))]
    pub attempts: usize,
    /// Connections for these
    #[arg(long, default_value_t = 8, value_parser = number(1..=65_535))]
    pub attempt_connections: usize,
    /// Leave imported users with bcrypt hashes out, for a program without `user import`
    #[arg(long)]
    pub no_import: bool,
}

/// A part of `identity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// GET /v1/me with an API key
    Me,
    /// Logins with right passwords, and what the hash costs by itself
    Login,
    /// GET /v1/me and entries, alone and beside logins
    Flood,
    /// Answer times of refused logins by kind
    Enumeration,
}

/// Settings of `custody`.
#[derive(Debug, Clone, Args)]
pub struct Custody {
    /// What of it to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = CustodyPart::value_variants().to_vec())]
    pub parts: Vec<CustodyPart>,
    /// Numbers of connections that send one transfer a request; the first also with own ids
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256], value_parser = number(1..=65_535))]
    pub connections: Vec<usize>,
    /// Transfers in an array
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(2..=1_000))]
    pub batch: u16,
    /// Connections that send arrays
    #[arg(long, default_value_t = 8, value_parser = number(1..=65_535))]
    pub batch_connections: usize,
    /// Balances, each of a user of its own
    #[arg(long, default_value_t = 10_000, value_parser = number(2..=1_000_000))]
    pub balances: usize,
    /// How many of them are hot
    #[arg(long, default_value_t = 10, value_parser = number(2..=1_000_000))]
    pub hot: usize,
    /// Servers on the one database, over which connections are spread
    #[arg(long, default_value_t = 1, value_parser = number(1..=2))]
    pub servers: usize,
}

/// A part of `custody`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CustodyPart {
    /// One transfer a request
    Single,
    /// Arrays of them
    Arrays,
    /// One a request, each with an id that the client made
    OwnIds,
}

/// Settings of `governance`.
#[derive(Debug, Clone, Args)]
pub struct Governance {
    /// What of it to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = GovernancePart::value_variants().to_vec())]
    pub parts: Vec<GovernancePart>,
    /// Numbers of connections that start and end executions; one load each
    #[arg(long, value_delimiter = ',', default_values_t = [64], value_parser = number(1..=65_535))]
    pub connections: Vec<usize>,
    /// Steps in an array
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub batch: u16,
    /// Connections that send arrays
    #[arg(long, default_value_t = 8, value_parser = number(1..=65_535))]
    pub batch_connections: usize,
    /// Instead: what is asked of so many executions, and what writing costs beside them
    #[arg(long, num_args = 0..=1, default_missing_value = "1000000", value_name = "EXECUTIONS")]
    pub large: Option<u64>,
    /// Steps of each of these
    #[arg(long, default_value_t = 8, value_parser = number(1..=1_000))]
    pub steps: usize,
    /// Metrics of one name beside them, over 30 days
    #[arg(long, default_value_t = 43_200, value_parser = clap::value_parser!(u64).range(1..))]
    pub metrics: u64,
    /// Connections that ask
    #[arg(long, default_value_t = 2, value_parser = number(1..=65_535))]
    pub asking: usize,
}

/// A part of `governance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GovernancePart {
    /// Executions that are started and ended, one a request
    Executions,
    /// Steps in arrays
    Steps,
}

/// Settings of `approvals`.
#[derive(Debug, Clone, Args)]
pub struct Approvals {
    /// Numbers of connections that ask for approvals and use them; one load each
    #[arg(long, value_delimiter = ',', default_values_t = [64], value_parser = number(1..=65_535))]
    pub connections: Vec<usize>,
    /// Votes, each of which somebody waits for
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub votes: u64,
    /// Servers; with two on one PostgreSQL, votes are given to the other one, too
    #[arg(long, default_value_t = 1, value_parser = number(1..=2))]
    pub servers: usize,
}

/// Settings of `mcp`.
#[derive(Debug, Clone, Args)]
pub struct Mcp {
    /// Numbers of connections; six loads each
    #[arg(long, value_delimiter = ',', default_values_t = [64], value_parser = number(1..=65_535))]
    pub connections: Vec<usize>,
}

/// Settings of `otlp`.
#[derive(Debug, Clone, Args)]
pub struct Otlp {
    /// Connections
    #[arg(long, default_value_t = 8, value_parser = number(1..=65_535))]
    pub connections: usize,
    /// Spans in a request
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=20_000))]
    pub spans: u64,
    /// Bytes that each span's question has: 2,500 and 20,000 spans are a body of nearly 64 MiB
    #[arg(long, default_value_t = QUESTION_LEN, value_parser = number(1..=200_000))]
    pub question: usize,
    /// Requests, which are made before the load begins
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub requests: u64,
}

/// Settings of `read`.
#[derive(Debug, Clone, Args)]
pub struct Read {
    /// Entries of the log, after the operations; 0 leaves out what is asked of it
    #[arg(long, default_value_t = 200_000)]
    pub entries: u64,
    /// The same questions once more with so many entries, to compare
    #[arg(long, num_args = 0..=1, default_missing_value = "5000000", value_name = "ENTRIES")]
    pub large: Option<u64>,
    /// Operations, before the entries; 0 leaves out what is asked of them
    #[arg(long, default_value_t = 200_000)]
    pub operations: u64,
    /// Balances between which they are, each of a user of its own
    #[arg(long, default_value_t = 1_000, value_parser = number(2..=1_000_000))]
    pub balances: usize,
    /// Entries of the evidence bundle, from the end of the log
    #[arg(long, default_value_t = 50_000)]
    pub bundle: u64,
    /// Connections
    #[arg(long, default_value_t = 64, value_parser = number(1..=65_535))]
    pub connections: usize,
    /// Only questions with one of these words in their names
    #[arg(long, value_delimiter = ',', value_name = "WORD")]
    pub only: Vec<String>,
    /// Fill the installations in this folder, leave them there, and ask those that are there already; on the PostgreSQL
    /// that `PROBITY_TEST_POSTGRES` names
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
}

/// Settings of `console`.
#[derive(Debug, Clone, Args)]
pub struct Console {
    /// Entries to seed: a year of users, executions and operations
    #[arg(long, default_value_t = 1_000_000)]
    pub entries: u64,
    /// Connections that read the audit log, and that append beside readers
    #[arg(long, default_value_t = 64, value_parser = number(1..=65_535))]
    pub connections: usize,
}

/// Where the program keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Engine {
    /// In a file
    Sqlite,
    /// On a PostgreSQL server with fsync on
    Postgres,
}

impl std::fmt::Display for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// How to show results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Table,
    /// For programs
    Json,
}

impl Common {
    /// The program under test.
    pub fn program(&self) -> PathBuf {
        let beside =
            || Some(std::env::current_exe().ok()?.parent()?.join("probity")).filter(|path| path.exists());
        self.bin
            .clone()
            .or_else(beside)
            .unwrap_or_else(|| "target/release/probity".into())
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text
        .strip_suffix('s')
        .unwrap_or(text)
        .parse::<f64>()
        .map_err(|error| error.to_string())?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

/// Users have up to four digits, for they are part of names; a transfer needs two balances.
fn number(range: RangeInclusive<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("not a positive number".into()),
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("not of the form name=value")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Options::command().debug_assert();
        let line =
            "bench append --connections 8 --batch 100 --engine postgres --duration 0.5s --pg fsync=off";
        let options = Options::try_parse_from(line.split(' ')).unwrap();
        assert_eq!(options.common.duration, Duration::from_millis(500));
        assert_eq!(options.common.engine, [Engine::Postgres]);
        assert_eq!(options.common.pg, [("fsync".to_owned(), "off".to_owned())]);
        let line = "bench identity --parts me,enumeration --attempts 30 --no-import";
        let Scenario::Identity(given) = Options::try_parse_from(line.split(' ')).unwrap().scenario else {
            panic!("another scenario");
        };
        assert_eq!(given.parts, [Part::Me, Part::Enumeration]);
        assert!(given.no_import && given.attempts == 30);
        let line = "bench custody --parts own-ids,arrays --connections 3,5 --balances 20 --hot 2";
        let Scenario::Custody(given) = Options::try_parse_from(line.split(' ')).unwrap().scenario else {
            panic!("another scenario");
        };
        assert_eq!(given.parts, [CustodyPart::OwnIds, CustodyPart::Arrays]);
        assert_eq!(
            (given.connections, given.balances, given.hot),
            (vec![3, 5], 20, 2)
        );
        for wrong in [
            "bench custody --hot 1",
            "bench custody --balances 1",
            "bench custody --batch 1",
            "bench append --batch 0",
            "bench append --batch 1001",
            "bench append --rate 0",
            "bench append --runs 0",
            "bench identity --users 0",
            "bench identity --attempts 10001",
            "bench identity --parts others",
        ] {
            assert!(Options::try_parse_from(wrong.split(' ')).is_err(), "{wrong}");
        }
    }
}
