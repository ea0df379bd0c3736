//! What is asked of the log: a filter over entries.

use evidence::ActorKind;
use evidence::leaf::Outcome;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::event::ACTION_LEN_MAX;

/// Whether a text is what an action may be, or the beginning of one and a final `*`.
pub fn is_action(text: &str) -> bool {
    let word = text.strip_suffix('*').unwrap_or(text);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    word.len() <= ACTION_LEN_MAX && word.bytes().all(allowed)
}

/// Whether an action is the one that is given; with a final `*`, whether it begins so.
pub fn matches_action(given: &str, action: &str) -> bool {
    match given.strip_suffix('*') {
        Some(begin) => action.starts_with(begin),
        None => action == given,
    }
}

/// Entries that fulfil every condition given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntryFilter {
    /// The actor's id, or its name where it has no id.
    pub actor: Option<String>,
    /// With it, up to three other texts under which entries have the same actor.
    pub aliases: Vec<String>,
    /// What kind of actor.
    pub actor_kind: Option<ActorKind>,
    /// The verb; with a final `*`, every verb that begins so.
    pub action: Option<String>,
    /// What kind of target.
    pub target_kind: Option<String>,
    /// The target's id.
    pub target: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Recorded at this time or later; with `by_timestamp`, it happened then.
    pub from: Option<Timestamp>,
    /// The same before this time.
    pub to: Option<Timestamp>,
    /// A text somewhere in the payload, in any case.
    pub text: Option<String>,
    /// Network address.
    pub ip: Option<String>,
    /// The credential that recorded it: the id of an API key or a session.
    pub recorded_by: Option<Uuid>,
    /// Whether order, `from` and `to` go by when it happened by the recorder's clock, where that was said.
    pub by_timestamp: bool,
}
