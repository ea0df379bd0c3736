//! Entries of the audit log.

use std::collections::BTreeSet;

use domain::audit::EntryFilter;
use domain::audit::event::{ID_LEN_MAX, KIND_LEN_MAX};
use domain::audit::sentence::sentence;
use domain::code::{self, Code};
use domain::identity::Permission;
use engine::list::{Order, Page as EntryPage};
use engine::{Engine, EntryKey, EntryPage as EntriesFound, Error, ShownEntry, told};
use evidence::entry::{Actor, Change, EntryEvidence, Target};
use evidence::json::StrictObject;
use evidence::leaf::{RecordedBy, RecorderKind};
use evidence::payload::DragMode;
use evidence::{ActorKind, Entry, Outcome};
use serde_json::{Map, Value};

use crate::cell::{Cell, Columns, Elide, Titled, column, number, state};
use crate::cursor::Place;
use crate::example::{at, id};
use crate::filter::{Asked, Filter, Given, Takes};
use crate::noun::{About, Found, LIMIT_USUAL, Named, Noun, Page, Paging, Reads, Rows, Show, Shown};
use crate::viewer::Viewer;

/// How what was changed by hand stands in a list.
pub const BY_HAND: &str = "changed by hand";

/// Longest text searched for, in characters.
const SEARCH_LEN_MAX: usize = 1_000;
/// Most missing entries that a page names.
const MISSING_MAX: usize = 20;
/// A page ends with the entry that reaches so many bytes: a thousand of them may be large.
const BYTES_MAX: u64 = 8 * 1024 * 1024;

impl Shown for Entry {
    fn example() -> Entry {
        Entry {
            id: id(1),
            index: 4711,
            at: at(21, 8),
            occurred_at: None,
            recorded_by: RecordedBy {
                kind: RecorderKind::ApiKey,
                id: Some(id(0xaa)),
            },
            actor: Actor {
                kind: ActorKind::User,
                id: Some("user-000042".to_owned()),
                name: Some("User 42".to_owned()),
                on_behalf_of: None,
            },
            action: "order.update".to_owned(),
            target: Some(Target {
                kind: "order".to_owned(),
                id: Some("A-1001".to_owned()),
            }),
            outcome: Outcome::Success,
            authority: "role:developer audit:write".to_owned(),
            description: Some("Changed the delivery address".to_owned()),
            details: None,
            changes: Vec::new(),
            ip: None,
            user_agent: None,
            trace_id: None,
            session_id: None,
            aim: None,
            drag_mode: None,
            erased: false,
            erased_by: None,
            pruned: false,
            tampered: None,
            evidence: EntryEvidence {
                leaf: r#"{"action":"order.update",…}"#.to_owned(),
                salt: Some("000102030405060708090a0b0c0d0e0f".to_owned()),
            },
        }
    }
}

/// The filter that was asked for.
pub fn entry_filter(asked: &Asked) -> EntryFilter {
    EntryFilter {
        actor: asked.text("actor"),
        aliases: Vec::new(),
        actor_kind: asked.word("actor_kind", ActorKind::parse),
        action: asked.text("action"),
        target_kind: asked.text("target_kind"),
        target: asked.text("target"),
        outcome: asked.word("outcome", Outcome::parse),
        from: asked.time("from"),
        to: asked.time("to"),
        text: asked.text("text"),
        ip: asked.text("ip"),
        recorded_by: asked.id("recorded_by"),
        by_timestamp: false,
    }
}

/// What was asked for, as an evidence bundle repeats it.
pub fn repeated(asked: &Asked) -> StrictObject {
    let words = |given: &Given| match given {
        Given::Id(id) => id.to_string(),
        Given::Text(text) => text.clone(),
        Given::Flag(yes) => yes.to_string(),
        Given::Time(time) => time.to_string(),
        Given::Amount(units) => units.to_string(),
    };
    let members = asked.0.iter();
    let mut members: Vec<_> = members
        .map(|(name, given)| ((*name).to_owned(), Value::from(words(given))))
        .collect();
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    StrictObject(members.into_iter().collect())
}

/// Which page of entries is asked for.
fn of(paging: Paging<u64>) -> EntryPage {
    EntryPage {
        order: paging.order,
        after: paging.after,
        limit: paging.limit.unwrap_or(LIMIT_USUAL),
    }
}

/// A page of the entries that fulfil a filter, and the entry behind which the next one begins.
/// With the indexes that are missing in it.
pub(crate) async fn entries(
    engine: &Engine,
    filter: &EntryFilter,
    paging: Paging<u64>,
) -> Result<(EntriesFound, Vec<u64>), Error> {
    let page = of(paging);
    let bounds = (BYTES_MAX, paging.search_time);
    let found = engine.entries_within(filter, page, bounds).await?;
    let indexes = found.entries.iter().map(|entry| entry.index);
    let missing = missing(filter, paging.after, indexes);
    Ok((found, missing))
}

/// What is missing between these entries, of the whole log: its indexes leave none out. Behind a filter nobody knows what a
/// missing entry would have been.
fn missing(filter: &EntryFilter, after: Option<u64>, indexes: impl Iterator<Item = u64>) -> Vec<u64> {
    if *filter != EntryFilter::default() {
        return Vec::new();
    }
    let mut missing = Vec::new();
    let mut before = after;
    for here in indexes {
        if let Some(before) = before {
            let (low, high) = (before.min(here), before.max(here));
            missing.extend((low + 1..high).take(MISSING_MAX - missing.len()));
        }
        before = Some(here);
    }
    for index in &missing {
        told::of_entry(*index, "it is missing");
    }
    missing
}

impl Noun for Entry {
    type View = Entry;
    type Place = u64;

    const NAMES: (&'static str, &'static str) = ("entry", "entries");
    const KEY: &'static str = "entries";
    const TAG: &'static str = "audit";
    const COMMAND: &'static str = "audit";
    const LIST: About = About {
        id: "list_entries",
        summary: "Entries, newest first",
        description: "Entries that fulfil every condition given, a page at a time. A log only grows: going on from a \
                      cursor neither repeats nor leaves out an entry. A page of large entries ends early, with the one \
                      that reaches 8 MiB. A search reads along the log for at most a second, and then answers with what \
                      it found, which may be nothing: where `next` is given, there is more to look at. It is a search \
                      where `text` is given, or `actor_kind` or `target_kind` with nothing that leads to few entries.",
    };
    const SEARCHED: bool = true;
    const OF_LOG: bool = true;
    const FILTERS: &'static [Filter] = &[
        Filter::own(
            "actor",
            "of this actor: the id, or the name where there is no id",
            Takes::Text(ID_LEN_MAX),
        ),
        Filter::own(
            "actor_kind",
            "of this kind of actor, such as by agents",
            Takes::Word(ActorKind::WORDS),
        )
        .option("actor-kind"),
        Filter::own(
            "action",
            "of this action; with a final `*`, of every action that begins so",
            Takes::Action,
        ),
        Filter::own(
            "target",
            "about the target of this id; of a user also what was refused about them and made nothing",
            Takes::Text(ID_LEN_MAX),
        ),
        Filter::own(
            "target_kind",
            "about this kind of target",
            Takes::Text(KIND_LEN_MAX),
        )
        .option("target-kind"),
        Filter::own("outcome", "of this outcome", Takes::Word(Outcome::WORDS)),
        Filter::own("from", "recorded at this time or later", Takes::Time).option("since"),
        Filter::own("to", "recorded before this time", Takes::Time).option("until"),
        Filter::own(
            "text",
            "with this text somewhere in their payload, in any case of ASCII letters; a search, which looks at every entry that the others leave",
            Takes::Text(SEARCH_LEN_MAX),
        ),
        Filter::own("ip", "from this network address", Takes::Address),
        Filter::own(
            "recorded_by",
            "that the API key or the session of this id wrote",
            Takes::Id,
        )
        .option("recorded-by"),
    ];
    const READ: Reads = Reads::Holders(Permission::AuditRead);
    const COLUMNS: Columns<Entry> = &[
        (number("index"), |entry| entry.index.into()),
        (column("at (UTC)", Elide::Never), |entry| Cell::Second(entry.at)),
        (column("actor", Elide::Name), |entry| {
            let actor = &entry.actor;
            let name = actor.name.as_deref().or(actor.id.as_deref());
            name.unwrap_or(actor.kind.as_str()).into()
        }),
        (column("action", Elide::Start).weighing(2), |entry| {
            (&entry.action).into()
        }),
        (column("target", Elide::Start), |entry| {
            let target = entry.target.as_ref();
            let words = target.map(|target| match &target.id {
                Some(id) => format!("{}:{id}", target.kind),
                None => target.kind.clone(),
            });
            words.into()
        }),
        (column("outcome", Elide::Never), |entry| match entry.tampered {
            Some(_) => state(BY_HAND),
            None => state(entry.outcome.as_str()),
        }),
    ];
    const ORDER: Option<Order> = Some(Order::Descending);

    fn leads(entry: &Entry) -> Option<(&'static str, String)> {
        Some((Self::KEY, entry.index.to_string()))
    }

    async fn page(
        engine: &Engine,
        _: Viewer<'_>,
        asked: &Asked,
        paging: Paging<u64>,
    ) -> Result<Page<Entry>, Error> {
        let (found, missing) = entries(engine, &entry_filter(asked), paging).await?;
        let next = found.next.map(|index| index.encode(paging.order));
        Ok(Page {
            size: Some(found.size),
            missing,
            ..Page::of(found.entries, next)
        })
    }

    async fn page_as_json(
        engine: &Engine,
        viewer: Viewer<'_>,
        asked: &Asked,
        paging: Paging<u64>,
    ) -> Result<(Vec<u8>, Option<String>), Error> {
        let filter = entry_filter(asked);
        let found = engine
            .shown_within(&filter, of(paging), (BYTES_MAX, paging.search_time))
            .await?;
        // What is kept in memory was checked to be whole.
        let stored = found.entries.iter().filter_map(|entry| match entry {
            ShownEntry::Stored(entry) => Some(entry.entry),
            ShownEntry::Kept(_) => None,
        });
        let missing = missing(&filter, paging.after, stored);
        let next = found.next.map(|index| index.encode(paging.order));
        let rows = Rows {
            key: Entry::KEY,
            views: &found.entries,
            next: next.as_deref(),
            unread: &[],
            missing: &missing,
        };
        if let Ok(json) = rows.to_json() {
            return Ok((json, next));
        }
        // Not every entry reads: each is shown as far as it does.
        let page = Self::page(engine, viewer, asked, paging).await?;
        Ok((page.rows().to_json()?, page.next))
    }
}

impl Show for Entry {
    type Whole = Entry;

    const SHOW: About = About {
        id: "show_entry",
        summary: "One entry",
        description: "By id or by index. What it shows can be checked against its leaf offline, and with a receipt \
                      against the log.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_ENTRY;
    const TAGGED: bool = false;
    const NAMED: Option<Named> = Some(Named {
        doc: "Id of the entry, or its index.",
        word: "ID|INDEX",
        pattern: "^(0|[1-9][0-9]{0,17}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$",
        examples: &["01970000-0000-7000-8000-000000000001", "4711"],
        must: "a UUID, or the index of an entry, such as 4711",
        good: |text| EntryKey::parse(text).is_some(),
    });

    async fn find(engine: &Engine, _: Viewer<'_>, name: &str) -> Result<Found<Entry>, Error> {
        let Some(key) = EntryKey::parse(name) else {
            return Ok(None);
        };
        // It never changes, but for being erased or pruned.
        Ok(engine.entry_checked(key).await?.map(|entry| (entry, 1)))
    }

    fn details(entry: &Entry) -> Vec<Titled> {
        let (actor, target) = (&entry.actor, entry.target.as_ref());
        let recorder = &entry.recorded_by;
        let recorder_id = recorder.id.map_or(String::new(), |id| format!(" {id}"));
        let pretty = |value: &Value| serde_json::to_string_pretty(value).ok();
        let aim = entry.aim.as_ref().and_then(|aim| serde_json::to_value(aim).ok());
        let details = entry
            .details
            .as_ref()
            .map(|details| Value::Object(details.0.clone()));
        let mut pairs: Vec<Titled> = vec![
            ("Entry", format!("{}  {}", entry.index, entry.id).into()),
            ("", sentence(entry).into()),
            ("Recorded at", entry.at.to_string().into()),
            (
                "Occurred at",
                entry.occurred_at.map(|time| time.to_string()).into(),
            ),
            (
                "Recorded by",
                format!("{}{recorder_id}", recorder.kind.as_str()).into(),
            ),
            ("Actor", actor.kind.as_str().into()),
            ("  id", actor.id.as_ref().into()),
            ("  name", actor.name.as_ref().into()),
            ("  on behalf of", actor.on_behalf_of.as_ref().into()),
            ("Action", (&entry.action).into()),
            ("Target", target.map(|target| &target.kind).into()),
            ("  id", target.and_then(|target| target.id.as_ref()).into()),
            ("Outcome", state(entry.outcome.as_str())),
            ("Authority", (&entry.authority).into()),
            ("Address", entry.ip.as_ref().into()),
            ("Program", entry.user_agent.as_ref().into()),
            ("Trace id", entry.trace_id.as_ref().into()),
            ("Session", entry.session_id.as_ref().into()),
            ("Mission", aim.as_ref().and_then(pretty).into()),
            ("DRAG mode", entry.drag_mode.map(DragMode::as_str).into()),
            ("Details", details.as_ref().and_then(pretty).into()),
        ];
        pairs.extend(
            entry
                .changes
                .iter()
                .map(|change| ("Changed", words(change).into())),
        );
        if let Some(what) = &entry.tampered {
            pairs.push(("Changed by hand", what.into()));
        }
        if entry.erased {
            let by = entry
                .erased_by
                .map_or(String::new(), |by| format!(" by entry {by}"));
            let text = format!("what was personal in it has been erased{by}; its proof still holds");
            pairs.push(("Erased", text.into()));
        }
        if entry.pruned {
            let text = "its details were kept for their time, and are gone; its proof still holds";
            pairs.push(("Pruned", text.into()));
        }
        pairs
    }
}

/// What became of a row, on a line for each column.
fn words(change: &Change) -> String {
    let empty = Map::new();
    let (before, after) = (
        change.before.as_ref().unwrap_or(&empty),
        change.after.as_ref().unwrap_or(&empty),
    );
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let show = |value: Option<&Value>| value.map_or("none".to_owned(), ToString::to_string);
    let mut lines = vec![format!(
        "{} {} (version {})",
        change.table, change.id, change.version
    )];
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            continue;
        }
        lines.push(match (change.before.is_some(), change.after.is_some()) {
            (true, true) => format!("  {name}: {} → {}", show(old), show(new)),
            (false, _) => format!("  {name}: {}", show(new)),
            (true, false) => format!("  {name}: {} removed", show(old)),
        });
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_as_far_as_it_goes() {
        let whole = EntryFilter::default();
        let found = |after, indexes: &[u64]| missing(&whole, after, indexes.iter().copied());
        assert_eq!(found(None, &[9, 8, 6, 5]), [7]);
        assert_eq!(found(None, &[5, 6, 9]), [7, 8]);
        // Also between one page and the next.
        assert_eq!(found(Some(5), &[3, 2]), [4]);
        assert!(found(None, &[]).is_empty() && found(None, &[7]).is_empty());
        for between in [MISSING_MAX as u64, MISSING_MAX as u64 + 1] {
            assert_eq!(found(None, &[100, 99 - between]).len(), MISSING_MAX);
        }
        let narrowed = EntryFilter {
            action: Some("order.*".to_owned()),
            ..EntryFilter::default()
        };
        assert!(missing(&narrowed, None, [9, 5].into_iter()).is_empty());
    }
}
