//! One of a noun as a page.

use console::{Action, Frame, Look, OnePage};
use domain::identity::{Permission, Principal};
use uuid::Uuid;
use views::{Cell, Show, Takes, Titled, Viewer};

use crate::call::{Answer, Call, Page};
use crate::console::list::curl;
use crate::console::place::title;
use crate::console::{frame, history};
use crate::nouns;
use crate::problem::Problem;

/// How people see one of a noun.
pub(crate) const fn page<N: Show>() -> Page {
    Page {
        key: N::KEY,
        names: N::NAMES,
        filters: N::FILTERS,
        one: true,
        handler: |call| Box::pin(show::<N>(call)),
    }
}

/// Shows one, which its path names as the API does.
pub(crate) async fn show<N: Show>(mut call: Call) -> Answer {
    let one = One::<N>::found(&mut call).await?;
    let (frame, page) = one.page(&call, &[]).await?;
    Ok(frame::answer(&frame, &console::one(&frame.look, &page)))
}

/// One that was found, and how it was named.
pub(crate) struct One<N: Show> {
    pub whole: N::Whole,
    name: String,
}

impl<N: Show> One<N> {
    /// The one that the path names.
    pub async fn found(call: &mut Call) -> Result<One<N>, Problem> {
        let name = nouns::named::<N>(call).await?;
        let (whole, _) = nouns::found::<N>(call, &name).await?;
        Ok(One { whole, name })
    }

    /// What its page has, whatever the noun is, and the frame around it. `beside` is what else is shown, for its names.
    pub async fn page(&self, call: &Call, beside: &[Cell]) -> Result<(Frame, OnePage), Problem> {
        let viewer = Viewer::of(call.identity()?);
        let plain = Plain {
            key: N::KEY,
            names: N::NAMES,
            pairs: N::details(&self.whole),
            name: &self.name,
            actions: actions(call, &self.name, &|verb| {
                N::hinders(&self.whole, viewer, verb).is_none()
            })?,
        };
        page_of(call, plain, beside).await
    }
}

/// What the page of one takes from its noun. All else is the same for every noun, and there once in the program.
struct Plain<'a> {
    key: &'static str,
    names: (&'static str, &'static str),
    pairs: Vec<Titled>,
    name: &'a str,
    actions: Vec<Action>,
}

async fn page_of(call: &Call, plain: Plain<'_>, beside: &[Cell]) -> Result<(Frame, OnePage), Problem> {
    let Plain {
        key, names, pairs, ..
    } = plain;
    let id = id_in(&pairs).unwrap_or_else(|| plain.name.to_owned());
    let list = list_of(call);
    let mut frame = frame::of(call, "").await;
    let cells = pairs.iter().map(|(_, cell)| cell).chain(beside);
    frame.look.names = frame::names(call, cells).await?;
    frame.title = called(&frame.look, &title(names.0), &pairs, plain.name);
    let principal = &call.identity()?.principal;
    let tampered = match (views::table_of(key), id.parse()) {
        (Some(table), Ok(id)) => call.app.engine.row_doubt(table, id).await?.is_some(),
        _ => false,
    };
    // No command relies on what was changed by hand: each would be refused.
    let actions = if tampered { Vec::new() } else { plain.actions };
    let page = OnePage {
        tampered,
        title: frame.title.clone(),
        list: (list.to_owned(), frame::called(list, names.1)),
        actions,
        related: related(call, principal, (key, names.0), &id),
        told: history::of(call, &id).await?,
        call: curl(call, ""),
        pairs,
    };
    Ok((frame, page))
}

/// The list that has the one in the path.
fn list_of(call: &Call) -> &str {
    let path = call.parts.uri.path();
    path.rsplit_once('/').map_or("/", |(list, _)| list)
}

/// What this reader may be offered to do with it: what their role allows, and it lets happen as it stands.
fn actions(call: &Call, name: &str, lets: &dyn Fn(&str) -> bool) -> Result<Vec<Action>, Problem> {
    let list = list_of(call);
    let forms = call.app.site.forms_for(&call.identity()?.principal);
    let of_one = forms.filter(|form| form.is_of_one() && form.list() == list);
    let possible = of_one.filter(|form| lets(form.verb_of_one()));
    Ok(possible
        .map(|form| Action {
            label: form.title.to_owned(),
            href: form.path.replace("{id}", &console::encoded(name)),
            danger: form.is_final(),
        })
        .collect())
}

/// The id that stands among the details.
fn id_in(pairs: &[Titled]) -> Option<String> {
    pairs.iter().find_map(|(name, cell)| match cell {
        Cell::Text(text) if *name == "Id" => Some(text.clone()),
        _ => None,
    })
}

/// How it is called in a title: by a name that people gave it, by what it is and whose, or by what named it in the address.
fn called(look: &Look, noun: &str, pairs: &[Titled], name: &str) -> String {
    let find = |titles: &[&str]| {
        let found = |(title, cell): &&Titled| titles.contains(title) && *cell != Cell::Empty;
        let found = pairs.iter().find(found);
        found.map(|(_, cell)| console::components::text(look, cell))
    };
    let id = |text: &String| Uuid::try_parse(text.rsplit(':').next().unwrap_or_default()).is_ok();
    if let Some(given) = find(&["Name", "User name", "Code", "Workflow", "Title", "Action"]) {
        return format!("{noun} {given}");
    }
    if let (Some(kind), Some(amount)) = (find(&["Kind"]), find(&["Amount"])) {
        return format!("{noun}: {kind} of {amount}");
    }
    match find(&["Account", "User"]).filter(|whose| !id(whose)) {
        Some(whose) => format!("{noun} of {whose}"),
        None => format!("{noun} {name}"),
    }
}

/// What belongs to it elsewhere: its entries, and every list that can be narrowed down to it.
fn related(call: &Call, principal: &Principal, (key, one): (&str, &str), id: &str) -> Vec<(String, String)> {
    let mut related = Vec::new();
    if key != "entries" && principal.holds(Permission::AuditRead) {
        let query = console::query([("target", id)]);
        related.push(("Its entries".to_owned(), format!("/audit/entries{query}")));
    }
    if ["agents", "users"].contains(&key) && principal.holds(Permission::AuditRead) {
        let query = console::query([("actor", id)]);
        related.push(("What it did".to_owned(), format!("/audit/entries{query}")));
    }
    if key == "users" && principal.holds(Permission::AuditRead) {
        let query = console::query([("user", id), ("kind", "authn_*")]);
        related.push(("Sign-ins".to_owned(), format!("/activity{query}")));
    }
    if ["api_keys", "sessions"].contains(&key) && principal.holds(Permission::AuditRead) {
        let query = console::query([("recorded_by", id)]);
        related.push(("What it wrote".to_owned(), format!("/audit/entries{query}")));
    }
    for list in call.app.site.lists_for(principal) {
        let about = |filter: &&views::Filter| {
            let by_word = filter.name == one;
            by_word
                && matches!(
                    filter.takes(),
                    Takes::User | Takes::Agent | Takes::Asset | Takes::Balance | Takes::Id | Takes::Text(_)
                )
        };
        if let Some(filter) = list.filters.iter().find(about) {
            let query = console::query([(filter.name, id)]);
            related.push((
                frame::called(list.path, list.names.1),
                format!("{}{query}", list.path),
            ));
        }
    }
    related
}
