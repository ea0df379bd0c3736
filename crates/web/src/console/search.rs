//! `GET /search`: to what an id, an index, a name, an e-mail address, a transaction or a trace means.

use console::SearchPage;
use http::StatusCode;

use crate::call::{Answer, Call};
use crate::console::place::title;
use crate::console::{api, frame, redirect};
use crate::endpoint::Verb;
use crate::problem::Problem;
use crate::query::Fields;

/// Lists whose things people name otherwise than by their ids.
const NAMED: [&str; 3] = ["users", "agents", "assets"];
/// Filters by what somebody may have in hand: the list's key, and the filter.
const HELD: [(&str, &str); 3] = [
    ("operations", "tx_hash"),
    ("executions", "trace_id"),
    ("conversations", "thread_id"),
];
/// Longest text that is looked for, in characters.
const TEXT_LEN_MAX: usize = 254;

pub(crate) async fn show(call: Call) -> Answer {
    frame::free(&call)?;
    let given = Fields::parse(call.parts.uri.query().unwrap_or_default())?;
    let text: String = given.get("q").trim().chars().take(TEXT_LEN_MAX).collect();
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
    let text = page.text.clone();
    let is_id = uuid::Uuid::try_parse(&text).is_ok();
    let is_index = text.bytes().all(|byte| byte.is_ascii_digit());
    let principal = &call.identity()?.principal;
    let word = console::encoded(&text);
    for list in call.app.site.lists_for(principal).filter(|list| list.shows) {
        let named = NAMED.contains(&list.key);
        let fits = is_id || named || is_index && list.key == "entries";
        if !fits {
            continue;
        }
        page.tried.push(list.names.1.to_owned());
        let shown = api::call(call, Verb::Get, &format!("{}/{word}", list.api), &[], None).await?;
        if shown.status == StatusCode::OK {
            page.found
                .push((title(list.names.0), text.clone(), format!("{}/{word}", list.path)));
        }
    }
    for (key, filter) in HELD {
        let list = call
            .app
            .site
            .lists_for(principal)
            .find(|list| list.key == key && list.shows);
        let Some(list) = list.filter(|list| list.filters.iter().any(|one| one.name == filter)) else {
            continue;
        };
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
