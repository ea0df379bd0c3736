//! What the console consists of: its lists and its forms, as they follow from the table of routes.

use std::sync::Arc;

use domain::identity::Principal;
use uuid::Uuid;
use views::Filter;

use crate::console::believed::Believed;
use crate::console::form::Form;
use crate::endpoint::Access;

/// Lists and forms.
#[derive(Default)]
pub(crate) struct Site {
    pub lists: Vec<List>,
    pub forms: Vec<Form>,
    /// What is wrong, as it was found last.
    pub banners: Believed<Vec<console::Banner>>,
    /// Users whose names are offered while one is typed.
    pub offered: Believed<Arc<[(Uuid, String)]>>,
}

/// A list.
pub(crate) struct List {
    /// The noun's key.
    pub key: &'static str,
    /// One of them, and several, for people.
    pub names: (&'static str, &'static str),
    /// Where it is, and where the API has it.
    pub path: &'static str,
    pub api: &'static str,
    pub access: Access,
    pub filters: &'static [Filter],
    /// Whether each of them has a page.
    pub shows: bool,
}

impl Site {
    /// The lists that a caller may open.
    pub fn lists_for<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a List> {
        self.lists.iter().filter(|list| list.access.offered(principal))
    }

    /// Keys and paths of lists whose rows have a page that the caller may open.
    pub fn paths_for(&self, principal: &Principal) -> Vec<(&'static str, &'static str)> {
        let shown = self.lists_for(principal).filter(|list| list.shows);
        shown.map(|list| (list.key, list.path)).collect()
    }

    /// The forms that a caller may be offered.
    pub fn forms_for<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a Form> {
        self.forms
            .iter()
            .filter(|form| form.offered && form.access.offered(principal))
    }
}
