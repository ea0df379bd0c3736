//! Whole answers of any size: every entry that fulfils a filter, as entries or as an evidence bundle.
//!
//! Both are read part by part, each within [`PART_BYTES_MAX`], and no connection is held between two parts: whoever
//! takes them slowly holds little memory and nobody up.

use std::ops::ControlFlow;
use std::time::Duration;

use domain::audit::EntryFilter;
use domain::code;
use evidence::bundle::{BundleWriter, WriteError};
use evidence::entry::Entry;
use evidence::json::StrictObject;
use store::query::{Order, Page};
use store::{Conn, Head};
use tlog::Hash;

use crate::engine::Engine;
use crate::error::Error;
use crate::guard::root_at;
use crate::random;
use crate::read::{Look, head};
use crate::search::SEARCH_TIME;
use crate::tiles::{GROUPS_OF_BUNDLE_MAX, Tiles};

/// Entries read at a time.
const CHUNK: u32 = 500;

/// A part ends with the entry that reaches so many bytes.
pub const PART_BYTES_MAX: u64 = 256 * 1024;

/// How a log of some size is known: what its checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogThen {
    /// How many entries it has.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
}

/// A count ends with the entry that reaches so many bytes.
const COUNTED_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The entries that fulfil a filter, oldest first, of the log as it was at a size.
pub struct Export {
    engine: Engine,
    filter: EntryFilter,
    /// Whether the filter leaves nothing out.
    whole: bool,
    then: LogThen,
    after: Option<u64>,
    done: bool,
}

impl Export {
    fn new(engine: &Engine, filter: EntryFilter, then: LogThen) -> Export {
        Export {
            engine: engine.clone(),
            whole: filter == EntryFilter::default(),
            filter,
            then,
            after: None,
            done: false,
        }
    }

    /// The log that it is made of.
    pub fn then(&self) -> &LogThen {
        &self.then
    }

    /// The next entries, at least one; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, Error> {
        while !self.done {
            let page = Page {
                order: Order::Ascending,
                after: self.after,
                limit: CHUNK,
            };
            let look = Look {
                page,
                size: Some(self.then.size),
                bytes_max: Some(PART_BYTES_MAX),
                patient: true,
                search_time: SEARCH_TIME,
            };
            let (found, _) = self.engine.look(&self.filter, look).await?;
            let last = found.entries.last().map(|last| last.entry);
            if self.whole {
                whole(self.after, &found.entries)?;
            }
            self.done = !found.cut && found.entries.len() < CHUNK as usize && found.reached.is_none();
            self.after = found.reached.or(last).or(self.after);
            if last.is_some() {
                let entries = found.entries.into_iter().map(store::StoredEntry::assemble);
                return Ok(Some(entries.collect::<Result<_, _>>()?));
            }
        }
        let next = self.after.map_or(0, |after| after + 1);
        if self.whole && next < self.then.size {
            return Err(missing(next));
        }
        Ok(None)
    }
}

/// Checks that no entry is left out behind one: a file that is called the whole log has all of it.
fn whole(after: Option<u64>, entries: &[store::StoredEntry]) -> Result<(), Error> {
    let first = after.map_or(0, |after| after + 1);
    match (first..)
        .zip(entries)
        .find(|(index, entry)| entry.entry != *index)
    {
        Some((index, _)) => Err(missing(index)),
        None => Ok(()),
    }
}

fn missing(entry: u64) -> Error {
    Error::EntryTampered {
        entry,
        what: "it is missing".to_owned(),
    }
}

/// The entries of a bundle.
enum Entries {
    /// Those that fulfil a filter.
    Found(Box<Export>),
    /// Those of these indexes, from the lowest on.
    Listed(Engine, std::vec::IntoIter<u64>),
}

impl Entries {
    fn engine(&self) -> &Engine {
        match self {
            Entries::Found(export) => &export.engine,
            Entries::Listed(engine, _) => engine,
        }
    }

    async fn next(&mut self) -> Result<Option<Vec<Entry>>, Error> {
        let (engine, indexes) = match self {
            Entries::Found(export) => return export.next().await,
            Entries::Listed(engine, indexes) => (engine, indexes),
        };
        let Some(index) = indexes.next() else {
            return Ok(None);
        };
        let found = store::query::by_index(&mut *engine.db().reader().await?, index).await?;
        let gone = || store::Error::data(format!("there is no entry {index}"));
        Ok(Some(vec![found.ok_or_else(gone)?.assemble()?]))
    }
}

/// An evidence bundle under way.
pub struct Bundle {
    entries: Entries,
    head: Head,
    /// Its own, so that a large bundle leaves the engine's alone.
    tiles: Tiles,
    writer: Option<BundleWriter>,
    begun: bool,
}

/// What the head says of the log at a size that it has or had.
async fn then(conn: &mut Conn, head: &Head, size: Option<u64>) -> Result<LogThen, Error> {
    let now = head.edge.size();
    let size = size.unwrap_or(now);
    if size > now {
        let message = format!("the log has {now} entries");
        return Err(code::NO_SUCH_TREE.because(message).field("size").into());
    }
    let root = if size == now {
        head.edge.root()
    } else {
        root_at(conn, size).await?
    };
    Ok(LogThen { size, root })
}

fn bundled(error: &WriteError) -> Error {
    store::Error::data(error.to_string()).into()
}

impl Bundle {
    fn begin(entries: Entries, head: Head, asked: StrictObject) -> Result<Bundle, Error> {
        let writer =
            BundleWriter::new(&head.checkpoint, asked, random::now()).map_err(|error| bundled(&error))?;
        Ok(Bundle {
            entries,
            head,
            tiles: Tiles::new(GROUPS_OF_BUNDLE_MAX),
            writer: Some(writer),
            begun: false,
        })
    }

    /// The log that its entries are of.
    pub fn then(&self) -> LogThen {
        match &self.entries {
            Entries::Found(export) => export.then.clone(),
            Entries::Listed(..) => LogThen {
                size: self.head.edge.size(),
                root: self.head.edge.root(),
            },
        }
    }

    /// The next lines, each with its line end; none at the end. The header comes first and alone, and so does the
    /// trailer last.
    pub async fn next(&mut self) -> Result<Option<Vec<String>>, Error> {
        let Some(writer) = &mut self.writer else {
            return Ok(None);
        };
        if !self.begun {
            self.begun = true;
            return Ok(Some(vec![writer.header().to_owned()]));
        }
        let Some(entries) = self.entries.next().await? else {
            let trailer = self.writer.take().map(BundleWriter::trailer);
            return Ok(trailer
                .transpose()
                .map_err(|error| bundled(&error))?
                .map(|line| vec![line]));
        };
        let mut conn = self.entries.engine().db().reader().await?;
        let mut lines = Vec::with_capacity(entries.len());
        for entry in &entries {
            let leaf = &entry.evidence.leaf;
            let path = self
                .tiles
                .inclusion(&mut conn, entry.index, leaf, &self.head)
                .await?;
            lines.push(writer.entry(entry, &path).map_err(|error| bundled(&error))?);
        }
        Ok(Some(lines))
    }
}

impl Engine {
    /// The log as it was when it had so many entries; as it is unless given.
    pub async fn log_then(&self, size: Option<u64>) -> Result<LogThen, Error> {
        let mut conn = self.db().reader().await?;
        let head = head(&mut conn).await?;
        then(&mut conn, &head, size).await
    }

    /// Every entry that fulfils a filter, part by part: of the log when it had so many entries, as it is unless given.
    pub async fn exported(&self, filter: EntryFilter, size: Option<u64>) -> Result<Export, Error> {
        Ok(Export::new(self, filter, self.log_then(size).await?))
    }

    /// An evidence bundle of the same, part by part. Its checkpoint is that of the log as it is.
    pub async fn bundled(
        &self,
        filter: EntryFilter,
        mut asked: StrictObject,
        size: Option<u64>,
    ) -> Result<Bundle, Error> {
        let mut conn = self.db().reader().await?;
        let head = head(&mut conn).await?;
        let then = then(&mut conn, &head, size).await?;
        if then.size < head.edge.size() {
            // Its checkpoint covers more than was asked for.
            asked.0.insert("size".to_owned(), then.size.to_string().into());
        }
        let entries = Entries::Found(Box::new(Export::new(self, filter, then)));
        Bundle::begin(entries, head, asked)
    }

    /// How many entries an export of a log of this size has: at most so many are counted, for as long as a search may read.
    /// With it, whether there may be more.
    pub async fn counted(
        &self,
        filter: &EntryFilter,
        size: u64,
        (most, search_time): (u32, Duration),
    ) -> Result<(u64, bool), Error> {
        if *filter == EntryFilter::default() {
            return Ok((size, false));
        }
        let page = Page {
            order: Order::Descending,
            after: None,
            limit: most.saturating_add(1),
        };
        let look = Look {
            page,
            size: Some(size),
            bytes_max: Some(COUNTED_BYTES_MAX),
            patient: false,
            search_time,
        };
        let (found, _) = self.look(filter, look).await?;
        let count = found.entries.len();
        let more = found.cut || found.reached.is_some() || count > most as usize;
        Ok((count.min(most as usize) as u64, more))
    }

    /// An evidence bundle of the entries of these indexes.
    pub(crate) async fn bundled_by_index(
        &self,
        mut indexes: Vec<u64>,
        asked: StrictObject,
    ) -> Result<Bundle, Error> {
        let head = head(&mut *self.db().reader().await?).await?;
        indexes.sort_unstable();
        indexes.dedup();
        Bundle::begin(Entries::Listed(self.clone(), indexes.into_iter()), head, asked)
    }

    /// Every entry that fulfils a filter, oldest first, up to the size of the log now; returns how many were given.
    pub async fn export(
        &self,
        filter: &EntryFilter,
        each: &mut (dyn FnMut(Entry) -> ControlFlow<()> + Send),
    ) -> Result<u64, Error> {
        let mut count = 0;
        let mut export = self.exported(filter.clone(), None).await?;
        while let Some(entries) = export.next().await? {
            for entry in entries {
                count += 1;
                if each(entry).is_break() {
                    return Ok(count);
                }
            }
        }
        Ok(count)
    }

    /// An evidence bundle of every entry that fulfils a filter, line by line without line ends; returns the number of entries.
    pub async fn bundle(
        &self,
        filter: &EntryFilter,
        asked: StrictObject,
        line: &mut (dyn FnMut(String) -> ControlFlow<()> + Send),
    ) -> Result<u64, Error> {
        let mut bundle = self.bundled(filter.clone(), asked, None).await?;
        let mut given: u64 = 0;
        let mut whole = false;
        while let Some(lines) = bundle.next().await? {
            whole = bundle.writer.is_none();
            for mut text in lines {
                text.truncate(text.trim_end_matches('\n').len());
                given += 1;
                if line(text).is_break() {
                    return Ok(given - 1);
                }
            }
        }
        // The header and the trailer are no entries.
        Ok(given.saturating_sub(1 + u64::from(whole)))
    }
}
