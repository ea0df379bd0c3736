//! Recording, waiting, holding, releasing, erasing and pruning in random order, against a slow model: what is shown and what
//! is verified is what the model says.

use std::collections::BTreeMap;

use domain::audit::prune::PruneEntries;
use domain::identity::Role;
use engine::verify::Counts;
use engine::{Engine, EntryKey, Options};
use evidence::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::attacker::{assert_intact, close};
use crate::holds::{on, release, set};
use crate::people::{code, now, session_of};
use crate::retention::{DAY_S, at, probe, prune};
use crate::support::{Bed, create_user, erase, random_cases, record, submit};

/// Actions, and for how many days each is kept by [`crate::retention::rules`].
const ACTIONS: [(&str, Option<i64>); 3] =
    [("probe.ping", Some(1)), ("probe.kept", Some(30)), ("other", None)];

/// How many actors there are.
const ACTORS: u8 = 4;

/// What is done.
#[derive(Clone, Debug)]
pub enum Op {
    /// Entries of an action by an actor.
    Record(u8, u8, u8),
    /// So many days go by.
    Wait(u8),
    Hold(u8),
    Release(u8),
    Erase(Vec<u8>),
    Prune(Vec<u8>),
    Retain,
    Reopen,
}

/// What became of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    There,
    Erased,
    Pruned,
}

/// What is known of an entry.
#[derive(Clone, Debug)]
pub struct Kept {
    actor: u8,
    days: Option<i64>,
    at: Timestamp,
    pub state: State,
}

/// The slow model.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub entries: BTreeMap<u64, Kept>,
    /// Holds that are active, with their actor.
    holds: Vec<(Uuid, u8)>,
}

impl Model {
    fn is_held(&self, kept: &Kept) -> bool {
        kept.state == State::There && self.holds.iter().any(|(_, actor)| *actor == kept.actor)
    }

    fn is_past(kept: &Kept, now: Timestamp) -> bool {
        let until = |days: i64| kept.at.plus_seconds(days * DAY_S);
        kept.days.is_some_and(|days| until(days) <= now)
    }

    /// The entries that are meant: some of those that there are.
    fn chosen(&self, numbers: &[u8]) -> Vec<u64> {
        let all: Vec<u64> = self.entries.keys().copied().collect();
        let chosen = numbers.iter().filter(|_| !all.is_empty());
        chosen
            .map(|number| all[usize::from(*number) % all.len()])
            .collect()
    }

    /// The code of a command that takes payloads, which are taken where nothing refuses it.
    fn take(&mut self, entries: &[u64], past: Option<Timestamp>, state: State) -> &'static str {
        let kept: Vec<&Kept> = entries.iter().map(|index| &self.entries[index]).collect();
        if kept.iter().any(|kept| self.is_held(kept)) {
            return "held";
        }
        let there = |kept: &&&Kept| kept.state == State::There;
        if past.is_some_and(|now| kept.iter().filter(there).any(|kept| !Model::is_past(kept, now))) {
            return "retained";
        }
        for index in entries {
            let kept = self.entries.get_mut(index).unwrap();
            if kept.state == State::There {
                kept.state = state;
            }
        }
        "done"
    }

    fn retain(&mut self, now: Timestamp) -> u64 {
        let past = self.entries.iter().filter(|(_, kept)| {
            kept.state == State::There && Model::is_past(kept, now) && !self.is_held(kept)
        });
        let past: Vec<u64> = past.map(|(index, _)| *index).collect();
        self.take(&past, Some(now), State::Pruned);
        past.len() as u64
    }

    fn count(&self, state: State) -> u64 {
        self.entries.values().filter(|kept| kept.state == state).count() as u64
    }
}

/// A log, and the model of it.
pub struct World {
    pub options: Options,
    pub model: Model,
    now: Timestamp,
    set_time: Box<dyn Fn(Timestamp)>,
    engine: Option<Engine>,
    lea: Uuid,
}

impl World {
    pub async fn new(bed: &Bed) -> World {
        let now = now().plus_seconds(-400 * DAY_S);
        let (options, set_time) = at(bed, now);
        Engine::init(&options, &mut |_| {}).await.unwrap();
        let engine = Engine::open(options.clone()).await.unwrap();
        create_user(&engine, "lea", Role::AUDITOR).await.unwrap();
        let lea = engine.user_meant("lea").await.unwrap().unwrap().row.id;
        World {
            options,
            model: Model::default(),
            now,
            set_time: Box::new(set_time),
            engine: Some(engine),
            lea,
        }
    }

    pub async fn open(&mut self) {
        self.engine = Some(Engine::open(self.options.clone()).await.unwrap());
    }

    pub async fn close(&mut self) {
        close(self.engine.take().unwrap()).await;
    }

    pub async fn run(&mut self, ops: &[Op]) {
        for op in ops {
            if matches!(op, Op::Reopen) {
                self.close().await;
                self.open().await;
            }
            let engine = self.engine.clone().unwrap();
            self.step(&engine, op).await;
        }
    }

    async fn step(&mut self, engine: &Engine, op: &Op) {
        let model = &mut self.model;
        match op {
            Op::Record(action, actor, many) => {
                let (action, days) = ACTIONS[usize::from(*action)];
                let events = (0..*many).map(|_| probe(action, usize::from(*actor))).collect();
                let first = record(engine, events).await.unwrap().entry.unwrap();
                for index in first..first + u64::from(*many) {
                    let kept = Kept {
                        actor: *actor,
                        days,
                        at: self.now,
                        state: State::There,
                    };
                    model.entries.insert(index, kept);
                }
            }
            Op::Wait(days) => {
                self.now = self.now.plus_seconds(i64::from(*days) * DAY_S);
                (self.set_time)(self.now);
            }
            Op::Hold(actor) => {
                let hold = set(engine, on(&format!("probe{actor}"))).await.reply.0.id;
                model.holds.push((hold, *actor));
            }
            Op::Release(number) => {
                if model.holds.is_empty() {
                    return;
                }
                let number = usize::from(*number) % model.holds.len();
                let (hold, _) = model.holds.remove(number);
                let lea = session_of(engine, self.lea).await;
                release(engine, &lea, hold).await.unwrap();
            }
            Op::Erase(numbers) => {
                let entries = model.chosen(numbers);
                if entries.is_empty() {
                    return;
                }
                let expected = model.take(&entries, None, State::Erased);
                assert_eq!(code(erase(engine, entries).await), expected, "{op:?}");
            }
            Op::Prune(numbers) => {
                let entries = model.chosen(numbers);
                if entries.is_empty() {
                    return;
                }
                let expected = model.take(&entries, Some(self.now), State::Pruned);
                let command = PruneEntries { entries };
                assert_eq!(code(submit(engine, command.into()).await), expected, "{op:?}");
            }
            Op::Retain => {
                let looked = engine.past_retention(&|_| {}).await.unwrap();
                let done = prune(engine).await;
                assert_eq!((looked.entries(), looked.held()), (done.entries(), done.held()));
                assert_eq!(done.entries(), model.retain(self.now));
            }
            Op::Reopen => {}
        }
    }

    /// Everything that is shown and verified is what the model says.
    pub async fn compare(&mut self) {
        let engine = self.engine.clone().unwrap();
        for (index, kept) in &self.model.entries {
            let shown = engine.entry(EntryKey::Index(*index)).await.unwrap().unwrap();
            let state = match (shown.erased, shown.pruned) {
                (true, false) => State::Erased,
                (false, true) => State::Pruned,
                (false, false) => State::There,
                both => panic!("{index}: {both:?}"),
            };
            assert_eq!(state, kept.state, "{index}");
            assert_eq!(shown.details.is_some(), state == State::There, "{index}");
            shown.check().unwrap();
        }
        self.close().await;
        let report = assert_intact(&self.options).await;
        let (erased, pruned) = (self.model.count(State::Erased), self.model.count(State::Pruned));
        let expected = Counts {
            intact: report.size - erased - pruned,
            erased,
            pruned,
            tampered: 0,
        };
        assert_eq!(report.entries, expected);
        self.open().await;
    }
}

fn op() -> impl Strategy<Value = Op> {
    let some = || prop::collection::vec(any::<u8>(), 1..6);
    let actions = u8::try_from(ACTIONS.len()).unwrap();
    prop_oneof![
        4 => (0..actions, 0..ACTORS, 1..6_u8).prop_map(|(action, actor, many)| Op::Record(action, actor, many)),
        3 => (1..3_u8).prop_map(Op::Wait),
        1 => Just(Op::Wait(30)),
        2 => (0..ACTORS).prop_map(Op::Hold),
        2 => any::<u8>().prop_map(Op::Release),
        2 => some().prop_map(Op::Erase),
        2 => some().prop_map(Op::Prune),
        2 => Just(Op::Retain),
        1 => Just(Op::Reopen),
    ]
}

/// Runs cases, each of so many lists of ops: always the same; with `PROBITY_TEST_LONG` set, more and new ones each time.
pub fn cases(lists: usize, case: impl Fn(Vec<Vec<Op>>)) {
    let mut runner = random_cases(4, 60, 60);
    let ops = prop::collection::vec(prop::collection::vec(op(), 8..20), lists);
    let outcome = runner.run(&ops, |ops| {
        case(ops);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A runtime for one case.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

mod tests {
    use super::{World, block_on, cases};
    use crate::support::{Bed, On};

    fn verdicts_are_the_models(on: On) {
        cases(3, |lists| {
            block_on(async {
                let bed = Bed::new(on);
                let mut world = World::new(&bed).await;
                for ops in &lists {
                    world.run(ops).await;
                    world.compare().await;
                }
                world.close().await;
            });
        });
    }

    #[test]
    fn verdicts_are_the_models_on_sqlite() {
        verdicts_are_the_models(On::Sqlite);
    }

    #[test]
    fn verdicts_are_the_models_on_postgres() {
        verdicts_are_the_models(On::Postgres);
    }
}
