//! What every command is.

use crate::code::Codes;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::action::Action;
use crate::context::Context;
use crate::decision::Decision;
use crate::identity::{Authority, Principal, Rules};
use crate::looks::Needs;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// A command: a change that someone asks for, parsed and bounded, not decided yet.
///
/// What has no default is what nobody may forget.
pub trait Act {
    /// The verb: its name, the name of a refusal of it, and what it takes.
    const ACTION: &'static Action;

    /// Whether it may change what a credential is good for, so that nothing known of callers may be used any more.
    const CHANGES_ACCESS: bool;

    /// The codes that it can be refused with, beside those of what it takes, in the order of the checks where that is
    /// told. The documentation of the API is made from it.
    const REFUSALS: Codes;

    /// What it is about, where that is one thing that Probity made: its kind and id.
    fn target(&self) -> Option<(&'static str, Uuid)>;

    /// Adds the rows that it reads and changes.
    fn needs(&self, rules: &Rules, needs: &mut Needs);

    /// Decides, from what is known alone: no clock, no randomness, no I/O.
    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal>;

    /// How many entries it may append, for bounding a batch.
    fn weight(&self) -> usize {
        1
    }

    /// How many entries it brings whose ids are the caller's own: a later command may bring the same.
    fn own_ids(&self) -> usize {
        0
    }

    /// What the entry about a refusal says beyond its code and field.
    fn unmade(&self, _facts: &Facts, _refusal: &Refusal) -> Unmade {
        Unmade::default()
    }
}

/// The head of an `impl Act`: the verb, whether it changes access, what it is about, and what refuses it.
macro_rules! act {
    (action: $action:ident, changes_access: $access:literal, target: none, refusals: $($refusals:tt)+) => {
        act!(@consts $action $access $($refusals)+);
        fn target(&self) -> Option<(&'static str, Uuid)> {
            None
        }
    };
    (
        action: $action:ident, changes_access: $access:literal, target: $kind:literal = $id:ident,
        refusals: $($refusals:tt)+
    ) => {
        act!(@consts $action $access $($refusals)+);
        fn target(&self) -> Option<(&'static str, Uuid)> {
            Some(($kind, self.$id))
        }
    };
    (@consts $action:ident $access:literal $($refusals:tt)+) => {
        const ACTION: &'static Action = &action::$action;
        const CHANGES_ACCESS: bool = $access;
        const REFUSALS: Codes = act!(@codes $($refusals)+);
    };
    (@codes none) => { &[] };
    (@codes = $codes:expr) => { $codes };
    (@codes $($code:ident),+) => { refusals! { $($code),+ } };
}
pub(crate) use act;

/// Who acts, and what allows it.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The caller.
    pub who: &'a Principal,
    /// What was checked.
    pub authority: &'a Authority,
}

impl<'a> By<'a> {
    /// A caller with what allows it.
    pub fn new(who: &'a Principal, authority: &'a Authority) -> By<'a> {
        By { who, authority }
    }

    /// The same caller, allowed by something else: where it depends on whose the thing is.
    #[must_use]
    pub fn with(self, authority: &'a Authority) -> By<'a> {
        By { authority, ..self }
    }
}

/// What was not made because it was refused, as the entry that records the refusal shows it.
#[derive(Debug, Default)]
pub struct Unmade {
    /// Members of the entry's details.
    pub details: Map<String, Value>,
    /// The user whom it was about, who is there.
    pub about: Option<Uuid>,
    /// The id that the entry has, so that the same request again finds the same answer.
    pub id: Option<Uuid>,
}

impl Unmade {
    /// Nothing but the user whom it was about, where there is that user.
    pub(crate) fn about(facts: &Facts, user: Option<Uuid>) -> Unmade {
        Unmade {
            about: user.filter(|id| facts.users.contains_key(id)),
            ..Unmade::default()
        }
    }

    /// Adds a text to the details.
    pub(crate) fn put(&mut self, name: &str, text: Option<String>) {
        if let Some(text) = text {
            self.details.insert(name.to_owned(), text.into());
        }
    }
}
