//! Commands without ids of their own, so that the same one can be given to two engines and to a model.

use domain::audit::Event;
use domain::audit::erase::EraseEntries;
use domain::identity::Scope;
use domain::identity::api_key::{CreateApiKey, RevokeApiKey};
use domain::identity::permission::BUILT_IN;
use domain::identity::user::CreateUser;
use domain::{Caller, Command};
use evidence::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{event, operator};

/// Names of users, in use and not, well-formed and not.
const NAMES: [&str; 7] = ["ann", "bob", "cyd", "admin", "Ann", "no\0body", "a.b_c-d"];

/// Who gives a command.
#[derive(Clone, Debug)]
pub enum Who {
    Operator,
    /// One of the keys made so far.
    Key(u8),
    /// A key that there never was.
    Stranger,
}

/// An event: own ids come again, with the same and with other content.
#[derive(Clone, Debug)]
pub struct Told {
    own: Option<u8>,
    content: u8,
    late: bool,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Ask {
    Record {
        events: Vec<Told>,
        list: bool,
    },
    User {
        name: u8,
        role: u8,
    },
    Key {
        owner: u8,
        scopes: u8,
        expired: bool,
    },
    Revoke(u8),
    Erase {
        entries: Vec<u8>,
        unknown: bool,
        silent: bool,
    },
}

/// A command.
#[derive(Clone, Debug)]
pub struct Op {
    pub who: Who,
    pub ask: Ask,
}

/// What a target knew when a batch began.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Keys, in the order in which they were made.
    pub keys: Vec<Uuid>,
    /// Size of the log.
    pub size: u64,
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![5 => Just(Who::Operator), 5 => any::<u8>().prop_map(Who::Key), 1 => Just(Who::Stranger)]
}

fn told() -> impl Strategy<Value = Told> {
    let own = prop_oneof![1 => Just(None), 2 => (0..12_u8).prop_map(Some)];
    (own, 0..3_u8, prop::bool::weighted(0.03)).prop_map(|(own, content, late)| Told { own, content, late })
}

fn ask() -> impl Strategy<Value = Ask> {
    let events = prop::collection::vec(told(), 0..5);
    prop_oneof![
        8 => (events, any::<bool>()).prop_map(|(events, list)| Ask::Record { events, list }),
        2 => (0..7_u8, any::<u8>()).prop_map(|(name, role)| Ask::User { name, role }),
        3 => (0..7_u8, 0..16_u8, prop::bool::weighted(0.1)).prop_map(|(owner, scopes, expired)| Ask::Key { owner, scopes, expired }),
        2 => any::<u8>().prop_map(Ask::Revoke),
        2 => (prop::collection::vec(any::<u8>(), 0..4), prop::bool::weighted(0.1), prop::bool::weighted(0.1))
            .prop_map(|(entries, unknown, silent)| Ask::Erase { entries, unknown, silent }),
    ]
}

/// Batches of commands.
pub fn batches() -> impl Strategy<Value = Vec<Vec<Op>>> {
    let op = (who(), ask()).prop_map(|(who, ask)| Op { who, ask });
    prop::collection::vec(prop::collection::vec(op, 1..14), 1..9)
}

fn stranger() -> Uuid {
    Uuid::from_u128(0xdead_beef)
}

fn pick<T: Copy>(from: &[T], number: u8) -> Option<T> {
    if from.is_empty() {
        None
    } else {
        Some(from[usize::from(number) % from.len()])
    }
}

/// The reporter's own id of this number.
pub fn own_id(number: u8) -> Uuid {
    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

impl Told {
    fn event(&self) -> Event {
        let mut event = event(match self.content {
            0 => {
                r#"{"actor":{"kind":"user","id":"u1","name":"Eve"},"action":"order.update","target":{"kind":"order","id":"o1"},"ip":"203.0.113.1"}"#
            }
            1 => {
                r#"{"actor":{"kind":"user","id":"u1","name":"Eve"},"action":"order.update","target":{"kind":"order","id":"o1"},"details":{"n":1}}"#
            }
            _ => r#"{"actor":{"kind":"system"},"action":"tick","outcome":"failed"}"#,
        });
        event.id = self.own.map(own_id);
        if self.late {
            event.occurred_at = Some("2200-01-01T00:00:00Z".parse().unwrap());
        }
        event
    }
}

/// A command made concrete, but for events, which each target prepares itself.
pub enum Concrete {
    Record { events: Vec<Event>, list: bool },
    Command(Command),
}

impl Op {
    /// The caller and the command for a target that knows this; `unique` differs from command to command.
    pub fn concrete(&self, known: &Known, unique: u32) -> (Caller, Concrete) {
        let caller = match self.who {
            Who::Operator => operator(),
            Who::Key(number) => pick(&known.keys, number).map_or_else(operator, Caller::ApiKey),
            Who::Stranger => Caller::ApiKey(stranger()),
        };
        let command = match &self.ask {
            Ask::Record { events, list } => {
                let list = *list || events.len() != 1;
                return (
                    caller,
                    Concrete::Record {
                        events: events.iter().map(Told::event).collect(),
                        list,
                    },
                );
            }
            Ask::User { name, role } => Command::CreateUser(CreateUser {
                password_hash: (role % 3 == 0).then(|| "$argon2id$x".to_owned()),
                password_temporary: role % 5 == 0,
                ..CreateUser::new(
                    NAMES[usize::from(*name)],
                    BUILT_IN[usize::from(role / 2 * (role % 2)) % BUILT_IN.len()]
                        .name
                        .clone(),
                )
            }),
            Ask::Key {
                owner,
                scopes,
                expired,
            } => {
                let mut hash = [0; 32];
                hash[..4].copy_from_slice(&unique.to_be_bytes());
                let chosen = Scope::ALL
                    .iter()
                    .zip(0..4)
                    .filter(|(_, bit)| scopes >> bit & 1 == 1);
                Command::CreateApiKey(CreateApiKey {
                    agent: None,
                    owner: NAMES[usize::from(*owner)].to_owned(),
                    name: format!("key {unique}"),
                    scopes: chosen.map(|(scope, _)| *scope).collect(),
                    expires_at: expired.then_some(Timestamp::EPOCH),
                    requests_per_minute: None,
                    shown: format!("prb_{unique}"),
                    hash,
                })
            }
            Ask::Revoke(number) => Command::RevokeApiKey(RevokeApiKey {
                id: pick(&known.keys, *number).unwrap_or_else(stranger),
            }),
            Ask::Erase {
                entries,
                unknown,
                silent,
            } => {
                // Only what is there before the batch, or never will be: whether an entry of the same batch can
                // be named before its index is known is left to how the engine cuts batches.
                let mut entries: Vec<u64> = entries
                    .iter()
                    .map(|number| u64::from(*number) % known.size)
                    .collect();
                entries.extend(unknown.then_some(1_000_000));
                Command::EraseEntries(EraseEntries {
                    entries,
                    reason: if *silent {
                        String::new()
                    } else {
                        "asked".to_owned()
                    },
                })
            }
        };
        (caller, Concrete::Command(command))
    }
}
