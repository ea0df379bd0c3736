//! What is said of a noun, once.

use domain::code::Code;
use domain::identity::Permission;
use domain::record::{Record, Sealed};
use engine::list::Condition;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cell::{Columns, Titled};
use crate::filter::Filter;
use crate::viewer::Viewer;

/// Who may read the rows of a noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Everyone who calls.
    Everyone,
    /// Who holds this permission.
    Holders(Permission),
    /// Who holds the first permission, what is their own: this column is their id. Who holds the other one, all.
    OwnOr(Permission, Permission, &'static str),
    /// Everyone, what is their own: this column is their id. Who holds the permission, what is that of a user whom they
    /// name as `user`.
    OwnOrNamed(Permission, &'static str),
}

/// How something is called in the documentation.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Name of the operation, for generated clients.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// As many as it takes.
    pub description: &'static str,
}

/// What an answer shows: its schema is that of its type, its example a value of it.
pub trait Shown: Serialize + JsonSchema {
    /// An example.
    fn example() -> Self;
}

/// A noun: what its rows are outside. The type is that of its rows.
pub trait Noun: Record + Send + Sync + 'static {
    /// A row as it is shown.
    type View: Shown + Send + Sync;

    /// One of them, and several, for people.
    const NAMES: (&'static str, &'static str);
    /// The member of an answer that holds several.
    const KEY: &'static str;
    /// Their group in the documentation.
    const TAG: &'static str;
    /// The word for them on the command line.
    const COMMAND: &'static str;
    /// What is said of the list.
    const LIST: About;
    /// What the list can be narrowed down by.
    const FILTERS: &'static [Filter];
    /// Who may read them.
    const READ: Reads;
    /// The columns of a table of them, and what stands there.
    const COLUMNS: Columns<Self::View>;
    /// Whether it shows users' names to whoever reads it, who may then name users too.
    const SHOWS_NAMES: bool = false;
    /// The columns by which a table is sorted, where ids are in no order that people know.
    const SORTED_BY: &'static [usize] = &[];

    /// What a row must fulfil to be listed at all.
    fn always(_: Timestamp) -> Option<Condition> {
        None
    }

    /// The rows as this viewer sees them.
    fn views(
        engine: &Engine,
        viewer: Viewer<'_>,
        rows: Vec<Sealed<Self>>,
    ) -> impl Future<Output = Result<Vec<Self::View>, Error>> + Send;
}

/// A noun that is shown one by one.
pub trait Show: Noun {
    /// One of them with all there is to know of it.
    type Whole: Shown + Send + Sync;

    /// What is said of showing one.
    const SHOW: About;
    /// The code of the refusal where there is none.
    const UNKNOWN: &'static Code;

    /// Whether one that somebody may not read is not there for them; otherwise reading it is refused.
    const HIDDEN: bool = true;
    /// Whether its answer says which version it shows, for `If-Match`.
    const TAGGED: bool = true;

    /// One row as this viewer sees it.
    fn whole(
        engine: &Engine,
        viewer: Viewer<'_>,
        row: Sealed<Self>,
    ) -> impl Future<Output = Result<Self::Whole, Error>> + Send;

    /// The same for people.
    fn details(whole: &Self::Whole) -> Vec<Titled>;
}

/// For a noun of which a list shows all there is to know.
macro_rules! whole_is_view {
    () => {
        type Whole = Self::View;

        async fn whole(
            engine: &engine::Engine,
            viewer: $crate::Viewer<'_>,
            row: domain::record::Sealed<Self>,
        ) -> Result<Self::View, engine::Error> {
            let mut views = Self::views(engine, viewer, vec![row]).await?;
            Ok(views.remove(0))
        }
    };
}
pub(crate) use whole_is_view;
