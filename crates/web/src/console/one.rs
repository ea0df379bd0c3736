//! One of a noun as a page.

use console::{Action, Frame, OnePage};
use domain::identity::{Permission, Principal};
use views::{Cell, Noun, Show, Takes, Titled, Viewer};

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
        let pairs = N::details(&self.whole);
        let id = id_in(&pairs).unwrap_or_else(|| self.name.clone());
        let path = call.parts.uri.path();
        let list = path.rsplit_once('/').map_or("/", |(list, _)| list).to_owned();
        let words = words(&pairs, &self.name);
        let mut frame = frame::of(call, format!("{} {words}", title(N::NAMES.0))).await;
        let mut cells: Vec<&Cell> = pairs.iter().map(|(_, cell)| cell).collect();
        cells.extend(beside);
        frame.look.names = frame::names(call, cells.iter().copied()).await?;
        let principal = &call.identity()?.principal;
        let page = OnePage {
            title: format!("{} {words}", title(N::NAMES.0)),
            list: (list.clone(), frame::called(&list, N::NAMES.1)),
            actions: self.actions(call, &list)?,
            related: related::<N>(call, principal, &id),
            told: history::of(call, &id).await?,
            call: curl(call, ""),
            pairs,
        };
        Ok((frame, page))
    }

    /// What this reader may be offered to do with it: what their role allows, and it lets happen as it stands.
    fn actions(&self, call: &Call, list: &str) -> Result<Vec<Action>, Problem> {
        let identity = call.identity()?;
        let forms = call.app.site.forms_for(&identity.principal);
        let of_one = forms.filter(|form| form.is_of_one() && form.list() == list);
        let viewer = Viewer::of(identity);
        let possible = of_one.filter(|form| N::hinders(&self.whole, viewer, form.verb_of_one()).is_none());
        Ok(possible
            .map(|form| Action {
                label: form.title.to_owned(),
                href: form.path.replace("{id}", &console::encoded(&self.name)),
                danger: form.is_final(),
            })
            .collect())
    }
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

/// What belongs to it elsewhere: its entries, and every list that can be narrowed down to it.
fn related<N: Noun>(call: &Call, principal: &Principal, id: &str) -> Vec<(String, String)> {
    let mut related = Vec::new();
    if N::KEY != "entries" && principal.holds(Permission::AuditRead) {
        let query = console::query([("target", id)]);
        related.push(("Its entries".to_owned(), format!("/audit/entries{query}")));
    }
    if ["agents", "users"].contains(&N::KEY) && principal.holds(Permission::AuditRead) {
        let query = console::query([("actor", id)]);
        related.push(("What it did".to_owned(), format!("/audit/entries{query}")));
    }
    if N::KEY == "users" && principal.holds(Permission::AuditRead) {
        let query = console::query([("user", id), ("kind", "authn_*")]);
        related.push(("Sign-ins".to_owned(), format!("/activity{query}")));
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
