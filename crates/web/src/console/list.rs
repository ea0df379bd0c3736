//! Lists of nouns as pages.

use std::sync::Arc;
use std::time::Duration;

use console::assets::LIVE;
use console::components::{Field, Input, Offer, Row};
use console::{Action, Chip, ListPage, Zone};
use domain::identity::Permission;
use engine::EntryKey;
use engine::list::Order;
use evidence::Timestamp;
use futures_util::future::BoxFuture;
use uuid::Uuid;
use views::{
    Asked, Cell, Chart, Column, Entry, Filter, Noun, Paging, Place, Takes, User, UserListed, Viewer,
};

use crate::audit::page as pages;
use crate::call::{Answer, Call, Page};
use crate::console::place::{EXPORT, place};
use crate::console::{canonical, frame, gaps, presets, problem, redirect};
use crate::nouns::Reading;
use crate::problem::Problem;
use crate::query::Query;

/// How people see a noun's list.
pub(crate) const fn page<N: Noun>() -> Page {
    Page {
        key: N::KEY,
        names: N::NAMES,
        filters: N::FILTERS,
        one: false,
        handler: |call| Box::pin(show(call, Kind::of::<N>())),
    }
}

/// How long a search reads before the page says how far it is: who looks at a page can go on with a click.
pub(crate) const SEARCH_TIME: Duration = Duration::from_millis(250);

/// Most names that are offered while one is typed.
const NAMES_MAX: u32 = 100;

/// What a list takes from its noun. All else is the same for every noun, and there once in the program.
struct Kind {
    key: &'static str,
    names: (&'static str, &'static str),
    about: &'static str,
    reading: Reading,
    columns: Vec<Column>,
    /// Whether the order can be chosen, and which one is usual.
    ordered: bool,
    usual: Order,
    searched: bool,
    /// The entry that a cursor stands at, in a list that is in the log's order; no cursor is none.
    entry: fn(Order, &str) -> Option<Option<u64>>,
    load: for<'a> fn(&'a Call, &'a Wanted) -> BoxFuture<'a, Result<Loaded, Problem>>,
}

impl Kind {
    fn of<N: Noun>() -> Kind {
        Kind {
            key: N::KEY,
            names: N::NAMES,
            about: N::LIST.summary,
            reading: Reading::of::<N>(),
            columns: N::COLUMNS.iter().map(|(column, _)| *column).collect(),
            ordered: N::ORDER.is_some(),
            usual: N::USUAL,
            searched: N::SEARCHED,
            entry: |order, word| N::Place::decode(order, word).map(Place::entry),
            load: |call, wanted| Box::pin(load::<N>(call, wanted)),
        }
    }
}

/// What was asked for, and what is wrong with it.
struct Wanted {
    query: Query,
    asked: Asked,
    order: Order,
    /// The word for where the page begins, if that is not where the list does.
    cursor: Option<String>,
    limit: u32,
    problems: Vec<Problem>,
}

/// What a row leads to, by the key of its list and its name there, and its cells.
type Found = (Option<(&'static str, String)>, Vec<Cell>);

/// What was found.
#[derive(Default)]
struct Loaded {
    rows: Vec<Found>,
    next: Option<String>,
    chart: Option<Chart>,
    unread: Vec<Uuid>,
    missing: Vec<u64>,
}

/// A page of a noun's list.
async fn load<N: Noun>(call: &Call, wanted: &Wanted) -> Result<Loaded, Problem> {
    let place = |word: &String| N::Place::decode(wanted.order, word);
    let paging = Paging {
        order: wanted.order,
        after: wanted.cursor.as_ref().and_then(place),
        limit: Some(wanted.limit),
        search_time: SEARCH_TIME,
    };
    let viewer = Viewer::of(call.identity()?);
    let found = N::page(&call.app.engine, viewer, &wanted.asked, paging)
        .await
        .map_err(Problem::of_read)?;
    let cells = |view| N::COLUMNS.iter().map(|(_, cell)| cell(view)).collect();
    Ok(Loaded {
        rows: found
            .views
            .iter()
            .map(|view| (N::leads(view), cells(view)))
            .collect(),
        chart: N::chart(&found.views),
        next: found.next,
        unread: found.unread,
        missing: found.missing,
    })
}

/// Shows a list.
async fn show(call: Call, kind: Kind) -> Answer {
    let zone = frame::zone(&call.parts);
    let path = call.parts.uri.path().to_owned();
    let filters = kind.reading.filters;
    if let Some(query) = canonical::query(call.parts.uri.query().unwrap_or_default(), filters, &zone) {
        return Ok(redirect::to(&format!("{path}{query}")));
    }
    let mut wanted = wanted(&call, &kind).await;
    let found = match (kind.load)(&call, &wanted).await {
        Ok(found) => found,
        Err(problem) => {
            // What a filter asks for may not be there.
            if !filters
                .iter()
                .any(|filter| problem.field.as_deref() == Some(filter.name))
            {
                return Err(problem);
            }
            wanted.problems.push(problem);
            Loaded::default()
        }
    };
    let stopped = kind.searched && found.next.is_some() && found.rows.len() < wanted.limit as usize;
    let unread = found.unread.into_iter();
    wanted
        .problems
        .extend(unread.map(|id| Problem::unread(kind.names.0, id)));
    let mut rows = rows(&call, found.rows, &path)?;
    if kind.key == Entry::KEY {
        rows = gaps::named(rows, &found.missing, &path);
    } else {
        wanted
            .problems
            .extend(found.missing.into_iter().map(Problem::missing));
    }
    let place = found.next.as_deref().filter(|_| stopped);
    let next_entry = place.and_then(|next| (kind.entry)(wanted.order, next)).flatten();
    let called = frame::called(&path, kind.names.1);
    let mut frame = frame::of(&call, format!("{called}, {} shown", rows.len())).await;
    frame.look.names = frame::names(&call, rows.iter().flat_map(|row| &row.cells)).await?;
    let live = live(kind.key, &wanted);
    if live.is_some() {
        frame.scripts.push(&LIVE);
    }
    let mut fields = fields(&call, &kind, &wanted.query, &zone);
    offer_names(&call, &mut fields, filters).await?;
    let problems = problem::beside(&mut fields, wanted.problems);
    let pairs: Vec<(&str, &str)> = wanted.query.pairs().collect();
    let without = |name: &str| {
        let kept = pairs
            .iter()
            .copied()
            .filter(|(known, _)| *known != name && *known != "cursor");
        format!("{path}{}", console::query(kept))
    };
    let page = ListPage {
        title: called,
        many: kind.names.1,
        about: kind.about,
        fields,
        chips: chips(&pairs, without),
        presets: presets::of(&call, kind.key, &frame.look).await?,
        others: presets::others(kind.key, &pairs),
        problems: problems.into_iter().map(words).collect(),
        parts: parts(kind.key, rows, &frame.look.zone),
        columns: kind.columns,
        next: found.next.map(|next| {
            let kept = pairs.iter().copied().filter(|(known, _)| *known != "cursor");
            let query = console::query(kept.chain([("cursor", next.as_str())]));
            format!("{path}{query}")
        }),
        first: wanted.cursor.is_some().then(|| without("cursor")),
        stopped,
        looked_until: looked_until(&call, next_entry, &wanted.asked).await?,
        export: as_file(&call, kind.key, &wanted.query, &wanted.asked)?,
        actions: actions(&call, &path)?,
        call: api_call(&call, &pairs),
        live,
        chart: found.chart,
        commands: Vec::new(),
        path,
    };
    Ok(frame::answer(&frame, &console::list(&frame.look, &page)))
}

/// The rows, each with where it leads.
fn rows(call: &Call, found: Vec<Found>, list: &str) -> Result<Vec<Row>, Problem> {
    let paths = call.app.site.paths_for(&call.identity()?.principal);
    let row = |(leads, cells): (Option<(&str, String)>, _)| Row {
        href: leads.and_then(|(key, name)| leads_to(call, &paths, key, &name, list)),
        cells,
    };
    Ok(found.into_iter().map(row).collect())
}

/// What the address asks for. What is wrong in it is left out, and said.
async fn wanted(call: &Call, kind: &Kind) -> Wanted {
    let (query, mut problems) = call.each();
    let (asked, wrong) = kind.reading.each(call, &query).await;
    problems.extend(wrong);
    let order = pages::order(&query, kind.usual);
    let order = order
        .map_err(|problem| problems.push(problem))
        .unwrap_or(kind.usual);
    let entry = pages::cursor(&query, |word| (kind.entry)(order, word));
    let entry = entry.map_err(|problem| problems.push(problem)).unwrap_or(None);
    let limit = pages::limit(&query);
    let limit = limit
        .map_err(|problem| problems.push(problem))
        .unwrap_or(views::LIMIT_USUAL);
    let within = pages::within_log(&call.app.engine, "cursor", entry.flatten()).await;
    let goes_on = entry.is_some() && within.is_ok();
    problems.extend(within.err());
    Wanted {
        cursor: query.get("cursor").filter(|_| goes_on).map(str::to_owned),
        query,
        asked,
        order,
        limit,
        problems,
    }
}

/// The time as far as which a search has looked: that of the entry, in the order that the list has.
async fn looked_until(call: &Call, entry: Option<u64>, asked: &Asked) -> Result<Option<Timestamp>, Problem> {
    let Some(index) = entry else { return Ok(None) };
    let found = match call.app.engine.entry(EntryKey::Index(index)).await {
        Err(error) if error.is_tampered() => None,
        found => found?,
    };
    let happened = asked.flag("by_timestamp") == Some(true);
    Ok(found.map(|entry| entry.occurred_at.filter(|_| happened).unwrap_or(entry.at)))
}

/// Where all of a list can be had as a file: of the audit log alone, by the filters in force.
fn as_file(call: &Call, key: &str, query: &Query, asked: &Asked) -> Result<Option<String>, Problem> {
    if key != Entry::KEY || !call.identity()?.principal.holds(Permission::AuditRead) {
        return Ok(None);
    }
    let in_force: Vec<(&str, &str)> = query
        .pairs()
        .filter(|(name, _)| asked.get(name).is_some())
        .collect();
    Ok(Some(format!("{EXPORT}{}", console::query(in_force))))
}

/// Where a row leads: to the page of what it is about, or else to what can be done with it.
fn leads_to(
    call: &Call,
    paths: &[(&'static str, &'static str)],
    key: &str,
    name: &str,
    list: &str,
) -> Option<String> {
    let name = console::encoded(name);
    if let Some((_, path)) = paths.iter().find(|(known, _)| *known == key) {
        return Some(format!("{path}/{name}"));
    }
    let principal = &call.identity().ok()?.principal;
    let mut forms = call.app.site.forms_for(principal);
    let form = forms.find(|form| form.is_of_one() && form.list() == list)?;
    Some(form.path.replace("{id}", &name))
}

fn words(problem: Problem) -> String {
    match problem.field {
        Some(field) => format!("{field}: {}", problem.detail),
        None => problem.detail,
    }
}

fn fields(call: &Call, kind: &Kind, query: &Query, zone: &Zone) -> Vec<Field> {
    let filters = kind.reading.filters.iter();
    let mut fields: Vec<Field> = filters.map(|filter| field(call, filter, query, zone)).collect();
    if kind.ordered {
        let order =
            Field::new("order", "order", words_of(["desc", "asc"])).doc("newest first, or oldest first");
        fields.push(order.value(query.get("order").unwrap_or_default()));
    }
    fields
}

fn words_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Input {
    Input::Words(words.into_iter().map(str::to_owned).collect())
}

/// A filter as a field, with what the address gives.
pub(crate) fn field(call: &Call, filter: &Filter, query: &Query, zone: &Zone) -> Field {
    let given = query.get(filter.name).unwrap_or_default();
    let input = match filter.takes() {
        Takes::Word(list) => words_of(list.iter().copied()),
        Takes::Role => Input::Words(frame::roles(call)),
        Takes::Flag(_) | Takes::Either => Input::Flag,
        Takes::Time => Input::Time,
        _ => Input::Line,
    };
    let value = match filter.takes() {
        // As clocks show it here, for the field; what is no time stays as it was given.
        Takes::Time => given
            .parse::<Timestamp>()
            .map_or_else(|_| given.to_owned(), |time| zone.typed(time)),
        _ => given.to_owned(),
    };
    let mut field = Field::new(filter.name, filter.name, input)
        .doc(filter.doc.replace('`', ""))
        .value(value);
    field.required = filter.required;
    if matches!(filter.takes(), Takes::Action) {
        field.offers = presets::actions();
    }
    field
}

/// Offers the names of users while one is typed, to who may read users.
async fn offer_names(call: &Call, fields: &mut [Field], filters: &[Filter]) -> Result<(), Problem> {
    // Entries name actors by their ids.
    let by_id = |filter: &Filter| filter.name == "actor";
    let of_user =
        |filter: &Filter| matches!(filter.takes(), Takes::User) || filter.name == "user" || by_id(filter);
    let principal = &call.identity()?.principal;
    if !principal.holds(Permission::UsersRead) || !filters.iter().any(of_user) {
        return Ok(());
    }
    let users = call.app.site.offered.or(offered(call)).await?;
    let offer = |(id, name): &(Uuid, String), by_id: bool| {
        if by_id {
            Offer {
                value: id.to_string(),
                label: Some(name.clone()),
            }
        } else {
            name.clone().into()
        }
    };
    for filter in filters.iter().filter(|filter| of_user(filter)) {
        if let Some(field) = fields.iter_mut().find(|field| field.name == filter.name) {
            field.offers = users.iter().map(|user| offer(user, by_id(filter))).collect();
        }
    }
    Ok(())
}

/// Users whose names are offered to whoever may read all users.
async fn offered(call: &Call) -> Result<Arc<[(Uuid, String)]>, Problem> {
    let paging = Paging {
        limit: Some(NAMES_MAX),
        ..Paging::ALL
    };
    let viewer = Viewer::of(call.identity()?);
    let page = User::page(&call.app.engine, viewer, &Asked::default(), paging).await?;
    let name = |UserListed { user, .. }: UserListed| (user.id, user.username);
    Ok(page.views.into_iter().map(name).collect())
}

fn chips(pairs: &[(&str, &str)], without: impl Fn(&str) -> String) -> Vec<Chip> {
    let filters = pairs
        .iter()
        .filter(|(name, _)| !["cursor", "limit"].contains(name));
    filters
        .map(|(name, value)| Chip {
            text: format!("{name}: {value}"),
            without: without(name),
        })
        .collect()
}

/// The rows; those of the activity by their days.
fn parts(key: &str, rows: Vec<Row>, zone: &Zone) -> Vec<(Option<String>, Vec<Row>)> {
    if key != "activities" {
        return vec![(None, rows)];
    }
    let mut parts: Vec<(Option<String>, Vec<Row>)> = Vec::new();
    for row in rows {
        let time = row.cells.iter().find_map(|cell| match cell {
            Cell::Time(at) | Cell::Second(at) => Some(*at),
            _ => None,
        });
        let day = time.map(|at| zone.weekday(at));
        match parts.last_mut() {
            Some((last, rows)) if *last == day => rows.push(row),
            _ => parts.push((day, vec![row])),
        }
    }
    parts
}

/// Where what is new comes from: the begin of a list in the order of the log, the newest first.
fn live(key: &str, wanted: &Wanted) -> Option<String> {
    let newest = wanted.cursor.is_none() && wanted.order == Order::Descending;
    let in_log = ["activities", "entries"].contains(&key) && wanted.asked.flag("by_timestamp") != Some(true);
    (newest && in_log).then(|| "/v1/activity/stream".to_owned())
}

fn actions(call: &Call, list: &str) -> Result<Vec<Action>, Problem> {
    let principal = &call.identity()?.principal;
    let forms = call.app.site.forms_for(principal);
    let of_list = forms.filter(|form| form.path == format!("{list}/new"));
    Ok(of_list
        .map(|form| Action {
            label: form.title.to_owned(),
            href: form.path.to_owned(),
            danger: false,
        })
        .collect())
}

/// The same as a call of the API, for a shell.
fn api_call(call: &Call, pairs: &[(&str, &str)]) -> String {
    let query = console::query(pairs.iter().copied());
    curl(call, &query)
}

/// The call of the API that this page shows, for a shell.
pub(crate) fn curl(call: &Call, query: &str) -> String {
    let path = call.parts.uri.path();
    let api = api_path(path);
    let url = call.app.settings.public_url.get().unwrap_or("$URL");
    format!("curl -sS \"{url}{api}{query}\" -H \"Authorization: Bearer $KEY\"")
}

/// The path of the API that a page shows.
fn api_path(path: &str) -> String {
    let metrics = place("/v1/metrics");
    match path.strip_prefix(&metrics) {
        Some(rest) => format!("/v1/metrics{rest}"),
        None => format!("/v1{path}"),
    }
}
