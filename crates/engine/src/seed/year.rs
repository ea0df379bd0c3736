//! A year of a service's life: its users come, log in, pay each other, and have agents work for them.
//!
//! A day has two hours. In the first one executions begin, in the second they end; logins and operations are in both. What is
//! asked for in an hour is handed to the Writer at once, as a busy server does.

use std::sync::Arc;

use domain::custody::operation::CreateOperation;
use domain::custody::{Account, Amount, Asset, House, OperationKind, Owner};
use domain::identity::Role;
use domain::identity::login::LogIn;
use domain::identity::permission::Scope;
use domain::identity::user::{CreateUser, User};
use domain::workflow::execution::{Complete, Execution, Fail, FinishExecution, LEASE_S, StartExecution};
use domain::{Caller, Command, Origin, Reply};
use evidence::Timestamp;
use evidence::payload::DragMode;
use uuid::Uuid;

use crate::credentials::one_time_password;
use crate::engine::Engine;
use crate::error::Error;
use crate::identity::{FirstCredential, NewApiKey, NewUser};
use crate::random;
use crate::writer::Answer;

/// How long the year is.
pub const SECONDS: i64 = 365 * 24 * 3_600;

/// The least and the most that one hour asks for: fewer make no batch worth the name, more do not fit into the queue of a
/// small installation.
const HOUR: (u64, u64) = (256, 4_096);

/// How far the two hours of a day are apart, in seconds.
const APART_S: i64 = 3 * 3_600;

/// Hours of a year.
const HOURS: u64 = 2 * 365;

/// One user for so many entries.
const ENTRIES_A_USER: u64 = 100;

/// The user that the application is.
const APPLICATION: &str = "seed-shop";

const NAMES: [&str; 16] = [
    "ada", "ben", "carla", "dev", "elif", "femi", "gita", "hugo", "ines", "jan", "kofi", "lena", "mona",
    "nils", "omar", "pia",
];

const WORKFLOWS: [(&str, DragMode); 4] = [
    ("holdings-helper", DragMode::Research),
    ("monthly-report", DragMode::Draft),
    ("risk-review", DragMode::Analysis),
    ("address-clean-up", DragMode::Grunt),
];

/// Numbers that look random (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let place = self.below(all.len() as u64);
        all.get(usize::try_from(place).unwrap_or(0)).copied()
    }
}

/// A user of the year, and whether there is a balance of each asset.
#[derive(Clone, Copy)]
struct Customer {
    user: Uuid,
    has: [bool; 2],
}

struct Year<'a> {
    engine: &'a Engine,
    caller: &'a Caller,
    application: Caller,
    assets: [Arc<Asset>; 2],
    /// The hash of a password that nobody knows.
    hash: String,
    customers: Vec<Customer>,
    running: Vec<Uuid>,
    dice: Dice,
    first: u64,
    wanted: u64,
}

/// The time that a year is spread over, and what sets the clock to a moment of it.
pub struct Span<'a> {
    pub begin: Timestamp,
    pub end: Timestamp,
    pub set: &'a (dyn Fn(Timestamp) + Sync),
}

impl Span<'_> {
    /// The moment at which so much of the whole is over.
    fn at(&self, done: u64, whole: u64) -> Timestamp {
        let span = i128::from(self.end.micros() - self.begin.micros());
        let micros = i64::try_from(span * i128::from(done) / i128::from(whole.max(1))).unwrap_or(0);
        Timestamp::from_micros(self.begin.micros() + micros).map_or(self.end, |at| at.min(self.end))
    }
}

/// Makes so many entries. Gives how many it took in all, with what had to be made first.
pub async fn live(
    engine: &Engine,
    caller: &Caller,
    entries: u64,
    span: Span<'_>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<u64, Error> {
    let before = engine.size_now().await?;
    let password = one_time_password()?;
    let mut year = Year {
        engine,
        caller,
        application: application(engine, caller).await?,
        assets: [
            engine.asset_named("BTC").await?,
            engine.asset_named("iSTSi").await?,
        ],
        hash: engine.shared().hashes.hash(password).await?,
        customers: Vec::new(),
        running: Vec::new(),
        dice: Dice(u64::from_le_bytes(random::array()?)),
        first: engine.size_now().await?,
        wanted: entries,
    };
    let hour = (entries / HOURS).clamp(HOUR.0, HOUR.1);
    loop {
        let done = year.done();
        progress(done);
        if done >= entries {
            return Ok(year.first + done - before);
        }
        let morning = span.at(done, entries);
        (span.set)(morning);
        year.first_hour(hour.min(entries - done)).await?;
        let done = year.done();
        // No execution's lease has lapsed by then.
        (span.set)(morning.plus_seconds(APART_S).min(span.at(done, entries)));
        year.second_hour(hour.min(entries.saturating_sub(done))).await?;
    }
}

/// The key of the application: a user of its own, and a key for each year.
async fn application(engine: &Engine, caller: &Caller) -> Result<Caller, Error> {
    if engine.user_named(APPLICATION).await?.is_none() {
        let new = NewUser {
            username: APPLICATION.to_owned(),
            email: None,
            full_name: None,
            role: Role::SERVICE,
            first: FirstCredential::None,
        };
        engine.create_user(caller, Origin::default(), new).await?;
    }
    let new = NewApiKey {
        owner: APPLICATION.to_owned(),
        agent: None,
        name: "a year".to_owned(),
        scopes: vec![Scope::Custody, Scope::Workflows],
        expires_at: None,
        requests_per_minute: None,
    };
    let (key, _) = engine.create_api_key(caller, Origin::default(), new).await?;
    Ok(Caller::ApiKey(key.id))
}

/// What an hour asks for, by who asks.
#[derive(Default)]
struct Hour {
    users: Vec<Command>,
    logins: Vec<Command>,
    work: Vec<Command>,
}

impl Hour {
    fn length(&self) -> u64 {
        (self.users.len() + self.logins.len() + self.work.len()) as u64
    }
}

impl Year<'_> {
    /// How many entries there are.
    fn done(&self) -> u64 {
        *self.engine.size().borrow() - self.first
    }

    async fn first_hour(&mut self, length: u64) -> Result<(), Error> {
        let mut hour = Hour::default();
        // What begins in this hour ends in the next one.
        let mut ends = self.wanted - self.done() - length;
        let wanted = (self.wanted / ENTRIES_A_USER).max(8);
        while hour.length() < length {
            let known = (self.customers.len() + hour.users.len()) as u64;
            // Half of them are there from the beginning, the others come with time.
            let come = wanted / 2 + wanted * self.done() / self.wanted / 2;
            let Some(customer) = self.dice.one_of(&self.customers) else {
                if known < wanted.div_ceil(2) {
                    hour.users.push(self.newcomer(known));
                    continue;
                }
                break;
            };
            match self.dice.below(20) {
                _ if known < come => hour.users.push(self.newcomer(known)),
                0..6 => hour.logins.push(self.log_in(customer)?),
                6..10 if ends > 0 => {
                    ends -= 1;
                    hour.work.push(self.begin(customer));
                }
                _ => hour.work.push(self.pay()),
            }
        }
        self.ask(hour).await
    }

    async fn second_hour(&mut self, length: u64) -> Result<(), Error> {
        let mut hour = Hour::default();
        while hour.length() < length {
            let Some(customer) = self.dice.one_of(&self.customers) else {
                break;
            };
            if let Some(execution) = self.running.pop() {
                hour.work.push(self.end(execution));
            } else if self.dice.below(3) == 0 {
                hour.logins.push(self.log_in(customer)?);
            } else {
                hour.work.push(self.pay());
            }
        }
        self.ask(hour).await
    }

    /// Asks for all of it at once. What the rules of the installation refuse is an entry too.
    async fn ask(&mut self, hour: Hour) -> Result<(), Error> {
        let login = Caller::System { part: "login" };
        let from = Origin {
            ip: Some(format!("198.51.100.{}", self.dice.below(254) + 1)),
            user_agent: Some("Mozilla/5.0".to_owned()),
            trace_id: None,
        };
        let nowhere = Origin::default();
        let answers = tokio::try_join!(
            self.engine.submit_all(self.caller, &nowhere, hour.users),
            self.engine.submit_all(&login, &from, hour.logins),
            self.engine.submit_all(&self.application, &nowhere, hour.work),
        )?;
        for answer in [answers.0, answers.1, answers.2].into_iter().flatten() {
            match answer {
                Ok(Answer {
                    reply: Reply::User { user, .. },
                    ..
                }) => self.came(&user),
                Ok(Answer {
                    reply: Reply::Execution { execution, .. },
                    ..
                }) => self.began(&execution),
                Ok(_) | Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn came(&mut self, user: &User) {
        self.customers.push(Customer {
            user: user.id,
            has: [false; 2],
        });
    }

    fn began(&mut self, execution: &Execution) {
        if execution.finished_at.is_none() {
            self.running.push(execution.id);
        }
    }

    fn newcomer(&mut self, number: u64) -> Command {
        let name = self.dice.one_of(&NAMES).unwrap_or_default();
        // The log's size makes the name another one in another year.
        let username = format!("{name}-{}-{number}", self.first);
        CreateUser {
            email: Some(format!("{username}@seed.example")),
            password_hash: Some(self.hash.clone()),
            ..CreateUser::new(username, Role::USER)
        }
        .into()
    }

    /// The password was not typed by anybody: nobody knows it. The entry is that of a login.
    fn log_in(&self, customer: Customer) -> Result<Command, Error> {
        Ok(LogIn {
            user: customer.user,
            verified_hash: self.hash.clone(),
            upgraded_hash: None,
            in_part: false,
            second_factor: None,
            hash: random::array()?,
        }
        .into())
    }

    /// A deposit, or a transfer from somebody who has something.
    fn pay(&mut self) -> Command {
        let which = usize::from(self.dice.below(2) == 0);
        let asset = &self.assets[which];
        let account = |owner| Account {
            asset: asset.id,
            owner,
        };
        let count = self.customers.len() as u64;
        let [from, to] = [0; 2].map(|_| usize::try_from(self.dice.below(count)).unwrap_or(0));
        let (mut debit, mut kind) = (
            account(Owner::User(self.customers[from].user)),
            OperationKind::Transfer,
        );
        let mut units = i128::from(self.dice.below(100_000) + 1);
        if from == to || !self.customers[from].has[which] || self.dice.below(5) == 0 {
            (debit, kind) = (account(Owner::House(House::External)), OperationKind::Deposit);
            units *= 100;
        }
        let customer = &mut self.customers[to];
        let opens = if customer.has[which] {
            Vec::new()
        } else {
            vec![customer.user]
        };
        customer.has[which] |= kind == OperationKind::Deposit;
        let credit = account(Owner::User(customer.user));
        CreateOperation {
            opens,
            reference: Some(format!("invoice {}", self.dice.below(1_000_000))),
            ..CreateOperation::new(kind, debit, credit, Amount::new(units).unwrap_or(Amount::ZERO))
        }
        .into()
    }

    fn begin(&mut self, customer: Customer) -> Command {
        let (workflow, mode) = self.dice.one_of(&WORKFLOWS).unwrap_or(WORKFLOWS[0]);
        StartExecution {
            id: None,
            workflow: workflow.to_owned(),
            user: customer.user,
            agent: None,
            conversation: None,
            parent: None,
            trace_id: None,
            drag_mode: Some(mode),
            actor: None,
            input: None,
            mission: None,
            lease_s: *LEASE_S.end(),
        }
        .into()
    }

    /// One in twelve fails.
    fn end(&mut self, execution: Uuid) -> Command {
        if self.dice.below(12) > 0 {
            let finish = Complete {
                result: Some(format!(r#"{{"items":{}}}"#, self.dice.below(40))),
            };
            return FinishExecution {
                execution,
                renewed: None,
                finish,
            }
            .into();
        }
        let finish = Fail {
            error_type: Some("timeout".to_owned()),
            error: Some("a tool did not answer".to_owned()),
        };
        FinishExecution {
            execution,
            renewed: None,
            finish,
        }
        .into()
    }
}
