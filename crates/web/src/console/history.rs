//! What happened to one thing, as its entries tell it.

use console::components::{TOLD_MAX, Told};
use domain::audit::activity::sentence;
use domain::identity::Permission;
use evidence::leaf::{RecordedBy, RecorderKind};
use views::{Asked, Entry, Given, Noun, Paging, Viewer};

use crate::call::Call;
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
    let told = page.views.iter().map(|entry| Told {
        index: entry.index,
        at: entry.at,
        sentence: sentence(entry),
        recorder: recorder(&entry.recorded_by),
    });
    Ok(told.collect())
}

/// The credential behind an entry, in words.
fn recorder(by: &RecordedBy) -> String {
    let kind = match by.kind {
        RecorderKind::ApiKey => "API key",
        other => other.as_str(),
    };
    by.id.map_or_else(|| kind.to_owned(), |id| format!("{kind} {id}"))
}
