//! A log of a few hundred entries of every kind.

use std::collections::HashMap;
use std::sync::LazyLock;

use evidence::bundle::BundleWriter;
use evidence::commitment::{changes_digest, changes_text, commit};
use evidence::json::StrictObject;
use evidence::payload::{Payload, PayloadActor, PayloadTarget, RowImages};
use evidence::receipt::{self, ConsistencyProof};
use evidence::{ActorKind, ChangeRecord, Entry, Leaf, Outcome, RecordedBy, RecorderKind, Salt, Timestamp};
use serde_json::{Value, json};
use tlog::{Checkpoint, Hash, Node, Plan, RightEdge, SigningKey, VerifierKey};
use uuid::Uuid;

pub const ORIGIN: &str = "example.com/log";

/// The log that all tests read.
pub static LOG: LazyLock<Log> = LazyLock::new(|| Log::of((0..300).map(sample).collect()));

pub struct Log {
    pub key: SigningKey,
    pub entries: Vec<Entry>,
    nodes: HashMap<Node, Hash>,
    roots: Vec<Hash>,
}

impl Log {
    pub fn of(entries: Vec<Entry>) -> Log {
        let mut edge = RightEdge::new();
        let (mut nodes, mut roots) = (HashMap::new(), vec![edge.root()]);
        for entry in &entries {
            let leaf = Hash::leaf(entry.evidence.leaf.as_bytes());
            nodes.insert(
                Node {
                    height: 0,
                    index: edge.size(),
                },
                leaf,
            );
            edge.push_with(leaf, |node, hash| {
                nodes.insert(node, hash);
            });
            roots.push(edge.root());
        }
        Log {
            key: SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap(),
            entries,
            nodes,
            roots,
        }
    }

    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    pub fn entry(&self, index: u64) -> &Entry {
        &self.entries[usize::try_from(index).unwrap()]
    }

    pub fn root(&self, size: u64) -> Hash {
        self.roots[usize::try_from(size).unwrap()]
    }

    pub fn checkpoint(&self, size: u64) -> String {
        Checkpoint::new(ORIGIN, size, self.root(size))
            .sign(&self.key)
            .unwrap()
    }

    pub fn path(&self, index: u64, size: u64) -> Vec<Hash> {
        Plan::inclusion(index, size)
            .unwrap()
            .resolve(|node| self.nodes.get(&node).copied())
            .unwrap()
    }

    pub fn receipt(&self, index: u64, size: u64) -> String {
        receipt::build(index, self.path(index, size), &self.checkpoint(size))
    }

    pub fn consistency(&self, from: u64, to: u64) -> ConsistencyProof {
        let proof = Plan::consistency(from, to)
            .unwrap()
            .resolve(|node| self.nodes.get(&node).copied())
            .unwrap();
        ConsistencyProof {
            from,
            to,
            from_root: self.root(from),
            to_root: self.root(to),
            proof,
        }
    }

    /// The lines of a bundle against the newest checkpoint, each with its line end.
    pub fn bundle(&self, indexes: impl IntoIterator<Item = u64>) -> Vec<String> {
        self.bundle_for(json!({"actor": "user-3"}), indexes)
    }

    /// The same for what was asked.
    pub fn bundle_for(&self, asked: Value, indexes: impl IntoIterator<Item = u64>) -> Vec<String> {
        let filter = StrictObject(object(asked));
        let mut writer = BundleWriter::new(&self.checkpoint(self.size()), filter, time(9)).unwrap();
        let mut lines = vec![writer.header().to_owned()];
        for index in indexes {
            lines.push(
                writer
                    .entry(self.entry(index), &self.path(index, self.size()))
                    .unwrap(),
            );
        }
        lines.push(writer.trailer().unwrap());
        lines
    }
}

pub fn time(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_123_456)
        .unwrap()
        .plus_seconds(seconds)
}

pub fn object(value: Value) -> serde_json::Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// Commits to a payload and changes, and puts the entry together as a server would.
pub fn seal(index: u64, leaf: Leaf<'_>, payload: &Payload, records: &[ChangeRecord], erase: bool) -> Entry {
    let salt = Salt(Uuid::from_u128(u128::from(index) * 7919 + 1).into_bytes());
    let payload = payload.to_text();
    let changes = (!records.is_empty()).then(|| changes_text(records));
    let leaf = Leaf {
        payload: commit(&salt, payload.as_bytes()),
        changes: changes.as_deref().map(changes_digest),
        ..leaf
    };
    let (payload, salt) = if erase {
        (None, None)
    } else {
        (Some(payload.as_str()), Some(salt))
    };
    Entry::assemble(index, leaf.to_text(), payload, salt, changes.as_deref()).unwrap()
}

/// Entries in turn: a user's update with row images, an outside actor, a refusal without payload, an erased one.
pub fn sample(index: u64) -> Entry {
    let ours = index.is_multiple_of(2);
    let leaf = Leaf {
        id: Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + u128::from(index)),
        at: time(i64::try_from(index).unwrap()),
        recorded_by: RecordedBy {
            kind: RecorderKind::ApiKey,
            id: Some(Uuid::from_u128(5)),
        },
        actor_kind: if ours {
            ActorKind::User
        } else {
            ActorKind::External
        },
        actor_id: ours.then(|| Uuid::from_u128(100 + u128::from(index % 7))),
        action: "order.update".into(),
        target_kind: Some("order".into()),
        target_id: ours.then(|| Uuid::from_u128(900)),
        outcome: if index % 4 == 2 {
            Outcome::Refused
        } else {
            Outcome::Success
        },
        authority: "role:admin orders:write".into(),
        payload: [0; 32],
        changes: None,
    };
    if index % 4 == 2 {
        return seal(index, leaf, &Payload::default(), &[], false);
    }
    let payload = Payload {
        actor: PayloadActor {
            id: (!ours).then(|| format!("arn:aws:iam::1:user/{index}")),
            name: Some(format!("Ärger {index}")),
            on_behalf_of: None,
        },
        changes: vec![RowImages {
            before: Some(object(json!({"state": "new"}))),
            after: Some(object(json!({"state": "paid", "amount": "12.50"}))),
        }],
        description: Some("changed an order".into()),
        details: Some(StrictObject(object(
            json!({"n": index, "f": 0.5, "é": [null, true]}),
        ))),
        ip: Some("192.0.2.7".into()),
        occurred_at: Some(time(-3)),
        target: PayloadTarget {
            id: (!ours).then(|| "order-1".into()),
        },
        ..Payload::default()
    };
    let record = ChangeRecord {
        digest: Some("5a".repeat(32)),
        id: Uuid::from_u128(900),
        table: "orders".into(),
        version: index + 1,
    };
    seal(index, leaf, &payload, &[record], index % 10 == 9)
}
