//! What is said of a noun, once.

use std::borrow::Cow;
use std::time::Duration;

use domain::code::Code;
use domain::identity::Permission;
use engine::list::Order;
use engine::{Engine, Error, SEARCH_TIME, database};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use uuid::Uuid;

use crate::cell::{Columns, Titled};
use crate::chart::Chart;
use crate::cursor::Place;
use crate::filter::{Asked, Filter};
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

/// A noun: what there is of it outside, as a list.
pub trait Noun: Sized + Send + Sync + 'static {
    /// One of them as it is shown.
    type View: Shown + Send + Sync;
    /// A place in the list.
    type Place: Place;

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
    /// Whether a list of them may be a search, which waits for its turn, or is told that too many do.
    const SEARCHED: bool = false;
    /// Whether each is an entry of the log, so that a list of all leaves none out.
    const OF_LOG: bool = false;
    /// What a list of them may be refused with, beside what its filters are.
    const REFUSALS: &'static [&'static Code] = &[];
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
    /// The usual order, where another may be asked for.
    const ORDER: Option<Order> = None;
    /// The order where none is asked for: that of ids, or the newest of the log first.
    const USUAL: Order = match Self::ORDER {
        Some(order) => order,
        None if Self::Place::IN_LOG => Order::Descending,
        None => Order::Ascending,
    };

    /// What a row of the list leads to: the list that has it, by its [`Noun::KEY`], and what names it there.
    fn leads(_: &Self::View) -> Option<(&'static str, String)> {
        None
    }

    /// What of them is drawn, where that says more than numbers.
    fn chart(_: &[Self::View]) -> Option<Chart> {
        None
    }

    /// A page of those that this viewer may see and that fulfil every filter given.
    fn page(
        engine: &Engine,
        viewer: Viewer<'_>,
        asked: &Asked,
        paging: Paging<Self::Place>,
    ) -> impl Future<Output = Result<Page<Self>, Error>> + Send;

    /// The same as JSON, with the cursor of the next page. Rows that are stored as JSON have a shorter way than their views.
    fn page_as_json(
        engine: &Engine,
        viewer: Viewer<'_>,
        asked: &Asked,
        paging: Paging<Self::Place>,
    ) -> impl Future<Output = Result<(Vec<u8>, Option<String>), Error>> + Send {
        async move {
            let page = Self::page(engine, viewer, asked, paging).await?;
            Ok((page.rows().to_json()?, page.next))
        }
    }
}

/// How a noun is named in a path and on the command line, where that is not by its id.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// What is said of it.
    pub doc: &'static str,
    /// Its word on the command line.
    pub word: &'static str,
    /// What it is like, as a regular expression.
    pub pattern: &'static str,
    /// Some.
    pub examples: &'static [&'static str],
    /// What it must be.
    pub must: &'static str,
    /// Whether a text is that.
    pub good: fn(&str) -> bool,
}

/// One of a noun with all there is to know of it, and its version, where there is one that the viewer may see.
pub type Found<N> = Option<(<N as Show>::Whole, u64)>;

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
    /// How one is named, where that is not by its id.
    const NAMED: Option<Named> = None;

    /// The one of this name.
    fn find(
        engine: &Engine,
        viewer: Viewer<'_>,
        name: &str,
    ) -> impl Future<Output = Result<Found<Self>, Error>> + Send;

    /// The same for people.
    fn details(whole: &Self::Whole) -> Vec<Titled>;

    /// Why this cannot be done with it as it stands, by this viewer, whatever else they may do; none where nothing hinders it.
    /// `verb` is what the path of the endpoint ends with: `disable`, `vote`; for changing it `edit`.
    fn hinders(_: &Self::Whole, _: Viewer<'_>, _verb: &str) -> Option<String> {
        None
    }
}

/// A page of a list as it is answered: the rows under the noun's name, and where the next page begins.
pub struct Page<N: Noun> {
    /// The rows.
    pub views: Vec<N::View>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
    /// How many entries the log has, of a list of them.
    pub size: Option<u64>,
    /// Ids of rows that would stand here, and that do not read: somebody changed them by hand.
    pub unread: Vec<Uuid>,
    /// Indexes of entries that are missing here, of a list of the whole log: somebody removed them by hand.
    pub missing: Vec<u64>,
}

/// How many there are on a page of what nobody wants all of.
pub const LIMIT_USUAL: u32 = 50;

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Paging<P> {
    /// In which order; that of ids has no other.
    pub order: Order,
    /// The place behind which it begins.
    pub after: Option<P>,
    /// How many at most; all unless given, where that is a number that somebody would want.
    pub limit: Option<u32>,
    /// How long a search reads before it answers with what it found.
    pub search_time: Duration,
}

impl<P> Paging<P> {
    /// All of them, in the order of their ids.
    pub const ALL: Paging<P> = Paging {
        order: Order::Ascending,
        after: None,
        limit: None,
        search_time: SEARCH_TIME,
    };
}

impl<N: Noun> Shown for Page<N> {
    fn example() -> Page<N> {
        Page::of(vec![N::View::example()], None)
    }
}

impl<N: Noun> Page<N> {
    /// One of these rows, in which nothing was changed by hand.
    pub(crate) fn of(views: Vec<N::View>, next: Option<String>) -> Page<N> {
        Page {
            views,
            next,
            size: None,
            unread: Vec::new(),
            missing: Vec::new(),
        }
    }
}

/// What a page is in JSON, whatever its rows are.
pub(crate) struct Rows<'a, V> {
    pub key: &'static str,
    pub views: &'a [V],
    pub next: Option<&'a str>,
    pub unread: &'a [Uuid],
    pub missing: &'a [u64],
}

impl<V: Serialize> Rows<'_, V> {
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        Ok(serde_json::to_vec(self).map_err(|error| database::Error::data(error.to_string()))?)
    }
}

impl<V: Serialize> Serialize for Rows<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry(self.key, self.views)?;
        members.serialize_entry("next", &self.next)?;
        if !self.unread.is_empty() {
            members.serialize_entry("unreadable", self.unread)?;
        }
        if !self.missing.is_empty() {
            members.serialize_entry("missing", self.missing)?;
        }
        members.end()
    }
}

impl<N: Noun> Page<N> {
    pub(crate) fn rows(&self) -> Rows<'_, N::View> {
        Rows {
            key: N::KEY,
            views: &self.views,
            next: self.next.as_deref(),
            unread: &self.unread,
            missing: &self.missing,
        }
    }
}

impl<N: Noun> Serialize for Page<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows().serialize(serializer)
    }
}

impl<N: Noun> JsonSchema for Page<N> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        N::KEY.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "type": "object",
            "required": [N::KEY, "next"],
            "properties": {
                "next": {"type": ["string", "null"], "description": "Cursor of the next page."},
                "unreadable": {
                    "type": "array",
                    "items": {"type": "string", "format": "uuid"},
                    "description": "Ids of rows that would stand here and do not read, where there are some: somebody changed \
                                    them by hand.",
                },
            },
        });
        if N::OF_LOG {
            schema.ensure_object()["properties"]["missing"] = json_schema!({
                "type": "array",
                "items": {"type": "integer", "minimum": 0},
                "description": "Indexes of entries that would stand between these and are missing, where there are some: somebody \
                                removed them by hand. Said of the whole log alone, without a filter, and of at most 20.",
            })
            .into();
        }
        schema.ensure_object()["properties"][N::KEY] = generator.subschema_for::<Vec<N::View>>().into();
        schema
    }
}
