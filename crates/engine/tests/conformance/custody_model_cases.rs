//! The domain under a made-up clock, and both engines, against the slow model: same answers, same balances.

use std::collections::{BTreeMap, HashMap};

use domain::custody::Operation;
use domain::identity::Role;
use domain::identity::user::CreateUser;
use domain::{Command, Context, Draft, Facts, Origin, Refusal, Reply, RowWrite, command};
use engine::{Answer, Engine, Error};
use evidence::Timestamp;
use uuid::Uuid;

use crate::attacker::{assert_intact, close};
use crate::custody_model::{Account, Do, Model};
use crate::custody_model_world::{LIMITS, Sequence, World, rules, uuid, words};
use crate::people::{now, with_rules};
use crate::support::{Bed, On, create_user, operator, two, with_pauses};

const USERS: [&str; 4] = ["ann", "bob", "cyd", "dan"];

/// Posted and held.
type Amounts = (i128, i128);

/// The domain with a clock of its own, and nothing swept.
struct Pure {
    facts: Facts,
    now: Timestamp,
    commands: u64,
    /// Posted of each balance after its last movement.
    chain: HashMap<Uuid, i128>,
}

impl Pure {
    fn run(&mut self, command: &Command) -> Result<Reply, Refusal> {
        self.commands += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.commands.to_be_bytes());
        let context = Context {
            now: self.now,
            seed,
            origin: Origin::default(),
        };
        match command::decide(&self.facts, &operator(), command, &context) {
            Ok(decision) => {
                self.facts.apply(&decision.drafts);
                for draft in &decision.drafts {
                    self.log(draft);
                }
                Ok(decision.reply)
            }
            Err((refusal, draft)) => {
                let again = refusal.before.is_some();
                assert_eq!(
                    draft.is_none(),
                    again,
                    "what was refused before is not recorded again"
                );
                if let Some(draft) = draft {
                    self.log(&draft);
                }
                Err(refusal)
            }
        }
    }

    fn log(&mut self, draft: &Draft) {
        for write in &draft.writes {
            if let RowWrite::Operation(sealed) = write {
                self.follow(&sealed.row);
            }
        }
        let known = draft.known();
        let before = self.facts.entries.insert(draft.id, known);
        assert_eq!(before, None, "ids of entries are taken once");
    }

    /// Each movement goes on from the one before it.
    fn follow(&mut self, row: &Operation) {
        let (Some(debit), Some(credit)) = (row.debit_posted, row.credit_posted) else {
            return;
        };
        let amount = row.amount.units();
        for (id, posted, change) in [(row.debit_id, debit, -amount), (row.credit_id, credit, amount)] {
            let last = self.chain.entry(id).or_default();
            *last += change;
            assert_eq!(*last, posted.units(), "{row:?}");
        }
    }

    fn amounts(&self, account: domain::custody::Account) -> Option<Amounts> {
        let row = &self.facts.balances.get(&account.id())?.row;
        let due = self.facts.operations.due(account.id(), self.now);
        let due: i128 = due.iter().map(|sealed| sealed.row.held.units()).sum();
        Some((row.posted.units(), row.held.units() - due))
    }
}

fn user(reply: Reply) -> Uuid {
    match reply {
        Reply::User { user, .. } => user.id,
        other => panic!("{other:?}"),
    }
}

/// What the model says of every balance.
fn modelled(model: &Model) -> BTreeMap<Account, Amounts> {
    let all = model.balances.iter();
    all.map(|(account, balance)| (*account, (balance.posted, model.held(*account))))
        .collect()
}

/// A run of so many commands from a seed; which answers there were.
fn pure_run(seed: u64, length: usize) -> BTreeMap<String, u32> {
    let mut facts = Facts::default();
    rules(std::sync::Arc::make_mut(&mut facts.rules));
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut pure = Pure {
        facts,
        now: start,
        commands: 0,
        chain: HashMap::new(),
    };
    let mut world = World {
        users: Vec::new(),
        epoch: start.micros(),
    };
    for name in USERS {
        let command = CreateUser {
            password_hash: Some("x".into()),
            ..CreateUser::new(name, Role::USER)
        };
        world
            .users
            .push(user(pure.run(&Command::CreateUser(command)).unwrap()));
    }
    for command in world.first() {
        pure.run(&command).unwrap();
    }
    let mut model = Model::new(2, LIMITS.to_vec());
    let mut sequence = Sequence::new(seed, true);
    let mut answers = BTreeMap::new();
    let mut history = Vec::new();
    for _ in 0..length {
        model.now += sequence.wait() * 1_000_000;
        pure.now = Timestamp::from_micros(start.micros() + model.now).unwrap();
        let command = sequence.command(model.now, &model);
        history.push((model.now / 1_000_000, command.clone()));
        let answer = words(pure.run(&world.command(&command, &model)));
        let expected = model.run(&command);
        let last = || &history[history.len().saturating_sub(40)..];
        assert_eq!(answer, expected, "seed {seed}, after {:#?}", last());
        model.assert_sound();
        for (account, amounts) in modelled(&model) {
            let found = pure.amounts(world.account(account));
            assert_eq!(
                found,
                Some(amounts),
                "seed {seed}, {account:?} after {:#?}",
                last()
            );
        }
        for (id, known) in &model.operations {
            let row = &pure.facts.operations.get(&uuid(*id)).unwrap().row;
            let posted = row.debit_posted.zip(row.credit_posted);
            let posted = posted.map(|(debit, credit)| (debit.units(), credit.units()));
            let as_of = row.clone().as_of(pure.now);
            let found = (as_of.status, as_of.held.units(), posted);
            assert_eq!(
                found,
                (known.status, known.held, known.posted),
                "seed {seed}, {row:?}"
            );
        }
        *answers.entry(expected).or_insert(0) += 1;
    }
    answers
}

/// Every answer that the model can give, and how the domain comes to each of them.
#[test]
fn the_domain_does_what_the_model_does() {
    let long = std::env::var_os("PROBITY_TEST_LONG").is_some();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..if long { 1_000 } else { 32 } {
        for (answer, count) in pure_run(seed, 300) {
            *seen.entry(answer).or_default() += count;
        }
    }
    for answer in [
        "done",
        "replayed",
        "done done",
        "id_conflict",
        "output_conflict",
        "invalid_field",
        "unknown_user",
        "unknown_operation",
        "already_reversed",
        "not_reversible",
        "reversal_differs",
        "debit_closed",
        "credit_closed",
        "tier_limit",
        "insufficient_funds",
        "above_maximum",
        "amount_overflow",
        "operation_expired",
        "wrong_status",
        "wrong_kind",
        "approval_required",
        "exceeds_held",
        "unknown_balance",
        "funds_held",
        "below_minimum",
    ] {
        assert!(seen.contains_key(answer), "{answer} never came: {seen:?}");
    }
}

/// A database with the world in it, and the processes that write to it.
struct Real {
    bed: Bed,
    engines: Vec<Engine>,
    world: World,
}

fn answered(answer: Result<Answer, Error>) -> String {
    match answer {
        Ok(answer) => words(Ok(answer.reply)),
        Err(Error::Refused { refusal, .. }) => words(Err(refusal)),
        Err(error) => panic!("{error}"),
    }
}

impl Real {
    async fn new(on: On, processes: usize) -> Real {
        let bed = Bed::new(on);
        let mut engines = Vec::new();
        for options in two(&bed).await.into_iter().take(processes) {
            engines.push(Engine::open(with_rules(options, rules)).await.unwrap());
        }
        let engine = &engines[0];
        let mut world = World {
            users: Vec::new(),
            epoch: now().micros(),
        };
        for name in USERS {
            let made = create_user(engine, name, Role::USER).await.unwrap();
            world.users.push(user(made.reply));
        }
        for command in world.first() {
            crate::support::submit(engine, command).await.unwrap();
        }
        Real { bed, engines, world }
    }

    fn all(&self) -> Vec<&Engine> {
        self.engines.iter().collect()
    }

    /// Has commands carried out by the process whose turn it is.
    async fn run(&self, turn: usize, commands: Vec<Command>) -> Vec<String> {
        let engine = &self.engines[turn % self.engines.len()];
        let origin = Origin::default();
        if commands.len() == 1 {
            let command = commands.into_iter().next().unwrap();
            return vec![answered(engine.submit(&operator(), origin, command).await)];
        }
        let answers = engine.submit_all(&operator(), &origin, commands).await;
        answers.unwrap().into_iter().map(answered).collect()
    }

    async fn amounts(&self, model: &Model) -> BTreeMap<Account, Amounts> {
        let mut all = BTreeMap::new();
        for account in model.balances.keys() {
            let id = self.world.account(*account).id();
            let state = self.engines[0].balance(id).await.unwrap().unwrap();
            all.insert(*account, (state.balance.posted.units(), state.held.units()));
        }
        all
    }

    /// Everything is as the model has it, and proven.
    async fn assert_like(self, model: &Model) {
        assert_eq!(self.amounts(model).await, modelled(model));
        for (id, known) in &model.operations {
            let view = self.engines[0].operation(uuid(*id)).await.unwrap().unwrap();
            let found = (view.operation.status, view.operation.held.units());
            assert_eq!(found, (known.status, known.held));
        }
        for asset in 0..2 {
            let asset = self.engines[0].asset_named(&format!("A{asset}")).await.unwrap();
            assert_eq!(self.engines[0].supply(&asset).await.unwrap().sum.units(), 0);
        }
        for engine in self.engines {
            close(engine).await;
        }
        assert_intact(&self.bed.options()).await;
    }
}

/// The same sequences on both engines, singly and many in a batch; nothing expires meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engines_do_what_the_model_does() {
    let long = std::env::var_os("PROBITY_TEST_LONG").is_some();
    compare(1_000..if long { 1_050 } else { 1_002 }, 1).await;
}

/// The same by two processes in turns, with pauses before commits: what one of them knows, the other has changed meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_do_what_the_model_does() {
    let long = std::env::var_os("PROBITY_TEST_LONG").is_some();
    compare(2_000..if long { 2_050 } else { 2_002 }, 2).await;
}

async fn compare(seeds: std::ops::Range<u64>, processes: usize) {
    for seed in seeds {
        let engines = [
            Real::new(On::Sqlite, processes).await,
            Real::new(On::Postgres, processes).await,
        ];
        let mut model = Model::new(2, LIMITS.to_vec());
        let mut sequence = Sequence::new(seed, false);
        let (mut sent, mut turn) = (0, 0);
        let work = async {
            while sent < 300 {
                // A process has several turns, then the other one.
                turn += usize::from(sent % 3 == 0);
                // What a step is of must be there when the commands are written down, so the model goes ahead.
                let mut batch: Vec<(Do, Model)> = Vec::new();
                let mut expected = Vec::new();
                for _ in 0..sequence.together() {
                    let command = sequence.command(model.now, &model);
                    batch.push((command.clone(), model.clone()));
                    expected.push(model.run(&command));
                }
                sent += batch.len();
                for real in &engines {
                    let commands = batch
                        .iter()
                        .map(|(command, model)| real.world.command(command, model));
                    let answers = real.run(turn, commands.collect()).await;
                    let asked: Vec<&Do> = batch.iter().map(|(command, _)| command).collect();
                    assert_eq!(answers, expected, "seed {seed}, {:?}: {asked:#?}", real.bed.on);
                    assert_eq!(real.amounts(&model).await, modelled(&model), "seed {seed}");
                }
            }
        };
        let [one, other] = &engines;
        let (ones, others) = (one.all(), other.all());
        let paused = with_pauses(&other.bed, &others, work);
        Box::pin(with_pauses(&one.bed, &ones, paused)).await;
        for real in engines {
            real.assert_like(&model).await;
        }
    }
}
