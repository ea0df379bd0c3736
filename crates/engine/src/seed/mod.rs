//! What a development database is filled with: five people with what they are known by ([`people`]), what they and an agent
//! did ([`work`]), and a year of a service's life ([`year`]).
//!
//! All of it is commands, decided and recorded as everybody else's. Ids follow from whose they are the ids of, so that what is
//! there is not made again, and what was broken off goes on.

mod people;
mod work;
mod year;

use std::collections::BTreeMap;

use domain::own_id::derived_id;
use domain::{Caller, Command, Origin, Reply};
use evidence::Timestamp;
use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::{Engine, Options};
use crate::error::Error;
use crate::open::find;
use people::PEOPLE;

/// What is seeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// Whether it is done where others have worked already, and the admin gets another password.
    pub force: bool,
    /// How many entries of a year are made besides; none for no year.
    pub scale: u64,
}

/// One of the five.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeededPerson {
    /// The name to log in with.
    pub username: String,
    /// What the person may do.
    pub role: &'static str,
    /// Where the person's KYC record stands.
    pub kyc: &'static str,
    /// The password, where it was made now.
    pub password: Option<String>,
}

/// What seeding did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    /// The five.
    pub people: Vec<SeededPerson>,
    /// How many entries it took.
    pub entries: u64,
    /// The times of the year's first and last entries, where one was made.
    pub year: Option<(Timestamp, Timestamp)>,
    /// How long the year took.
    pub took: std::time::Duration,
}

/// Sets up what is missing and seeds. `progress` gets how many entries of the year there are.
pub async fn run(
    options: &Options,
    caller: &Caller,
    how: How,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Seeded, Error> {
    if how.scale == 0 {
        let engine = set_up(options.clone()).await?;
        let done = engine.seed(caller, how.force).await;
        engine.shutdown().await;
        return done;
    }
    let now = options.clock.now();
    // Time never goes back along a log, so that its year may be a short one.
    let newest = find(options)
        .await
        .map_or(Timestamp::EPOCH, |found| found.head.at);
    let begin = newest.max(now.plus_seconds(-year::SECONDS)).min(now);
    let (clock, set) = Clock::set_by_hand(begin);
    let options = Options {
        clock,
        ..options.clone()
    };
    let engine = set_up(options).await?;
    let done = async {
        let mut done = engine.seed(caller, how.force).await?;
        let started = std::time::Instant::now();
        let span = year::Span {
            begin,
            end: now,
            set: &set,
        };
        let added = year::live(&engine, caller, how.scale, span, progress).await?;
        done.entries += added;
        done.year = Some((begin, now));
        done.took = started.elapsed();
        Ok(done)
    };
    let done = done.await;
    engine.shutdown().await;
    done
}

async fn set_up(options: Options) -> Result<Engine, Error> {
    Engine::init(&options, &mut |_| {}).await?;
    Engine::open(options).await
}

/// The id of something that one of the five has.
fn id(what: &str, of: Uuid) -> Uuid {
    derived_id("seed", &[what.as_bytes(), of.as_bytes()])
}

/// Who seeds, and what is known of the five.
struct Seeder<'a> {
    engine: &'a Engine,
    caller: &'a Caller,
    force: bool,
    users: BTreeMap<&'static str, Uuid>,
    passwords: BTreeMap<&'static str, String>,
    sessions: BTreeMap<&'static str, Uuid>,
}

impl Seeder<'_> {
    fn user(&self, name: &'static str) -> Uuid {
        self.users.get(name).copied().unwrap_or_default()
    }

    async fn submit<T>(&self, caller: &Caller, command: impl Into<Command>) -> Result<T, Error>
    where
        T: TryFrom<Reply, Error = Reply>,
    {
        let answer = self
            .engine
            .submit_for(caller, Origin::default(), command.into())
            .await?;
        Ok(answer.reply)
    }

    /// Carries out several, of which none may be refused.
    async fn submit_all(&self, commands: Vec<Command>) -> Result<(), Error> {
        let answers = self
            .engine
            .submit_all(self.caller, &Origin::default(), commands)
            .await?;
        answers.into_iter().try_for_each(|answer| answer.map(drop))
    }
}

impl Engine {
    /// Makes the five people and what is theirs, as far as that is not there.
    pub async fn seed(&self, caller: &Caller, force: bool) -> Result<Seeded, Error> {
        let before = self.size_now().await?;
        let mut seeder = Seeder {
            engine: self,
            caller,
            force,
            users: BTreeMap::new(),
            passwords: BTreeMap::new(),
            sessions: BTreeMap::new(),
        };
        seeder.check_place().await?;
        seeder.people().await?;
        seeder.money().await?;
        seeder.work().await?;
        let people = PEOPLE.iter().map(|person| SeededPerson {
            username: person.name.to_owned(),
            role: person.role,
            kyc: person.kyc_words(),
            password: seeder.passwords.remove(person.name),
        });
        Ok(Seeded {
            people: people.collect(),
            entries: self.size_now().await? - before,
            year: None,
            took: std::time::Duration::ZERO,
        })
    }
}
