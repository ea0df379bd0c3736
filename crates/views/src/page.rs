//! Lists, a page at a time, and one of them.

use std::borrow::Cow;

use domain::FieldError;
use engine::list::Condition;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use uuid::Uuid;

use crate::cursor;
use crate::filter::{Filter, Given, Kind};
use crate::noun::{Noun, Reads, Show, Shown};
use crate::viewer::Viewer;

/// A page of a list as it is answered: the rows under the noun's name, and where the next page begins.
pub struct Page<N: Noun> {
    /// The rows.
    pub views: Vec<N::View>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
}

impl<N: Noun> Shown for Page<N> {
    fn example() -> Page<N> {
        Page {
            views: vec![N::View::example()],
            next: None,
        }
    }
}

impl<N: Noun> Serialize for Page<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        members.serialize_entry(N::KEY, &self.views)?;
        members.serialize_entry("next", &self.next)?;
        members.end()
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
            "properties": {"next": {"type": ["string", "null"], "description": "Cursor of the next page."}},
        });
        schema.ensure_object()["properties"][N::KEY] = generator.subschema_for::<Vec<N::View>>().into();
        schema
    }
}

/// The first rows of a list, as they stand in something else.
#[derive(Serialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(inline, bound = "N: Noun")]
pub struct Part<N: Noun> {
    /// The rows.
    pub records: Vec<N::View>,
    /// Where their list goes on.
    pub next: Option<String>,
}

impl<N: Noun> Part<N> {
    /// Most rows of a part.
    const RECORDS_MAX: u32 = 1_000;

    /// Those of a user.
    pub async fn of(engine: &Engine, viewer: Viewer<'_>, user: Uuid) -> Result<Part<N>, Error> {
        let given = vec![("user", Given::Id(user))];
        let page: Page<N> = list(engine, viewer, given, None, Some(Self::RECORDS_MAX)).await?;
        Ok(Part {
            records: page.views,
            next: page.next,
        })
    }
}

impl Filter {
    /// What follows from it.
    fn condition(&self, given: Given, now: Timestamp) -> Result<Option<Condition>, FieldError> {
        Ok(match (self.kind, given) {
            (Kind::User(column) | Kind::Asset(column), Given::Id(id)) => {
                Some(Condition::Is(column, id.into()))
            }
            (Kind::Word(_, condition), Given::Text(word)) => Some(condition(&word, now)?),
            (Kind::Role(column), Given::Text(role)) => Some(Condition::Is(column, role.into())),
            (Kind::Text(_, columns), Given::Text(text)) => Some(Condition::Holds(columns, text)),
            (Kind::Flag(flag), Given::Flag(yes)) => (flag.condition)(yes),
            (kind, given) => return Err(FieldError::new(self.name, format!("{given:?} is no {kind:?}"))),
        })
    }
}

/// Whose rows alone this viewer may read, if not all; `named` is whether they named a user.
fn own<N: Noun>(viewer: Viewer<'_>, named: bool) -> Option<(&'static str, Uuid)> {
    match N::READ {
        Reads::OwnOr(_, all, column) if !viewer.holds(all) => {
            Some((column, viewer.own().unwrap_or_default()))
        }
        Reads::OwnOrNamed(all, column) if !(named && viewer.holds(all)) => {
            viewer.own().map(|own| (column, own))
        }
        _ => None,
    }
}

/// The rows that this viewer may read and that fulfil every filter given, after the one of id `after`: at most so many,
/// all unless given.
pub async fn list<N: Noun>(
    engine: &Engine,
    viewer: Viewer<'_>,
    given: Vec<(&'static str, Given)>,
    after: Option<Uuid>,
    limit: Option<u32>,
) -> Result<Page<N>, Error> {
    let mut conditions = Vec::new();
    let named = given.iter().any(|(name, _)| *name == "user");
    if let Some((column, id)) = own::<N>(viewer, named) {
        conditions.push(Condition::Is(column, id.into()));
    }
    let now = engine.now();
    conditions.extend(N::always(now));
    for filter in N::FILTERS {
        let found = given.iter().find(|(name, _)| *name == filter.name);
        let value = found.map(|(_, value)| value.clone()).or(filter.usual());
        if let Some(value) = value {
            conditions.extend(filter.condition(value, now)?);
        }
    }
    let (rows, more) = engine.select::<N>(&conditions, after, limit).await?;
    let next = rows
        .last()
        .filter(|_| more)
        .map(|sealed| cursor::encode_id(sealed.row.id()));
    let views = N::views(engine, viewer, rows).await?;
    Ok(Page { views, next })
}

/// Whether this viewer may read a row.
pub fn may_read<N: Noun>(row: &N, viewer: Viewer<'_>) -> bool {
    own::<N>(viewer, true).is_none_or(|(column, id)| row.value(column) == Some(id.into()))
}

/// The row of this id, where this viewer may read it, and its version.
pub async fn show<N: Show>(
    engine: &Engine,
    viewer: Viewer<'_>,
    id: Uuid,
) -> Result<Option<(N::Whole, u64)>, Error> {
    let Some(row) = engine.row::<N>(id).await? else {
        return Ok(None);
    };
    if !may_read(&row.row, viewer) {
        return Ok(None);
    }
    let version = row.version;
    Ok(Some((N::whole(engine, viewer, row).await?, version)))
}
