//! Answers, rows and entries in words that are the same whatever ids and times a target made.

use std::collections::HashMap;

use domain::decision::Recorded;
use domain::identity::api_key::ApiKey;
use domain::identity::user::User;
use domain::record::Sealed;
use domain::{Draft, Refusal, Reply};
use evidence::json;
use evidence::payload::Payload;
use uuid::Uuid;

use crate::symbolic::{Known, own_id};

/// Names in place of the ids and times that each target makes for itself.
#[derive(Default)]
pub struct Labels(HashMap<String, String>);

impl Labels {
    fn of(&self, text: &str) -> String {
        self.0.get(text).cloned().unwrap_or_else(|| text.to_owned())
    }

    pub fn add(&mut self, id: Uuid, label: String) {
        self.0.insert(id.to_string(), label);
    }
}

/// What a target has told so far, in words that are the same for all.
#[derive(Default)]
pub struct Told {
    pub known: Known,
    pub labels: Labels,
    pub answers: Vec<String>,
}

impl Told {
    pub fn take(&mut self, answer: Result<(Reply, Option<u64>), (Refusal, Option<u64>)>) {
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
                let shown: Vec<_> = recorded.iter().map(Told::recorded).collect();
                format!("recorded {shown:?}")
            }
            Reply::User { user, .. } => {
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
            other => panic!("nobody asks for {other:?} here"),
        }
    }

    fn recorded(entry: &Recorded) -> String {
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
    pub fn rows(&self, users: &[Sealed<User>], keys: &[Sealed<ApiKey>]) -> Vec<String> {
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
pub fn entry_words(labels: &Labels, entry: &evidence::Entry) -> String {
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

pub fn draft_words(labels: &Labels, draft: &Draft, erased: bool) -> String {
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
