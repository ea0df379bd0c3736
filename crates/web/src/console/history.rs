//! What happened to one thing, as its entries tell it.

use std::collections::HashMap;

use console::components::{TOLD_MAX, Told};
use domain::audit::sentence::sentence;
use domain::identity::Permission;
use evidence::leaf::{RecordedBy, RecorderKind};
use uuid::Uuid;
use views::{ApiKey, Asked, Cell, Entry, Given, Noun, Paging, Viewer};

use crate::call::Call;
use crate::console::frame;
use crate::problem::Problem;

/// The first entries about the target of this id, oldest first, for who may read entries.
pub(crate) async fn of(call: &Call, target: &str) -> Result<Vec<Told>, Problem> {
    let identity = call.identity()?;
    if !identity.principal.holds(Permission::AuditRead) {
        return Ok(Vec::new());
    }
    let asked = Asked(vec![("target", Given::Text(target.to_owned()))]);
    let paging = Paging {
        limit: Some(u32::from(TOLD_MAX)),
        ..Paging::ALL
    };
    let page = Entry::page(&call.app.engine, Viewer::of(identity), &asked, paging).await?;
    let sentences: Vec<Cell> = page.views.iter().map(said).collect();
    let names = frame::names(call, sentences.iter()).await?;
    let by_key = |entry: &&Entry| entry.recorded_by.kind == RecorderKind::ApiKey;
    let by_keys = page
        .views
        .iter()
        .filter(by_key)
        .filter_map(|entry| entry.recorded_by.id);
    let keys = if identity.principal.holds(Permission::ApiKeysRead) {
        call.app.engine.rows::<ApiKey>(by_keys).await?
    } else {
        HashMap::new()
    };
    let told = page.views.iter().zip(&sentences).map(|(entry, said)| Told {
        index: entry.index,
        at: entry.at,
        sentence: names.text(said, |_, _| String::new()),
        recorder: recorder(&entry.recorded_by, &keys),
    });
    Ok(told.collect())
}

/// What an entry tells of, in a sentence.
pub(crate) fn said(entry: &Entry) -> Cell {
    views::told(sentence(entry), entry.description.is_none())
}

/// The credential behind an entry, in words: a key by its name, where that is known.
fn recorder(by: &RecordedBy, keys: &HashMap<Uuid, ApiKey>) -> String {
    let kind = match by.kind {
        RecorderKind::ApiKey => "API key",
        other => other.as_str(),
    };
    let Some(id) = by.id else { return kind.to_owned() };
    let name = keys.get(&id).map(|key| key.name.clone());
    let name = name.unwrap_or_else(|| console::components::short(&id.to_string()));
    format!("{kind} {name}")
}
