//! Reading the log: entries, pages, and every kind of proof.

use std::time::Duration;

use domain::audit::EntryFilter;
use domain::identity::Permission;
use domain::{action, code};
use evidence::Gone;
use evidence::entry::Entry;
use evidence::leaf::Outcome;
use evidence::receipt::{self, ConsistencyProof};
use evidence::time::Timestamp;
use store::query::{Found, Order, Page, Patience, is_search, page_within};
use store::{Conn, Head, StoredEntry};
use tlog::{EntryBundle, Hash, Plan, Tile};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::search::SEARCH_TIME;
use crate::tail::ShownEntry;
use crate::tiles::planned;
use crate::told;

/// How an entry is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKey {
    /// By id.
    Id(Uuid),
    /// By index.
    Index(u64),
}

impl EntryKey {
    /// Reads a UUID with hyphens, or an index in decimal without leading zeros: each has one spelling.
    pub fn parse(text: &str) -> Option<EntryKey> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && (text == "0" || !text.starts_with('0')) {
            let index = text.parse::<i64>().ok()?;
            return u64::try_from(index).ok().map(EntryKey::Index);
        }
        let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
        domain::own_id::parse(text)
            .filter(|_| hyphenated)
            .map(EntryKey::Id)
    }

    /// An error where a log of this size has an entry of this name, which was looked for and is not there.
    pub(crate) fn absent(self, size: u64) -> Result<(), Error> {
        match self {
            EntryKey::Index(index) if index < size => Err(store::Error::entry(index, "it is missing").into()),
            _ => Ok(()),
        }
    }
}

/// A page of entries, put together or as they are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryPage<T = Entry> {
    /// The entries.
    pub entries: Vec<T>,
    /// What to put into [`Page::after`] for the next page; none on the last one.
    pub next: Option<u64>,
    /// Size of the log when the page was read.
    pub size: u64,
}

/// What of the log is asked for in one go.
pub(crate) struct Look {
    pub page: Page,
    /// Size of the log that counts; the size now unless given.
    pub size: Option<u64>,
    /// The page ends with the entry that reaches so many bytes.
    pub bytes_max: Option<u64>,
    /// Whether a search waits for its turn however many others do.
    pub patient: bool,
    /// How long a search reads.
    pub search_time: Duration,
}

/// Whether the newest entries are asked for, whatever they tell.
fn is_newest(filter: &EntryFilter, page: Page) -> bool {
    is_first(page) && *filter == EntryFilter::default()
}

/// Whether a page is one of those that are kept in memory.
fn is_kept(filter: &EntryFilter, page: Page) -> bool {
    let in_order_of_the_log = !filter.by_timestamp && (filter.from, filter.to) == (None, None);
    is_first(page) && !is_search(filter) && in_order_of_the_log
}

/// Whether a page begins with the newest entry.
fn is_first(page: Page) -> bool {
    page.order == Order::Descending && page.after.is_none()
}

pub(crate) async fn head(conn: &mut Conn) -> Result<Head, Error> {
    Ok(Head::load(conn).await?.ok_or_else(no_head)?)
}

fn no_head() -> store::Error {
    store::Error::data("there is no head row")
}

/// The hashes of a proof, fetched as its plan says.
async fn resolve(conn: &mut Conn, plan: &Plan) -> Result<Vec<Hash>, Error> {
    let hashes = store::head::nodes(conn, &plan.nodes()).await?;
    plan.resolve(|node| hashes.get(&node).copied())
        .map_err(|error| store::Error::data(error.to_string()).into())
}

/// The receipt of the entry at this index, over a connection of one's own: of a log that no engine has open.
pub async fn receipt_at(conn: &mut Conn, index: u64) -> Result<Option<String>, Error> {
    let (entry, head) = Head::with_leaf(conn, store::head::int(index).into()).await?;
    if entry.is_none() {
        return Ok(None);
    }
    let head = head.ok_or_else(no_head)?;
    let path = resolve(conn, &planned(Plan::inclusion(index, head.edge.size()))?).await?;
    Ok(Some(receipt::build(index, path, &head.checkpoint)))
}

impl Engine {
    /// The entries whose ids are within these bounds, in the order of the ids: at most so many.
    pub async fn entries_of_ids(&self, ids: (Uuid, Uuid), limit: u32) -> Result<Vec<(u64, Uuid)>, Error> {
        let mut conn = self.db().reader().await?;
        Ok(store::query::within_ids(&mut conn, ids, limit).await?)
    }

    /// Size of the log as the database has it.
    pub async fn size_now(&self) -> Result<u64, Error> {
        Ok(head(&mut *self.db().reader().await?).await?.edge.size())
    }

    /// How many entries there were at each of these times, and how many there are.
    pub async fn sizes_at(&self, times: &[Timestamp]) -> Result<(Vec<u64>, u64), Error> {
        let mut conn = self.db().reader().await?;
        let size = head(&mut conn).await?.edge.size();
        let mut sizes = Vec::with_capacity(times.len());
        for time in times {
            sizes.push(store::query::index_at(&mut conn, *time, size).await?);
        }
        Ok((sizes, size))
    }

    /// Reads once: the entries that fulfil a filter, all that are asked for unless the bytes are reached, or the time of a
    /// search is over. Gives the size of the log that counted, too.
    pub(crate) async fn look(&self, filter: &EntryFilter, look: Look) -> Result<(Found, u64), Error> {
        let search = is_search(filter);
        let _leave = if search {
            Some(self.shared().searches.begin(look.patient).await?)
        } else {
            None
        };
        let clock = || self.clock().steady();
        let patience = search.then_some(Patience {
            clock: &clock,
            at_most: look.search_time,
        });
        let mut conn = if search {
            self.db().long_reader().await?
        } else {
            self.db().reader().await?
        };
        let page = look.page;
        // The newest entries tell the size themselves.
        let newest = is_newest(filter, page);
        let mut size = match look.size {
            Some(size) => size,
            None if newest => tlog::RightEdge::MAX_SIZE,
            None => {
                let edge = head(&mut conn).await?.edge;
                if is_kept(filter, page) {
                    let pages = &self.shared().pages;
                    let bounds = (page.limit, look.bytes_max);
                    return Ok((pages.newest(&mut conn, filter, bounds, &edge).await?, edge.size()));
                }
                edge.size()
            }
        };
        let bounds = (look.bytes_max, patience.as_ref());
        let found = page_within(&mut conn, filter, page, size, bounds).await?;
        let by_hand = |entry: &&StoredEntry| entry.payload.is_none() && entry.gone == Gone::ByHand;
        for entry in found.entries.iter().filter(by_hand) {
            told::of_entry(entry.entry, Gone::BY_HAND);
        }
        if look.size.is_none() && newest {
            size = found.entries.first().map_or(0, |newest| newest.entry + 1);
        }
        Ok((found, size))
    }

    /// A page of the entries that fulfil a filter, however long that takes.
    pub async fn entries(&self, filter: &EntryFilter, page: Page) -> Result<EntryPage, Error> {
        let bounds = (None, SEARCH_TIME);
        let mut whole = self.page(filter, page, bounds).await?;
        while let Some(next) = whole.next.filter(|_| whole.entries.len() < page.limit as usize) {
            let number = u32::try_from(whole.entries.len()).unwrap_or(u32::MAX);
            let rest = Page {
                after: Some(next),
                limit: page.limit.saturating_sub(number),
                ..page
            };
            let more = self.page(filter, rest, bounds).await?;
            whole.entries.extend(more.entries);
            (whole.next, whole.size) = (more.next, more.size);
        }
        self.whole(whole).await
    }

    /// When the log's signing key was last exported; none where it never was, as far as the newest entries tell which say so.
    pub async fn key_exported(&self) -> Result<Option<Timestamp>, Error> {
        let filter = EntryFilter {
            action: Some(action::LOG_EXPORT_KEY.name.to_owned()),
            outcome: Some(Outcome::Success),
            ..EntryFilter::default()
        };
        let newest = Page {
            order: Order::Descending,
            after: None,
            limit: 100,
        };
        // An event that calls itself so from outside has another authority.
        let permitted = format!(" {}", Permission::LogRestore.as_str());
        let entries = self.entries(&filter, newest).await?.entries;
        let exported = entries.iter().find(|entry| entry.authority.ends_with(&permitted));
        Ok(exported.map(|entry| entry.at))
    }

    /// One part of the entries that fulfil a filter: the page ends with the entry that reaches so many bytes, and a search
    /// also when it read for so long, usually [`crate::SEARCH_TIME`]. There is more where it says where to go on.
    pub async fn entries_within(
        &self,
        filter: &EntryFilter,
        page: Page,
        (bytes_max, search_time): (u64, Duration),
    ) -> Result<EntryPage, Error> {
        let bounds = (Some(bytes_max), search_time);
        let page = self.page(filter, page, bounds).await?;
        self.whole(page).await
    }

    /// The same for showing.
    pub async fn shown_within(
        &self,
        filter: &EntryFilter,
        page: Page,
        (bytes_max, search_time): (u64, Duration),
    ) -> Result<EntryPage<ShownEntry>, Error> {
        if is_newest(filter, page) {
            let mut conn = self.db().reader().await?;
            if let Some((entries, size)) = self.shared().tail.newest(&mut conn, page.limit).await? {
                let next = size - entries.len() as u64;
                return Ok(EntryPage {
                    entries,
                    next: (next > 0).then_some(next),
                    size,
                });
            }
        } else if is_kept(filter, page) {
            let mut conn = self.db().reader().await?;
            let edge = head(&mut conn).await?.edge;
            let (pages, one_more) = (&self.shared().pages, page.limit.saturating_add(1));
            if let Some(mut rows) = pages.shown(&mut conn, filter, one_more, &edge).await? {
                let more = rows.len() > page.limit as usize;
                rows.truncate(page.limit as usize);
                let next = rows.last().filter(|_| more).map(|(index, _)| *index);
                return Ok(EntryPage {
                    entries: rows.into_iter().map(|(_, shown)| shown).collect(),
                    next,
                    size: edge.size(),
                });
            }
        }
        let bounds = (Some(bytes_max), search_time);
        let found = self.page(filter, page, bounds).await?;
        Ok(EntryPage {
            entries: found.entries.into_iter().map(ShownEntry::Stored).collect(),
            next: found.next,
            size: found.size,
        })
    }

    async fn page(
        &self,
        filter: &EntryFilter,
        page: Page,
        (bytes_max, search_time): (Option<u64>, Duration),
    ) -> Result<EntryPage<StoredEntry>, Error> {
        let one_more = Page {
            limit: page.limit.saturating_add(1),
            ..page
        };
        let look = Look {
            page: one_more,
            size: None,
            bytes_max,
            // Whoever asks for a part of it can ask again.
            patient: bytes_max.is_none(),
            search_time,
        };
        let (found, size) = self.look(filter, look).await?;
        let mut rows = found.entries;
        let more = found.cut || rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        let next = if more {
            rows.last().map(|row| row.entry)
        } else {
            found.reached
        };
        Ok(EntryPage {
            entries: rows,
            next,
            size,
        })
    }

    /// The receipt of an entry: inclusion proof and signed checkpoint as C2SP tlog-proof text.
    pub async fn receipt(&self, named: EntryKey) -> Result<Option<String>, Error> {
        let mut conn = self.db().reader().await?;
        let key = match named {
            EntryKey::Id(id) => id.into(),
            EntryKey::Index(index) => store::head::int(index).into(),
        };
        let (entry, head) = Head::with_leaf(&mut conn, key).await?;
        let head = head.ok_or_else(no_head)?;
        let Some((index, leaf)) = entry else {
            return named.absent(head.edge.size()).map(|()| None);
        };
        let tiles = &self.shared().tiles;
        let path = tiles.inclusion(&mut conn, index, &leaf, &head).await?;
        Ok(Some(receipt::build(index, path, &head.checkpoint)))
    }

    /// The newest signed checkpoint.
    pub async fn checkpoint(&self) -> Result<String, Error> {
        Ok(head(&mut *self.db().reader().await?).await?.checkpoint)
    }

    /// The proof that the log of `to` entries extends the log of `from` entries.
    pub async fn consistency(&self, from: u64, to: u64) -> Result<ConsistencyProof, Error> {
        let mut conn = self.db().reader().await?;
        let size = head(&mut conn).await?.edge.size();
        if to > size {
            let message = format!("the log has {size} entries");
            return Err(code::NO_SUCH_TREE.because(message).field("to").into());
        }
        let plan = planned(Plan::consistency(from, to))?;
        let proof = resolve(&mut conn, &plan).await?;
        Ok(ConsistencyProof {
            from,
            to,
            from_root: crate::guard::root_at(&mut conn, from).await?,
            to_root: crate::guard::root_at(&mut conn, to).await?,
            proof,
        })
    }

    /// The hashes of a tile (C2SP tlog-tiles); none when the log does not have it.
    pub async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Error> {
        let mut conn = self.db().reader().await?;
        let size = head(&mut conn).await?.edge.size();
        if Tile::in_tree(tile.level, tile.index, size).is_none_or(|whole| whole.width < tile.width) {
            return Ok(None);
        }
        let from = tile.index * u64::from(Tile::FULL);
        let to = from + u64::from(tile.width);
        let hashes = if tile.level == 0 {
            store::head::leaf_hashes(&mut conn, from, to).await?
        } else {
            store::head::subtrees(&mut conn, tile.level * 8, from, to).await?
        };
        if hashes.len() != usize::from(tile.width) {
            return Err(store::Error::data(format!("hashes of {} are missing", tile.path())).into());
        }
        Ok(Some(
            hashes.iter().flat_map(|(_, hash)| *hash.as_bytes()).collect(),
        ))
    }

    /// The leaves of an entry bundle (C2SP tlog-tiles); none when the log does not have it.
    pub async fn entry_bundle(&self, bundle: EntryBundle) -> Result<Option<Vec<u8>>, Error> {
        let mut conn = self.db().reader().await?;
        let size = head(&mut conn).await?.edge.size();
        if EntryBundle::in_tree(bundle.index, size).is_none_or(|whole| whole.width < bundle.width) {
            return Ok(None);
        }
        let from = bundle.index * u64::from(Tile::FULL);
        let rows = store::checks::leaves(&mut conn, from..from + u64::from(bundle.width)).await?;
        let leaves = rows
            .iter()
            .map(|row| row.text(0))
            .collect::<Result<Vec<_>, _>>()?;
        let encoded = EntryBundle::encode(&leaves).map_err(|error| store::Error::data(error.to_string()))?;
        Ok(Some(encoded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_an_id_and_an_index() {
        let id = "01970000-0000-7000-8000-00000000abcd";
        let named = Some(EntryKey::Id(id.parse().unwrap()));
        assert_eq!(EntryKey::parse("0"), Some(EntryKey::Index(0)));
        assert_eq!(EntryKey::parse(id), named);
        assert_eq!(EntryKey::parse(&id.to_uppercase()), named);
        for text in [
            "",
            "-1",
            "01",
            "9223372036854775808",
            "x",
            &id.replace('-', ""),
            &format!("{{{id}}}"),
            &format!("urn:uuid:{id}"),
        ] {
            assert_eq!(EntryKey::parse(text), None, "{text}");
        }
    }
}
