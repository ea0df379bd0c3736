//! Random commands on SQLite, on PostgreSQL, and in a slow model that runs one at a time: all say the same.

use std::collections::HashMap;

use domain::command;
use domain::context::Context;
use domain::decision::{Place, Recorded};
use domain::identity::Role;
use domain::identity::api_key::ApiKey;
use domain::identity::user::{CreateUser, User};
use domain::record::{Record, Sealed};
use domain::{Caller, Command, Draft, Facts, Origin, Refusal, Reply};
use engine::{Answer, Engine, EntryKey, Error};
use evidence::payload::Payload;
use evidence::{Salt, Timestamp, json};
use futures_util::future::join_all;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::attacker::{assert_intact, close};
use crate::support::{Bed, On};
use crate::symbolic::{Concrete, Known, Op, batches, own_id};

fn origin() -> Origin {
    Origin {
        ip: Some("203.0.113.9".into()),
        user_agent: Some("model".into()),
        trace_id: None,
    }
}

/// Names in place of the ids and times that each target makes for itself.
#[derive(Default)]
struct Labels(HashMap<String, String>);

impl Labels {
    fn of(&self, text: &str) -> String {
        self.0.get(text).cloned().unwrap_or_else(|| text.to_owned())
    }

    fn add(&mut self, id: Uuid, label: String) {
        self.0.insert(id.to_string(), label);
    }
}

/// What a target has told so far, in words that are the same for all.
#[derive(Default)]
struct Told {
    known: Known,
    labels: Labels,
    answers: Vec<String>,
}

impl Told {
    fn take(&mut self, answer: Result<(Reply, Option<u64>), (Refusal, Option<u64>)>) {
        let text = match answer {
            Err((refusal, entry)) => format!(
                "refused {:?} {} {:?} entry {entry:?}",
                refusal.kind, refusal.code, refusal.field
            ),
            Ok((reply, entry)) => format!("{} entry {entry:?}", self.reply(&reply)),
        };
        self.answers.push(text);
    }

    fn reply(&mut self, reply: &Reply) -> String {
        match reply {
            Reply::Recorded(recorded) => {
                let shown: Vec<_> = recorded.iter().map(|entry| self.recorded(entry)).collect();
                format!("recorded {shown:?}")
            }
            Reply::User(user) => {
                self.labels.add(user.id, format!("user {}", user.username));
                format!("user {:?}", self.user(user))
            }
            Reply::ApiKey(key) => {
                if !self.known.keys.contains(&key.id) {
                    self.labels.add(key.id, format!("key {}", self.known.keys.len()));
                    self.known.keys.push(key.id);
                }
                format!("key {:?}", self.key(key))
            }
            Reply::Erased(count) => format!("erased {count}"),
            Reply::Done => "done".to_owned(),
        }
    }

    fn recorded(&self, entry: &Recorded) -> String {
        let own = (0..12).find(|number| own_id(*number) == entry.id);
        format!(
            "own {own:?} at {:?} replayed {}",
            entry.place.map(|place| place.index),
            entry.replayed
        )
    }

    fn user(&self, user: &User) -> String {
        let User {
            username,
            role,
            active,
            password_hash,
            password_temporary,
            ..
        } = user;
        format!(
            "{} {username} {role:?} {active} {} {password_temporary}",
            self.labels.of(&user.id.to_string()),
            password_hash.is_some()
        )
    }

    fn key(&self, key: &ApiKey) -> String {
        let ApiKey {
            name,
            shown,
            hash,
            scopes,
            expires_at,
            revoked_at,
            ..
        } = key;
        let (id, owner) = (
            self.labels.of(&key.id.to_string()),
            self.labels.of(&key.user_id.to_string()),
        );
        format!(
            "{id} of {owner} {name} {shown} {hash:?} {scopes:?} {expires_at:?} revoked {}",
            revoked_at.is_some()
        )
    }

    /// Users and keys with their seals, in an order of their own.
    fn rows(&self, users: &[Sealed<User>], keys: &[Sealed<ApiKey>]) -> Vec<String> {
        let users = users
            .iter()
            .map(|user| format!("{} v{} by {}", self.user(&user.row), user.version, user.entry));
        let keys = keys
            .iter()
            .map(|key| format!("{} v{} by {}", self.key(&key.row), key.version, key.entry));
        let mut rows: Vec<String> = users.chain(keys).collect();
        rows.sort();
        rows
    }
}

/// An entry in words that are the same for all.
fn entry_words(labels: &Labels, entry: &evidence::Entry) -> String {
    let id = |text: Option<&String>| text.map(|text| labels.of(text));
    let recorder = entry.recorded_by.id.map(|id| labels.of(&id.to_string()));
    let changes: Vec<_> = entry
        .changes
        .iter()
        .map(|change| {
            format!(
                "{} {} v{}",
                change.table,
                labels.of(&change.id.to_string()),
                change.version
            )
        })
        .collect();
    format!(
        "{} {:?} by {:?} {recorder:?} actor {:?} {:?} target {:?} authority {} details {:?} ip {:?} changes {changes:?} erased {}",
        entry.action,
        entry.outcome,
        entry.recorded_by.kind,
        entry.actor.kind,
        id(entry.actor.id.as_ref().or(entry.actor.name.as_ref())),
        entry
            .target
            .as_ref()
            .map(|target| (target.kind.clone(), id(target.id.as_ref()))),
        entry.authority,
        evidence::entry::details_text(entry),
        entry.ip,
        entry.erased,
    )
}

fn draft_words(labels: &Labels, draft: &Draft, erased: bool) -> String {
    let payload = Payload::parse(&draft.payload).unwrap();
    let kept = |ours: Option<Uuid>, text: &Option<String>| {
        let text = if erased {
            ours.map(|id| id.to_string())
        } else {
            text.clone()
        };
        text.map(|text| labels.of(&text))
    };
    let recorder = draft.recorded_by.id.map(|id| labels.of(&id.to_string()));
    let writes = draft.writes.iter().map(domain::RowWrite::values);
    let changes: Vec<_> = writes
        .map(|row| {
            format!(
                "{} {} v{}",
                row.table.name,
                labels.of(&row.id.to_string()),
                row.version
            )
        })
        .collect();
    let details = payload.details.filter(|_| !erased).map(|details| {
        let mut text = String::new();
        json::write_map(&details.0, &mut text);
        text
    });
    format!(
        "{} {:?} by {:?} {recorder:?} actor {:?} {:?} target {:?} authority {} details {details:?} ip {:?} changes {changes:?} erased {erased}",
        draft.action,
        draft.outcome,
        draft.recorded_by.kind,
        draft.actor_kind,
        kept(draft.actor_id, &draft.actor),
        draft
            .target_kind
            .as_ref()
            .map(|kind| (kind.clone(), kept(draft.target_id, &draft.target))),
        draft.authority,
        draft.ip.as_ref().filter(|_| !erased),
    )
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
            username: "admin".into(),
            role: Role::Admin,
            password_hash: Some("x".into()),
            password_temporary: true,
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
                decision
                    .drafts
                    .into_iter()
                    .for_each(|draft| self.append(draft, now));
                if let Reply::Recorded(recorded) = &mut decision.reply {
                    for entry in recorded {
                        entry.place = self.facts.entries[&entry.id].place;
                    }
                }
                Ok(decision.reply)
            }
            Err((refusal, draft)) => {
                draft.into_iter().for_each(|draft| self.append(*draft, now));
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
            self.facts
                .users
                .get_mut(&row.id)
                .into_iter()
                .for_each(|user| user.entry = index);
            self.facts
                .api_keys
                .get_mut(&row.id)
                .into_iter()
                .for_each(|key| key.entry = index);
        }
        for erased in &draft.erases {
            self.log[usize::try_from(*erased).unwrap()].1 = true;
        }
        let known = domain::audit::KnownEntry {
            id: draft.id,
            place: Some(Place { index, at }),
            actor_kind: draft.actor_kind,
            action: draft.action.to_string(),
            target_kind: draft.target_kind.clone(),
            outcome: draft.outcome,
            payload: Some(draft.payload.clone()),
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
            .map(|row| store::sealed::decode(store::sealed::read(User::TABLE, row).unwrap()).unwrap())
            .collect();
        assert_eq!(
            self.told.rows(&users, &self.engine.api_keys().await.unwrap()),
            model.rows(),
            "{on:?}"
        );

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
            report.erased,
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
    let long = std::env::var_os("PROBITY_TEST_LONG").is_some();
    let config = Config {
        cases: if long { 600 } else { 24 },
        max_shrink_iters: 100,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = if long {
        TestRunner::new(config)
    } else {
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    };
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
