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
use uuid::Uuid;
use views::{Asked, Cell, Entry, Filter, Noun, Paging, Place, Takes, User, UserListed, Viewer};

use crate::audit::page as pages;
use crate::call::{Answer, Call, Page};
use crate::console::place::{EXPORT, place};
use crate::console::{canonical, frame, presets, problem, redirect};
use crate::nouns;
use crate::problem::Problem;
use crate::query::Query;

/// How people see a noun's list.
pub(crate) const fn page<N: Noun>() -> Page {
    Page {
        key: N::KEY,
        names: N::NAMES,
        filters: N::FILTERS,
        one: false,
        handler: |call| Box::pin(show::<N>(call)),
    }
}

/// How long a search reads before the page says how far it is: who looks at a page can go on with a click.
pub(crate) const SEARCH_TIME: Duration = Duration::from_millis(250);

/// Most names that are offered while one is typed.
const NAMES_MAX: u32 = 100;

/// What was asked for, and what is wrong with it.
struct Wanted<P> {
    query: Query,
    asked: Asked,
    paging: Paging<P>,
    problems: Vec<Problem>,
}

/// Shows a list.
pub(crate) async fn show<N: Noun>(call: Call) -> Answer {
    let zone = frame::zone(&call.parts);
    let path = call.parts.uri.path().to_owned();
    if let Some(query) = canonical::query(call.parts.uri.query().unwrap_or_default(), N::FILTERS, &zone) {
        return Ok(redirect::to(&format!("{path}{query}")));
    }
    let mut wanted = wanted::<N>(&call).await;
    let viewer = Viewer::of(call.identity()?);
    let found = match N::page(&call.app.engine, viewer, &wanted.asked, wanted.paging).await {
        Ok(found) => Some(found),
        Err(error) => {
            let problem = Problem::from(error);
            // What a filter asks for may not be there.
            if !N::FILTERS
                .iter()
                .any(|filter| problem.field.as_deref() == Some(filter.name))
            {
                return Err(problem);
            }
            wanted.problems.push(problem);
            None
        }
    };
    let (views, next) = found.map_or_else(|| (Vec::new(), None), |found| (found.views, found.next));
    let stopped = N::SEARCHED && next.is_some() && views.len() < wanted.paging.limit.unwrap_or(0) as usize;
    let mut rows: Vec<Row> = Vec::with_capacity(views.len());
    let principal = &call.identity()?.principal;
    let paths = call.app.site.paths_for(principal);
    for view in &views {
        let href = N::leads(view).and_then(|(key, name)| leads_to(&call, &paths, key, &name, &path));
        let cells = N::COLUMNS.iter().map(|(_, cell)| cell(view)).collect();
        rows.push(Row { href, cells });
    }
    let place = next
        .as_deref()
        .and_then(|next| N::Place::decode(wanted.paging.order, next));
    let next_entry = place.and_then(Place::entry);
    let called = frame::called(&path, N::NAMES.1);
    let mut frame = frame::of(&call, format!("{called}, {} shown", rows.len())).await;
    frame.look.names = frame::names(&call, rows.iter().flat_map(|row| &row.cells)).await?;
    let live = live::<N>(&wanted);
    if live.is_some() {
        frame.scripts.push(&LIVE);
    }
    let mut fields = fields::<N>(&call, &wanted.query, &zone);
    offer_names(&call, &mut fields, N::FILTERS).await?;
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
        many: N::NAMES.1,
        about: N::LIST.summary,
        fields,
        chips: chips(&pairs, without),
        presets: presets::of(&call, N::KEY, &frame.look).await?,
        others: presets::others(N::KEY, &pairs),
        problems: problems.into_iter().map(words).collect(),
        columns: N::COLUMNS.iter().map(|(column, _)| *column).collect(),
        parts: parts::<N>(rows, &frame.look.zone),
        next: next.map(|next| {
            let kept = pairs.iter().copied().filter(|(known, _)| *known != "cursor");
            format!(
                "{path}{}",
                console::query(kept.chain([("cursor", next.as_str())]))
            )
        }),
        first: wanted.paging.after.is_some().then(|| without("cursor")),
        stopped,
        looked_until: looked_until(&call, next_entry.filter(|_| stopped), &wanted.asked).await?,
        export: as_file(&call, N::KEY, &wanted.query, &wanted.asked)?,
        actions: actions(&call, &path)?,
        call: api_call(&call, &pairs),
        live,
        chart: N::chart(&views),
        commands: Vec::new(),
        path,
    };
    Ok(frame::answer(&frame, &console::list(&frame.look, &page)))
}

/// What the address asks for. What is wrong in it is left out, and said.
async fn wanted<N: Noun>(call: &Call) -> Wanted<N::Place> {
    let (query, mut problems) = call.each();
    let (asked, wrong) = nouns::filters_each::<N>(call, &query).await;
    problems.extend(wrong);
    let order = pages::order(&query, N::USUAL);
    let order = order
        .map_err(|problem| problems.push(problem))
        .unwrap_or(N::USUAL);
    let after = pages::after::<N::Place>(&query, order);
    let after = after.map_err(|problem| problems.push(problem)).unwrap_or(None);
    let limit = pages::limit(&query);
    let limit = limit
        .map_err(|problem| problems.push(problem))
        .unwrap_or(views::LIMIT_USUAL);
    let engine = &call.app.engine;
    let within = pages::within_log(engine, "cursor", after.and_then(Place::entry)).await;
    let after = after.filter(|_| within.is_ok());
    problems.extend(within.err());
    let paging = Paging {
        order,
        after,
        limit: Some(limit),
        search_time: SEARCH_TIME,
    };
    Wanted {
        query,
        asked,
        paging,
        problems,
    }
}

/// The time as far as which a search has looked: that of the entry, in the order that the list has.
async fn looked_until(call: &Call, entry: Option<u64>, asked: &Asked) -> Result<Option<Timestamp>, Problem> {
    let Some(index) = entry else { return Ok(None) };
    let found = call.app.engine.entry(EntryKey::Index(index)).await?;
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

fn fields<N: Noun>(call: &Call, query: &Query, zone: &Zone) -> Vec<Field> {
    let mut fields: Vec<Field> = N::FILTERS
        .iter()
        .map(|filter| field(call, filter, query, zone))
        .collect();
    if N::ORDER.is_some() {
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
        Takes::Role => words_of(
            call.app
                .engine
                .rules()
                .roles()
                .iter()
                .map(|role| role.name.as_str()),
        ),
        Takes::Flag(_) | Takes::Either => Input::Flag,
        Takes::Time => Input::Time,
        Takes::Text(most) => Input::Line(Some(most as u64)),
        _ => Input::Line(Some(254)),
    };
    let value = match filter.takes() {
        // As clocks show it here, for the field; what is no time stays as it was given.
        Takes::Time => given
            .parse::<Timestamp>()
            .map_or_else(|_| given.to_owned(), |time| zone.typed(time)),
        _ => given.to_owned(),
    };
    let mut field = Field::new(filter.name, filter.name, input)
        .doc(filter.doc)
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
fn parts<N: Noun>(rows: Vec<Row>, zone: &Zone) -> Vec<(Option<String>, Vec<Row>)> {
    if N::KEY != "activities" {
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
fn live<N: Noun>(wanted: &Wanted<N::Place>) -> Option<String> {
    let newest = wanted.paging.after.is_none() && wanted.paging.order == Order::Descending;
    let in_log =
        ["activities", "entries"].contains(&N::KEY) && wanted.asked.flag("by_timestamp") != Some(true);
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
