//! An operation: what moves, where it is on a chain, and all about it.

use maud::{Markup, html};
use views::{Cell, Titled};

use crate::components::{badge, details, part};
use crate::look::Look;
use crate::pages::one::{OnePage, around};

/// Details that say what moves, and those of its transactions.
const MOVES: [&str; 10] = [
    "Kind",
    "Amount",
    "From",
    "To",
    "Holds",
    "On hold",
    "Captured",
    "From after",
    "To after",
    "Expires",
];
const ON_CHAIN: [&str; 7] = [
    "Destination",
    "Chain",
    "Transaction",
    "Output",
    "Block",
    "Confirmations",
    "Also on",
];

/// An operation.
pub fn operation(look: &Look, page: &OnePage) -> Markup {
    let of = |names: &[&str]| -> Vec<Titled> {
        let found = page
            .pairs
            .iter()
            .filter(|(name, cell)| names.contains(name) && *cell != Cell::Empty);
        found.cloned().collect()
    };
    let rest = page
        .pairs
        .iter()
        .filter(|(name, _)| !MOVES.contains(name) && !ON_CHAIN.contains(name));
    let rest: Vec<Titled> = rest.cloned().collect();
    let status = page.pairs.iter().find_map(|(name, cell)| match cell {
        Cell::State(word) if *name == "Status" => Some(badge(word)),
        _ => None,
    });
    let (moves, chain) = (of(&MOVES), of(&ON_CHAIN));
    let content = html! {
        (part("moves", "What moves", &details(look, &moves)))
        @if !chain.is_empty() { (part("chain", "On its chain", &details(look, &chain))) }
        (part("facts", "All about it", &details(look, &rest)))
    };
    around(look, page, &status.unwrap_or_default(), &content)
}
