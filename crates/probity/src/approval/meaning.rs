//! What an approval of one of Probity's own verbs is about, in words: its arguments are ids and smallest units.

use domain::custody::destination::Destination;
use engine::custody::{Subject, Viewer};
use serde_json::Value;

use crate::output::minute;

/// What would be done, and where it would go.
pub fn pairs(subject: &Subject) -> Vec<(&'static str, String)> {
    let mut pairs = vec![("Is to", subject.words())];
    if let Some(destination) = &subject.destination {
        pairs.push(("Destination", words(destination)));
    }
    if let Some(reference) = &subject.reference {
        pairs.push(("Reference", reference.clone()));
    }
    pairs
}

/// A destination on a few lines, its address first.
fn words(destination: &Destination) -> String {
    let label = destination.label.as_ref();
    let label = label.map_or_else(String::new, |label| format!(" ({label})"));
    let state = match destination.removed_at {
        Some(at) => format!("removed {}", minute(at)),
        None => format!("usable from {} on", minute(destination.usable_at)),
    };
    format!("{}{label}\n{state}\nid {}", destination.address, destination.id)
}

/// The arguments as people read them.
pub fn shown(subject: Option<&Subject>) -> Value {
    subject
        .and_then(|subject| subject.as_json(&Viewer::ALL))
        .unwrap_or_default()
}
