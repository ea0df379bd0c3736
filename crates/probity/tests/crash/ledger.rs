//! What clients sent, what they were told, and whether the log holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Result;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::harness::Place;
use crate::random::Random;

const PATH: &str = "/v1/audit/entries";
const ACTION: &str = "load.step";

/// A request: one event, or several in an array.
#[derive(Clone)]
pub struct Post {
    ids: Vec<Uuid>,
    body: String,
}

/// The answer to a request: an index for each id, in its order.
pub struct Acknowledged {
    /// Indexes of the entries.
    pub indexes: Vec<u64>,
    /// Whether each had been recorded before.
    pub replayed: Vec<bool>,
}

impl Post {
    /// These events in one request; several go as an array.
    fn new(ids: Vec<Uuid>) -> Post {
        let events: Vec<Value> = ids.iter().map(event).collect();
        let body = match events.as_slice() {
            [one] => one.to_string(),
            several => json!(several).to_string(),
        };
        Post { ids, body }
    }

    /// A request of a client that sends one event most of the time.
    pub fn usual(random: &mut Random) -> Post {
        let count = if random.below(3) == 0 {
            2 + random.below(19)
        } else {
            1
        };
        Post::new((0..count).map(|_| random.id()).collect())
    }

    /// Sends it. An error means that nobody told us what became of it; a refusal ends the test.
    pub fn send(&self, client: &mut Client) -> Result<Acknowledged> {
        let answer = client.post(PATH, &self.body)?;
        let value = answer.json();
        assert!(matches!(answer.status, 200 | 201), "{} {value}", answer.status);
        let entries = value["entries"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![value]);
        let ids: Vec<Uuid> = entries
            .iter()
            .map(|entry| entry["id"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(ids, self.ids);
        let replayed: Vec<bool> = entries.iter().map(|entry| entry["replayed"] == true).collect();
        assert_eq!(answer.status == 200, replayed.iter().all(|replayed| *replayed));
        let indexes = entries
            .iter()
            .map(|entry| entry["index"].as_u64().unwrap())
            .collect();
        Ok(Acknowledged { indexes, replayed })
    }
}

fn event(id: &Uuid) -> Value {
    json!({
        "id": id,
        "actor": { "kind": "service", "id": "load" },
        "action": ACTION,
        "target": { "kind": "step", "id": id.to_string() },
        "details": { "for": "nothing", "ten": 10 },
    })
}

/// Everything that was sent.
#[derive(Default)]
pub struct Ledger {
    acknowledged: BTreeMap<Uuid, u64>,
    /// Acknowledged since the last time that all was sent again.
    answered: Vec<Uuid>,
    /// What nobody answered: it is recorded whole, or not at all.
    pub unanswered: Vec<Post>,
}

impl Ledger {
    /// Remembers a request and what came back.
    pub fn remember(&mut self, post: Post, answer: Result<Acknowledged>) {
        match answer {
            Ok(answer) => {
                self.acknowledge(&post, &answer);
                self.answered.extend(post.ids);
            }
            Err(_) => self.unanswered.push(post),
        }
    }

    fn acknowledge(&mut self, post: &Post, answer: &Acknowledged) {
        for (id, index) in post.ids.iter().zip(&answer.indexes) {
            // An id keeps its index, whoever tells it and however often.
            assert_eq!(*self.acknowledged.entry(*id).or_insert(*index), *index, "{id}");
        }
    }

    /// Sends everything again that was sent since the last time: the acknowledged must be there with the same
    /// index, the rest must be there whole or not at all, and is there afterwards.
    pub fn send_again(&mut self, client: &mut Client) {
        // Many at once: how events were grouped does not matter to their ids.
        for ids in std::mem::take(&mut self.answered).chunks(500) {
            let post = Post::new(ids.to_vec());
            let answer = post.send(client).unwrap();
            let lost: Vec<_> = post
                .ids
                .iter()
                .zip(&answer.replayed)
                .filter(|(_, replayed)| !**replayed)
                .collect();
            assert!(lost.is_empty(), "acknowledged, then lost: {lost:?}");
            self.acknowledge(&post, &answer);
        }
        for post in std::mem::take(&mut self.unanswered) {
            let answer = post.send(client).unwrap();
            let whole = answer
                .replayed
                .iter()
                .all(|replayed| *replayed == answer.replayed[0]);
            assert!(whole, "recorded in part: {:?}", post.ids);
            self.acknowledge(&post, &answer);
        }
    }

    /// Takes over what another client sent.
    pub fn join(&mut self, other: Ledger) {
        for (id, index) in other.acknowledged {
            assert_eq!(*self.acknowledged.entry(id).or_insert(index), index, "{id}");
        }
        self.answered.extend(other.answered);
        self.unanswered.extend(other.unanswered);
    }

    /// Takes over an entry that came another way: its id and index as JSON.
    pub fn note(&mut self, entry: &Value) {
        let id = entry["id"].as_str().unwrap().parse().unwrap();
        self.acknowledged.insert(id, entry["index"].as_u64().unwrap());
    }

    /// How many entries are acknowledged.
    pub fn len(&self) -> usize {
        self.acknowledged.len()
    }

    /// The acknowledged entries.
    pub fn entries(&self) -> impl Iterator<Item = (&Uuid, &u64)> {
        self.acknowledged.iter()
    }

    /// Reads the whole log: every acknowledged entry is there with its index and content, no other one of ours
    /// is, and nothing is there twice.
    pub fn check(&self, place: &Place) {
        assert!(self.unanswered.is_empty());
        let ours: BTreeMap<Uuid, u64> = whole_log(place)
            .into_iter()
            .filter(|entry| entry["action"] == ACTION)
            .map(|entry| {
                let id = entry["id"].as_str().unwrap();
                assert_eq!(entry["target"]["id"], id, "{entry}");
                (id.parse().unwrap(), entry["index"].as_u64().unwrap())
            })
            .collect();
        let lost: Vec<_> = self
            .acknowledged
            .iter()
            .filter(|(id, _)| !ours.contains_key(id))
            .collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        assert!(
            ours == self.acknowledged,
            "the log holds other entries or indexes than were told"
        );
    }
}

/// Every entry, oldest first; none is missing and no id is there twice.
pub fn whole_log(place: &Place) -> Vec<Value> {
    let text = place.run(&["audit", "export"]).expect(0).out;
    let entries: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut ids = BTreeSet::new();
    for (expected, entry) in (0_u64..).zip(&entries) {
        assert_eq!(entry["index"], expected, "{entry}");
        assert!(ids.insert(entry["id"].as_str().unwrap()), "there twice: {entry}");
    }
    assert_eq!(place.json(&["status"])["log"]["size"], entries.len());
    entries
}

/// The text of a new API key.
pub fn new_key(place: &Place) -> String {
    let made = place.json(&["key", "create", "--name", "load", "--scopes", "read,write"]);
    made["key"].as_str().unwrap().to_owned()
}
