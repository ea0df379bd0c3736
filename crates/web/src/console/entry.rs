//! The page of an entry.

use console::EntryPage;
use console::assets::VERIFY;
use views::{Entry, Noun};

use crate::call::{Answer, Call};
use crate::console::list::curl;
use crate::console::{frame, history};
use crate::nouns;

/// Shows an entry.
pub(crate) async fn show(mut call: Call) -> Answer {
    let name = nouns::named::<Entry>(&mut call).await?;
    let (entry, _) = nouns::found::<Entry>(&call, &name).await?;
    let path = call.parts.uri.path().to_owned();
    let list = path.rsplit_once('/').map_or("/", |(list, _)| list).to_owned();
    let called = frame::called(&list, Entry::NAMES.1);
    let mut frame = frame::of(&call, format!("Entry {}", entry.index)).await;
    let sentence = history::said(&entry);
    frame.look.names = frame::names(&call, [&sentence].into_iter()).await?;
    frame.scripts.push(&VERIFY);
    let page = EntryPage {
        sentence: console::components::text(&frame.look, &sentence),
        changed: views::changed(&entry),
        related: related(&entry, &list),
        key: call.app.engine.verifier_key().to_string(),
        list: (list, called),
        call: curl(&call, ""),
        entry,
    };
    Ok(frame::answer(&frame, &console::entry(&frame.look, &page)))
}

/// Other entries that share something with this one.
fn related(entry: &Entry, list: &str) -> Vec<(String, String)> {
    let target = entry.target.as_ref().and_then(|target| target.id.clone());
    let recorder = entry.recorded_by.id.map(|id| id.to_string());
    let shared = [
        (
            "Of the same actor",
            "actor",
            entry.actor.id.clone().or(entry.actor.name.clone()),
        ),
        ("About the same target", "target", target),
        ("With the same credential", "recorded_by", recorder),
        ("Of the same session", "text", entry.session_id.clone()),
        ("Of the same trace", "text", entry.trace_id.clone()),
    ];
    let link = |(words, filter, value): (&str, &str, Option<String>)| {
        let query = console::query([(filter, &*value?)]);
        Some((words.to_owned(), format!("{list}{query}")))
    };
    shared.into_iter().filter_map(link).collect()
}
