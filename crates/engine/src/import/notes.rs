//! What there is to say of a line beside its event.

use evidence::Outcome;
use evidence::entry::Recorded;

use super::shrink::Omitted;

/// What a format says of a line while it makes an event of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Notes {
    /// What does not fit the entry.
    pub(super) omitted: Vec<Omitted>,
    /// Lone surrogates that became U+FFFD.
    pub(super) surrogates: u64,
    /// An outcome that the format does not know, in the words of the line.
    pub(super) unknown_outcome: Option<String>,
    /// Whether the line has an id of its own, be it a UUID or not.
    pub(super) has_id: bool,
    /// Of a line of our own export: what the logs that it comes from hold.
    pub(super) exported: Vec<Recorded>,
}

impl Notes {
    /// The default outcome, because the word that the line has is not known.
    pub(super) fn unknown_outcome(&mut self, word: &str, default: Outcome) -> Outcome {
        self.unknown_outcome = Some(super::fit::cut(word, 64).to_owned());
        default
    }
}
