//! `GET /search`: to what an id or a part of one, an index, a name, an e-mail address, a transaction or a trace means.

use console::SearchPage;
use domain::custody::House;
use http::StatusCode;
use views::{PartOfId, Viewer, called};

use crate::call::{Answer, Call};
use crate::console::place::title;
use crate::console::site::List;
use crate::console::{api, frame, redirect};
use crate::endpoint::Verb;
use crate::listed::TAMPERED;
use crate::problem::Problem;
use crate::query::Fields;

/// Lists whose things people name otherwise than by their ids.
const NAMED: [&str; 3] = ["users", "agents", "assets"];
/// Lists whose things have a name that is not theirs alone.
const CALLED: [&str; 2] = ["users", "api_keys"];
/// Filters by what somebody may have in hand: the list's key, and the filter.
const HELD: [(&str, &str); 4] = [
    ("operations", "tx_hash"),
    ("executions", "trace_id"),
    ("executions", "workflow"),
    ("conversations", "thread_id"),
];
/// What stands before the names of the house's own accounts.
const HOUSE: &str = "house:";
/// What tokens of sessions begin with.
const SESSION_BEGINS: &str = "prs_";
/// Longest text that is looked for, in characters.
const TEXT_LEN_MAX: usize = 254;
/// Most of one kind that are shown.
const SHOWN_MAX: u32 = 8;

pub(crate) async fn show(call: Call) -> Answer {
    frame::free(&call)?;
    let given = Fields::parse(call.parts.uri.query().unwrap_or_default())?;
    let text: String = given.get("q").trim().chars().take(TEXT_LEN_MAX).collect();
    // What is secret does not stay in the address, or in what a browser remembers.
    if text.contains(SESSION_BEGINS) {
        return Ok(redirect::to("/search"));
    }
    if let Some(shown) = views::shown_of_key(&text).filter(|shown| shown.len() < text.len()) {
        return Ok(redirect::to(&format!(
            "/search{}",
            console::query([("q", shown)])
        )));
    }
    let mut page = SearchPage {
        text: text.clone(),
        ..SearchPage::default()
    };
    if !text.is_empty() {
        look(&call, &mut page).await?;
    }
    // Who sees only one thing is taken there.
    if let [(_, _, href)] = page.found.as_slice() {
        return Ok(redirect::to(href));
    }
    let frame = frame::of(&call, format!("Search, {} found", page.found.len())).await;
    Ok(frame::answer(&frame, &console::search(&page)))
}

async fn look(call: &Call, page: &mut SearchPage) -> Result<(), Problem> {
    // As accounts, actors and targets are written: the kind of thing stands before its name.
    let of_kind = |(kind, name): (&str, &str)| {
        let word = |list: &&List| list.names.0.replace(' ', "_").eq_ignore_ascii_case(kind);
        let list = call.app.site.lists.iter().find(word)?;
        Some((list.key, name.to_owned()))
    };
    let of_kind = page.text.split_once(':').and_then(of_kind);
    let (before, text) = match of_kind {
        Some((key, name)) => (Some(key), name),
        None => (None, page.text.clone()),
    };
    let is_id = uuid::Uuid::try_parse(&text).is_ok();
    let part = PartOfId::parse(&text);
    let is_index = text.bytes().all(|byte| byte.is_ascii_digit());
    let principal = &call.identity()?.principal;
    let viewer = Viewer::of(call.identity()?);
    let engine = &call.app.engine;
    let meant = |list: &&List| list.shows && before.is_none_or(|key| key == list.key);
    for list in call.app.site.lists_for(principal).filter(meant) {
        let direct = is_id || NAMED.contains(&list.key) || is_index && list.key == "entries";
        if direct && add(call, page, list, &text).await? {
            continue;
        }
        let mut names: Vec<String> = Vec::new();
        if let Some(part) = &part {
            names.extend(part.names(engine, viewer, list.key, SHOWN_MAX).await?);
        }
        if CALLED.contains(&list.key) {
            let found = called(engine, viewer, list.key, &text, SHOWN_MAX).await?;
            names.extend(found.iter().map(ToString::to_string));
        }
        for name in names {
            add(call, page, list, &name).await?;
        }
        if direct || part.is_some() || CALLED.contains(&list.key) {
            page.tried.push(list.names.1.to_owned());
        }
    }
    let lower = page.text.to_ascii_lowercase();
    if lower
        .strip_prefix(HOUSE)
        .is_some_and(|name| House::parse(name).is_some())
        && let Some(list) = call
            .app
            .site
            .lists_for(principal)
            .find(|list| list.key == "balances")
    {
        let href = format!("{}{}", list.path, console::query([("house", "true")]));
        page.found
            .push((title(list.names.1), "of the house".to_owned(), href));
    }
    for (key, filter) in HELD {
        let mut lists = call.app.site.lists_for(principal).filter(meant);
        let list = lists.find(|list| list.key == key && list.filters.iter().any(|one| one.name == filter));
        let Some(list) = list else { continue };
        page.tried
            .push(format!("{} by {}", list.names.1, filter.replace('_', " ")));
        let query = console::query([(filter, text.as_str())]);
        let shown = api::call(call, Verb::Get, &format!("{}{query}", list.api), &[], None).await?;
        let some = shown.body[key].as_array().is_some_and(|rows| !rows.is_empty());
        if some {
            page.found
                .push((title(list.names.1), text.clone(), format!("{}{query}", list.path)));
        }
    }
    Ok(())
}

/// Adds the one of a list that this names, and says whether there is one that the reader may see.
async fn add(call: &Call, page: &mut SearchPage, list: &List, name: &str) -> Result<bool, Problem> {
    let shown = api::one(call, list.api, name).await?;
    // What was changed by hand is there, and its page says so.
    if shown.status != StatusCode::OK && shown.said("code") != Some(TAMPERED.1) {
        return Ok(false);
    }
    let said = match shown.name() {
        Some(given) if given != name => format!("{given} ({name})"),
        _ => name.to_owned(),
    };
    let href = format!("{}/{}", list.path, console::encoded(name));
    page.found.push((title(list.names.0), said, href));
    Ok(true)
}
