//! Nouns of which there is a row each, in a table: their pages, and one of them.

use domain::FieldError;
use domain::record::{Record, Sealed, Val};
use engine::list::{Condition, Order, place};
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cursor::Place;
use crate::filter::{Asked, Filter, Given, Kind};
use crate::noun::{Noun, Page, Paging, Reads};
use crate::unread::left_out;
use crate::viewer::Viewer;

/// A place among the rows of a table: after the one that has these values in the columns by which they are listed.
pub trait RowPlace: Place {
    /// The place after the row that has these values.
    fn of(values: &[Val]) -> Option<Self>;
    /// The values.
    fn values(self) -> Vec<Val>;
}

impl RowPlace for Uuid {
    fn of(values: &[Val]) -> Option<Uuid> {
        match values {
            [Val::Uuid(id)] => Some(*id),
            _ => None,
        }
    }

    fn values(self) -> Vec<Val> {
        vec![self.into()]
    }
}

impl RowPlace for (Timestamp, Uuid) {
    fn of(values: &[Val]) -> Option<(Timestamp, Uuid)> {
        match values {
            [Val::Time(time), Val::Uuid(id)] => Some((*time, *id)),
            _ => None,
        }
    }

    fn values(self) -> Vec<Val> {
        vec![self.0.into(), self.1.into()]
    }
}

/// A noun of which there is a row each, in a table. The type is that of its rows; `rows!()` in its `impl Noun` makes its
/// pages.
pub trait Rows: Noun<Place: RowPlace> + Record {
    /// The columns by whose order they are listed.
    const BY: &'static [&'static str] = &["id"];

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
        let paging = Paging {
            limit: Some(Self::RECORDS_MAX),
            ..Paging::ALL
        };
        Self::paged(engine, viewer, user, paging).await
    }

    /// The newest of a user, a page of the log.
    pub async fn newest(engine: &Engine, viewer: Viewer<'_>, user: Uuid) -> Result<Part<N>, Error> {
        let paging = Paging {
            order: Order::Descending,
            ..Paging::ALL
        };
        Self::paged(engine, viewer, user, paging).await
    }

    async fn paged(
        engine: &Engine,
        viewer: Viewer<'_>,
        user: Uuid,
        paging: Paging<N::Place>,
    ) -> Result<Part<N>, Error> {
        let asked = Asked(vec![("user", Given::Id(user))]);
        let page = N::page(engine, viewer, &asked, paging).await?;
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
            (
                Kind::User(column) | Kind::Asset(column) | Kind::Agent(column) | Kind::Id(column),
                Given::Id(id),
            ) => Some(Condition::Is(column, id.into())),
            (Kind::From(column), Given::Time(time)) => Some(Condition::From(column, time.into())),
            (Kind::Before(column), Given::Time(time)) => Some(Condition::Before(column, time.into())),
            (Kind::Word(_, condition), Given::Text(word)) => Some(condition(&word, now)?),
            (Kind::Role(column) | Kind::Is(_, column), Given::Text(text)) => {
                Some(Condition::Is(column, text.into()))
            }
            (Kind::Text(_, columns), Given::Text(text)) => Some(Condition::Holds(columns, text)),
            (Kind::Flag(flag), Given::Flag(yes)) => (flag.condition)(yes),
            (Kind::Own(_), _) => None,
            (kind, given) => return Err(FieldError::new(self.name, format!("{given:?} is no {kind:?}"))),
        })
    }
}

/// Whose rows alone this viewer may read, if not all; `named` is whether they named a user.
pub(crate) fn own<N: Noun>(viewer: Viewer<'_>, named: bool) -> Option<(&'static str, Uuid)> {
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

/// What the rows fulfil that this viewer may read and that every filter given leaves.
pub(crate) fn conditions<N: Rows>(
    viewer: Viewer<'_>,
    asked: &Asked,
    now: Timestamp,
) -> Result<Vec<Condition>, FieldError> {
    let mut conditions = Vec::new();
    let named = asked.get("user").is_some();
    if let Some((column, id)) = own::<N>(viewer, named) {
        conditions.push(Condition::Is(column, id.into()));
    }
    conditions.extend(N::always(now));
    for filter in N::FILTERS {
        if let Some(value) = asked.get(filter.name).cloned().or(filter.usual()) {
            conditions.extend(filter.condition(value, now)?);
        }
    }
    Ok(conditions)
}

/// A page of the rows that this viewer may read and that fulfil every filter given.
pub(crate) async fn of_rows<N: Rows>(
    engine: &Engine,
    viewer: Viewer<'_>,
    asked: &Asked,
    paging: Paging<N::Place>,
) -> Result<Page<N>, Error> {
    let mut conditions = conditions::<N>(viewer, asked, engine.now())?;
    let mut unread = Vec::new();
    let after = paging.after.map(RowPlace::values);
    let (rows, more) = loop {
        let by = (N::BY, paging.order);
        let found = engine.select_by::<N>(by, &conditions, after.clone(), paging.limit);
        match found.await {
            Ok(found) => break found,
            Err(error) => {
                let id = left_out::<N>(error, &mut unread)?;
                conditions.push(Condition::IsNot("id", id.into()));
            }
        }
    };
    let last = rows.last().filter(|_| more);
    let next = last.and_then(|sealed| N::Place::of(&place(&sealed.row, N::BY)));
    let next = next.map(|next| next.encode(paging.order));
    let views = N::views(engine, viewer, rows).await?;
    Ok(Page {
        unread,
        ..Page::of(views, next)
    })
}

/// The row of this id, where this viewer may read it.
pub(crate) async fn row<N: Noun + Record>(
    engine: &Engine,
    viewer: Viewer<'_>,
    id: &str,
) -> Result<Option<Sealed<N>>, Error> {
    let Some(id) = domain::own_id::parse(id) else {
        return Ok(None);
    };
    let found = engine.row::<N>(id).await?;
    Ok(found.and_then(|sealed| seen(viewer, sealed)))
}

/// The row, where this viewer may read it.
pub(crate) fn seen<N: Noun + Record>(viewer: Viewer<'_>, sealed: Sealed<N>) -> Option<Sealed<N>> {
    let own = own::<N>(viewer, true);
    own.is_none_or(|(column, id)| sealed.row.value(column) == Some(id.into()))
        .then_some(sealed)
}

/// The pages of a noun of which there is a row each, for its `impl Noun`.
macro_rules! rows {
    () => {
        $crate::rows::rows!(uuid::Uuid);
    };
    ($place:ty) => {
        type Place = $place;

        async fn page(
            engine: &engine::Engine,
            viewer: $crate::Viewer<'_>,
            asked: &$crate::Asked,
            paging: $crate::Paging<$place>,
        ) -> Result<$crate::Page<Self>, engine::Error> {
            $crate::rows::of_rows(engine, viewer, asked, paging).await
        }
    };
}
pub(crate) use rows;

/// For a noun whose rows lead to themselves, by their ids.
macro_rules! leads {
    () => {
        fn leads(view: &Self::View) -> Option<(&'static str, String)> {
            Some((Self::KEY, view.id.to_string()))
        }
    };
}
pub(crate) use leads;

/// For a noun of which a list shows all there is to know.
macro_rules! whole_is_view {
    () => {
        type Whole = Self::View;

        async fn find(
            engine: &engine::Engine,
            viewer: $crate::Viewer<'_>,
            name: &str,
        ) -> Result<$crate::noun::Found<Self>, engine::Error> {
            let Some(row) = $crate::rows::row::<Self>(engine, viewer, name).await? else {
                return Ok(None);
            };
            let version = row.version;
            let mut views = <Self as $crate::rows::Rows>::views(engine, viewer, vec![row]).await?;
            Ok(views.pop().map(|view| (view, version)))
        }
    };
}
pub(crate) use whole_is_view;
