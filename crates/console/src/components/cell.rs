//! What stands in a cell of a table, or beside a name.

use maud::{Markup, html};
use views::Cell;

use super::badge::badge;
use super::time::{Precision, time};
use crate::look::Look;

/// The list of users, and that of agents.
const USERS: &str = "users";
const AGENTS: &str = "agents";

/// Characters of an id that are shown at its end and at its begin.
const ENDS: usize = 8;

/// A cell. Ids are shortened where `short`; what the reader may open is a link.
pub fn cell(look: &Look, cell: &Cell, short: bool) -> Markup {
    let name = text(look, cell);
    let linked = |key: &str, id: &str, shown: Markup| match look.path(key, id) {
        Some(path) => html! { a href=(path) { (shown) } },
        None => shown,
    };
    match cell {
        // What a command shows is a link away.
        Cell::Empty | Cell::Command(_) => html! {},
        Cell::Text(text) if short => id(text),
        Cell::Text(text) => html! { (text) },
        Cell::State(word) => badge(word),
        Cell::Time(at) if short => time(look, *at, Precision::Near),
        Cell::Second(at) if short => time(look, *at, Precision::NearSecond),
        Cell::Time(at) | Cell::Second(at) => time(look, *at, Precision::Exact),
        Cell::One(key, name) => linked(
            key,
            name,
            if short {
                id(name)
            } else {
                html! { (name) }
            },
        ),
        Cell::User(user) | Cell::UserAnd(user, _) | Cell::By(Some(user)) => {
            let more = match cell {
                Cell::UserAnd(_, more) => more.as_str(),
                _ => "",
            };
            let shown = look.names.name(user);
            html! { (linked(USERS, &user.to_string(), id(&shown))) (more) }
        }
        Cell::Agent(agent) => linked(AGENTS, &agent.to_string(), id(&name)),
        Cell::Account(account) => {
            let user = account.user().map(|user| user.to_string());
            user.map_or_else(|| html! { (name) }, |user| linked(USERS, &user, html! { (name) }))
        }
        Cell::Sentence(_) | Cell::By(None) => html! { (name) },
    }
}

/// A cell as text.
pub fn text(look: &Look, cell: &Cell) -> String {
    look.names.text(cell, |_, at| look.zone.second(at))
}

/// An id, shortened in the middle; any other text as it is. All of it is shown on hover, and copied.
pub fn id(text: &str) -> Markup {
    let shown = short(text);
    html! { @if shown == text { (text) } @else { span.id title=(text) data-copy=(text) { (shown) } } }
}

/// An id, shortened in the middle; any other text as it is.
pub fn short(text: &str) -> String {
    let is_id = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_digest = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id || is_digest {
        let (begin, end) = (&text[..ENDS], &text[text.len() - ENDS..]);
        return format!("{begin}…{end}");
    }
    text.to_owned()
}

/// Whether a text takes lines of its own.
pub fn is_long(text: &str) -> bool {
    text.contains('\n')
}
