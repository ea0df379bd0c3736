//! Random commands on SQLite, on PostgreSQL, and in a slow model that runs one at a time: all say the same.

use domain::context::Context;
use domain::decision::Place;
use domain::identity::Role;
use domain::identity::api_key::ApiKey;
use domain::identity::user::{CreateUser, User};
use domain::record::{Record, Sealed};
use domain::{Caller, Command, Draft, Facts, Origin, Reply, command};
use engine::{Answer, Engine, EntryKey, Error};
use evidence::{Salt, Timestamp};
use futures_util::future::join_all;
use proptest::test_runner::TestCaseError;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::attacker::{assert_intact, close};
use crate::support::{Bed, On, random_cases};
use crate::symbolic::{Concrete, Known, Op, batches};
use crate::words::{Told, draft_words, entry_words};

fn origin() -> Origin {
    Origin {
        ip: Some("203.0.113.9".into()),
        user_agent: Some("model".into()),
        trace_id: None,
    }
}

/// The slow model: plain maps and a list, one command at a time.
#[derive(Default)]
struct Model {
    told: Told,
    facts: Facts,
    log: Vec<(Draft, bool)>,
    commands: u64,
}

impl Model {
    fn new() -> Model {
        let mut model = Model::default();
        let admin = CreateUser {
            password_hash: Some("x".into()),
            password_temporary: true,
            ..CreateUser::new("admin", Role::ADMIN)
        };
        model.run(
            &Caller::System { part: "init" },
            &Command::CreateUser(admin),
            Origin::default(),
        );
        model.told.answers.clear();
        model
    }

    fn run(&mut self, caller: &Caller, command: &Command, origin: Origin) {
        self.commands += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.commands.to_be_bytes());
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let first = self.log.len() as u64;
        let answer = match command::decide(&self.facts, caller, command, &Context { now, seed, origin }) {
            Ok(mut decision) => {
                self.facts.apply(&decision.drafts);
                for draft in decision.drafts {
                    self.append(draft, now);
                }
                if let Reply::Recorded(recorded) = &mut decision.reply {
                    for entry in recorded {
                        entry.place = self.facts.entries[&entry.id].place;
                    }
                }
                Ok(decision.reply)
            }
            Err((refusal, draft)) => {
                if let Some(draft) = draft {
                    self.append(*draft, now);
                }
                Err(refusal)
            }
        };
        let entry = (self.log.len() as u64 > first).then_some(first);
        self.told.take(
            answer
                .map(|reply| (reply, entry))
                .map_err(|refusal| (refusal, entry)),
        );
        self.told.known.size = self.log.len() as u64;
    }

    fn append(&mut self, draft: Draft, at: Timestamp) {
        let index = self.log.len() as u64;
        for row in draft.writes.iter().map(domain::RowWrite::values) {
            if let Some(user) = self.facts.users.get_mut(&row.id) {
                user.entry = index;
            }
            if let Some(key) = self.facts.api_keys.get_mut(&row.id) {
                key.entry = index;
            }
        }
        for erased in &draft.erases {
            self.log[usize::try_from(*erased).unwrap()].1 = true;
        }
        let known = domain::audit::KnownEntry {
            place: Some(Place { index, at }),
            ..draft.known()
        };
        self.facts.entry_ids.insert(index, draft.id);
        self.facts.entries.insert(draft.id, known);
        self.told.labels.add(draft.id, format!("entry {index}"));
        self.log.push((draft, false));
    }

    fn batch(&mut self, ops: &[Op], unique: u32) {
        let known = self.told.known.clone();
        for (op, unique) in ops.iter().zip(unique..) {
            let (caller, command) = op.concrete(&known, unique);
            let command = match command {
                Concrete::Command(command) => command,
                Concrete::Record { events, list } => {
                    let new = events.into_iter().zip(0_u128..).map(|(event, position)| {
                        let id = Uuid::from_u128(u128::from(self.commands) << 32 | position << 16 | 1);
                        event.prepare(id, Salt([7; 16])).unwrap()
                    });
                    Command::RecordEvents(domain::audit::record_events::RecordEvents {
                        events: new.collect(),
                        list,
                    })
                }
            };
            self.run(&caller, &command, origin());
        }
    }

    fn log_words(&self) -> Vec<String> {
        self.log
            .iter()
            .map(|(draft, erased)| draft_words(&self.told.labels, draft, *erased))
            .collect()
    }

    fn rows(&self) -> Vec<String> {
        let (users, keys) = (&self.facts.users, &self.facts.api_keys);
        self.told.rows(
            &users.values().cloned().collect::<Vec<_>>(),
            &keys.values().cloned().collect::<Vec<_>>(),
        )
    }
}

/// An engine under test.
struct Real {
    bed: Bed,
    engine: Engine,
    told: Told,
}

impl Real {
    async fn new(on: On) -> Real {
        let bed = Bed::new(on);
        let engine = bed.open().await;
        let mut told = Told {
            known: Known {
                keys: Vec::new(),
                size: 1,
            },
            ..Told::default()
        };
        let first = engine.entry(EntryKey::Index(0)).await.unwrap().unwrap();
        told.labels.add(first.changes[0].id, "user admin".to_owned());
        Real { bed, engine, told }
    }

    /// Hands over all commands at once, in order: the queue keeps it.
    async fn batch(&mut self, ops: &[Op], unique: u32) {
        let submitted = ops.iter().zip(unique..).map(|(op, unique)| {
            let (caller, command) = op.concrete(&self.told.known, unique);
            let command = match command {
                Concrete::Command(command) => command,
                Concrete::Record { events, list } => {
                    Command::RecordEvents(self.engine.prepare(events, list).unwrap())
                }
            };
            let engine = &self.engine;
            async move { engine.submit(&caller, origin(), command).await }
        });
        let answers = join_all(submitted.collect::<Vec<_>>()).await;
        for answer in answers {
            self.told.take(match answer {
                Ok(Answer { reply, entry }) => Ok((reply, entry)),
                Err(Error::Refused { refusal, entry }) => Err((refusal, entry)),
                Err(error) => panic!("{:?}: {error:?}", self.bed.on),
            });
        }
        self.told.known.size = *self.engine.size().borrow();
    }

    /// Compares with the model, and checks the log by itself.
    async fn assert_like(mut self, model: &Model) {
        let on = self.bed.on;
        assert_eq!(self.told.answers, model.told.answers, "{on:?}");
        let mut entries = Vec::new();
        let each = &mut |entry: evidence::Entry| {
            entries.push(entry);
            std::ops::ControlFlow::Continue(())
        };
        self.engine
            .export(&domain::audit::EntryFilter::default(), each)
            .await
            .unwrap();
        for entry in &entries {
            self.told.labels.add(entry.id, format!("entry {}", entry.index));
        }
        let words: Vec<String> = entries
            .iter()
            .map(|entry| entry_words(&self.told.labels, entry))
            .collect();
        assert_eq!(words, model.log_words(), "{on:?}");
        let mut conn = self.engine.db().writer().await.unwrap();
        let users = conn.all(&store::sealed::select(User::TABLE), &[]).await.unwrap();
        let users: Vec<Sealed<User>> = users
            .into_iter()
            .map(|row| store::sealed::read(User::TABLE, row).unwrap().decode().unwrap())
            .collect();
        let keys = conn
            .all(&store::sealed::select(ApiKey::TABLE), &[])
            .await
            .unwrap();
        let keys: Vec<Sealed<ApiKey>> = keys
            .into_iter()
            .map(|row| store::sealed::read(ApiKey::TABLE, row).unwrap().decode().unwrap())
            .collect();
        assert_eq!(self.told.rows(&users, &keys), model.rows(), "{on:?}");

        let leaves: Vec<&[u8]> = entries
            .iter()
            .map(|entry| entry.evidence.leaf.as_bytes())
            .collect();
        let key = self.engine.verifier_key();
        let head = tlog::Checkpoint::open(&self.engine.checkpoint().await.unwrap(), key).unwrap();
        assert_eq!(
            (head.size, head.root.0),
            (leaves.len() as u64, root(&leaves)),
            "{on:?}"
        );
        for entry in &entries {
            let receipt = self
                .engine
                .receipt(EntryKey::Index(entry.index))
                .await
                .unwrap()
                .unwrap();
            evidence::receipt::check(&receipt, entry, key).unwrap();
        }
        drop(conn);
        close(self.engine).await;
        let report = assert_intact(&self.bed.options()).await;
        assert_eq!(
            report.entries.erased,
            model.log.iter().filter(|(_, erased)| *erased).count() as u64
        );
    }
}

/// The Merkle tree hash as RFC 6962 section 2.1 defines it, word for word.
fn root(leaves: &[&[u8]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => Sha256::new()
            .chain_update([0])
            .chain_update(leaf)
            .finalize()
            .into(),
        _ => {
            let mut split = 1;
            while split * 2 < leaves.len() {
                split *= 2;
            }
            let (left, right) = leaves.split_at(split);
            Sha256::new()
                .chain_update([1])
                .chain_update(root(left))
                .chain_update(root(right))
                .finalize()
                .into()
        }
    }
}

async fn compare(batches: &[Vec<Op>]) {
    let mut model = Model::new();
    let (mut sqlite, mut postgres) = (Real::new(On::Sqlite).await, Real::new(On::Postgres).await);
    let mut unique = 0;
    for ops in batches {
        model.batch(ops, unique);
        sqlite.batch(ops, unique).await;
        postgres.batch(ops, unique).await;
        unique += u32::try_from(ops.len()).unwrap();
    }
    sqlite.assert_like(&model).await;
    postgres.assert_like(&model).await;
}

/// 24 cases, always the same; with `PROBITY_TEST_LONG` set, many more and new ones each time.
#[test]
fn engines_do_what_the_model_does() {
    let mut runner = random_cases(24, 600, 100);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let outcome = runner.run(&batches(), |batches| {
        runtime.block_on(compare(&batches));
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
