//! `GET /audit/export`: what a file of entries will have in it, before it is made.

use console::ExportPage;
use views::{Entry, Titled};

use crate::call::{Answer, Call};
use crate::console::frame;
use crate::console::list::SEARCH_TIME;
use crate::console::place::EXPORT;
use crate::nouns;
use crate::query::Query;

/// Most entries that are counted: a page that is looked at does not wait for more.
const COUNTED_MAX: u32 = 1_000;

/// The forms in which they can be had.
const FORMATS: [(&str, &str); 3] = [
    ("JSON Lines", "jsonl"),
    ("CSV", "csv"),
    ("Evidence bundle", "bundle"),
];

pub(crate) async fn show(call: Call) -> Answer {
    let filters = nouns::parameters::<Entry>();
    // A file of other entries than somebody meant is worse than none: what is wrong in the address is refused.
    let query = Query::parse(call.parts.uri.query(), &[filters])?;
    let asked = nouns::filters::<Entry>(&call, &query).await?;
    let engine = &call.app.engine;
    let then = engine.log_then(None).await?;
    let filter = views::entry_filter(&asked);
    let counted = engine.counted(&filter, then.size, (COUNTED_MAX, SEARCH_TIME));
    let (count, more) = counted.await?;
    let number = match (count, more) {
        (number, false) => views::count(number),
        (0, true) => "some, or none: to count them takes longer than a page may".to_owned(),
        (number, true) => format!("at least {}", views::count(number)),
    };
    let title = match (count, more) {
        (0, true) => "Export".to_owned(),
        (1, false) => "Export, 1 entry".to_owned(),
        _ => format!("Export, {number} entries"),
    };
    let mut pairs: Vec<Titled> = query.pairs().map(|(name, value)| (name, value.into())).collect();
    if pairs.is_empty() {
        pairs.push(("Filters", "none: the whole log".into()));
    }
    pairs.extend([
        ("Entries", number.as_str().into()),
        ("Size of the log", views::count(then.size).into()),
        ("Root of the log", then.root.to_base64().into()),
    ]);
    let filters: Vec<(&str, &str)> = query.pairs().collect();
    let size = then.size.to_string();
    let file = |(words, format)| {
        let ends = [("format", format), ("size", size.as_str())];
        let query = console::query(filters.iter().copied().chain(ends));
        (words, format!("/v1{EXPORT}{query}"))
    };
    let page = ExportPage {
        list: format!("/audit/entries{}", console::query(filters.iter().copied())),
        pairs,
        files: FORMATS.map(file).into(),
    };
    let frame = frame::of(&call, title).await;
    Ok(frame::answer(&frame, &console::export(&frame.look, &page)))
}
