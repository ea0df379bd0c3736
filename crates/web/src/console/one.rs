//! One of a noun as a page.

use console::{Action, OnePage};
use domain::identity::{Permission, Principal};
use views::{Cell, Noun, Show, Takes, Titled, User};

use crate::call::{Answer, Call, Page};
use crate::console::frame;
use crate::console::list::curl;
use crate::console::place::title;
use crate::nouns;

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
    let name = nouns::named::<N>(&mut call).await?;
    shown::<N>(&call, &name).await
}

/// Shows a user, who may be named by user name or e-mail address too.
pub(crate) async fn user(mut call: Call) -> Answer {
    let name = call.path().await?;
    shown::<User>(&call, &name).await
}

async fn shown<N: Show>(call: &Call, name: &str) -> Answer {
    let (whole, _) = nouns::found::<N>(call, name).await?;
    let pairs = N::details(&whole);
    let id = id_in(&pairs).unwrap_or_else(|| name.to_owned());
    let path = call.parts.uri.path().to_owned();
    let list = path.rsplit_once('/').map_or("/", |(list, _)| list).to_owned();
    let called = frame::called(&list, N::NAMES.1);
    let mut frame = frame::of(call, format!("{} {name}", title(N::NAMES.0))).await;
    frame.look.names = frame::names(call, pairs.iter().map(|(_, cell)| cell)).await?;
    let principal = &call.identity()?.principal;
    let page = OnePage {
        title: format!("{} {}", title(N::NAMES.0), words(&pairs, name)),
        list: (list.clone(), called),
        actions: actions(call, principal, &list, name),
        related: related::<N>(call, principal, &id),
        call: curl(call, ""),
        pairs,
    };
    Ok(frame::answer(&frame, &console::one(&frame.look, &page)))
}

/// The id that stands among the details.
fn id_in(pairs: &[Titled]) -> Option<String> {
    pairs.iter().find_map(|(name, cell)| match cell {
        Cell::Text(text) if *name == "Id" => Some(text.clone()),
        _ => None,
    })
}

/// How it is called in a title: by a name that people gave it, where it has one.
fn words(pairs: &[Titled], name: &str) -> String {
    let named = pairs.iter().find_map(|(title, cell)| match cell {
        Cell::Text(text) if ["Name", "User name", "Code", "Workflow", "Title"].contains(title) => {
            Some(text.clone())
        }
        _ => None,
    });
    named.unwrap_or_else(|| name.to_owned())
}

/// What this caller may be offered to do with it.
pub(crate) fn actions(call: &Call, principal: &Principal, list: &str, name: &str) -> Vec<Action> {
    let forms = call.app.site.forms_for(principal);
    let of_one = forms.filter(|form| form.is_of_one() && form.list() == list);
    of_one
        .map(|form| Action {
            label: form.title.to_owned(),
            href: form.path.replace("{id}", &console::encoded(name)),
            danger: form.is_final(),
        })
        .collect()
}

/// What belongs to it elsewhere: its entries, and every list that can be narrowed down to it.
fn related<N: Noun>(call: &Call, principal: &Principal, id: &str) -> Vec<(String, String)> {
    let mut related = Vec::new();
    if N::KEY != "entries" && principal.holds(Permission::AuditRead) {
        let query = console::query([("target", id)]);
        related.push(("Its entries".to_owned(), format!("/audit/entries{query}")));
    }
    if ["api_keys", "sessions"].contains(&N::KEY) && principal.holds(Permission::AuditRead) {
        let query = console::query([("recorded_by", id)]);
        related.push(("What it wrote".to_owned(), format!("/audit/entries{query}")));
    }
    for list in call.app.site.lists_for(principal) {
        let about = |filter: &&views::Filter| {
            let by_word = filter.name == N::NAMES.0;
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
