//! Entries as users see them: also those that somebody changed by hand, as far as they read, and what is wrong with them.

use domain::RowWrite;
use domain::audit::erasure::Erasure;
use domain::audit::pruning::{Pruning, bucket_of};
use domain::record::{Kind, Record, Sealed};
use evidence::Gone;
use evidence::entry::Entry;
use evidence::leaf::Leaf;
use store::conn::Lock;
use store::sealed::by_key;
use store::{Conn, StoredEntry};

use crate::engine::Engine;
use crate::error::Error;
use crate::read::{EntryKey, EntryPage, head};
use crate::{told, verify};

/// The entry as users see it, as far as it reads: where the leaf does not, as the columns have it.
async fn whole(conn: &mut Conn, stored: StoredEntry) -> Result<Entry, Error> {
    let (index, leaf, gone) = (stored.entry, stored.leaf.clone(), stored.gone);
    let Err(error) = Leaf::parse_lenient(&leaf) else {
        return Ok(stored.assemble()?);
    };
    let by_columns = verify::leaf_by_columns(conn, index).await?;
    let by_columns = by_columns.ok_or_else(|| store::Error::entry(index, &error))?;
    let entry = StoredEntry {
        leaf: by_columns,
        ..stored
    };
    let mut entry = entry.assemble()?.gone(gone);
    entry.evidence.leaf = leaf;
    entry.tampered = Some(format!(
        "leaf: {error}; what is shown is what the other columns have"
    ));
    Ok(entry)
}

async fn stored(conn: &mut Conn, key: EntryKey) -> Result<Option<StoredEntry>, Error> {
    let found = match key {
        EntryKey::Id(id) => store::query::by_id(conn, id).await?,
        EntryKey::Index(index) => store::query::by_index(conn, index).await?,
    };
    if found.is_none() {
        key.absent(head(conn).await?.edge.size())?;
    }
    Ok(found)
}

impl Engine {
    /// One entry, as far as it reads.
    pub async fn entry(&self, key: EntryKey) -> Result<Option<Entry>, Error> {
        let mut conn = self.db().reader().await?;
        match stored(&mut conn, key).await? {
            Some(found) => Ok(Some(whole(&mut conn, found).await?)),
            None => Ok(None),
        }
    }

    /// The same, which says what a verification finds in it.
    pub async fn entry_checked(&self, key: EntryKey) -> Result<Option<Entry>, Error> {
        let mut conn = self.db().reader().await?;
        let Some(found) = stored(&mut conn, key).await? else {
            return Ok(None);
        };
        let (index, gone, is_gone) = (found.entry, found.gone, found.payload.is_none());
        let mut entry = whole(&mut conn, found).await?;
        let findings = verify::of_entry(&mut conn, index).await?;
        let mut wrong: Vec<String> = findings.into_iter().map(|finding| finding.what).collect();
        if is_gone {
            wrong.extend(self.doubt_of(&mut conn, index, gone).await?);
        }
        if let Some(known) = entry.tampered.take() {
            wrong.retain(|what| !known.contains(what.as_str()));
            wrong.insert(0, known);
        }
        if !wrong.is_empty() {
            let what = wrong.join("; ");
            told::of_entry(index, &what);
            entry.tampered = Some(what);
        }
        Ok(Some(entry))
    }

    /// Why it is not believed that a command took the payload of this entry away.
    async fn doubt_of(&self, conn: &mut Conn, index: u64, gone: Gone) -> Result<Option<String>, Error> {
        let said = match gone {
            Gone::ByHand => return Ok(Some(Gone::BY_HAND.to_owned())),
            Gone::Erased(_) => {
                let key = [store::head::int(index).into()];
                let rows = by_key::<Erasure>(conn, "erased", Kind::Int, &key, Lock::None).await;
                self.proven(conn, rows).await
            }
            Gone::Pruned => {
                let key = [Pruning::id_of(bucket_of(index)).into()];
                let rows = by_key::<Pruning>(conn, "id", Kind::Uuid, &key, Lock::None).await;
                self.proven(conn, rows).await
            }
        };
        match said {
            Err(error) if error.is_tampered() => Ok(Some(format!("{}: {error}", Gone::BY_HAND))),
            said => said.map(|()| None),
        }
    }

    async fn proven<T>(
        &self,
        conn: &mut Conn,
        rows: Result<Vec<Sealed<T>>, store::Error>,
    ) -> Result<(), Error>
    where
        T: Record + Clone,
        RowWrite: From<Sealed<T>>,
    {
        self.prove(conn, &rows?).await
    }

    /// Entries as users see them, as far as they read. Of each that was changed by hand the server's log is told.
    pub(crate) async fn whole(&self, page: EntryPage<StoredEntry>) -> Result<EntryPage, Error> {
        let mut entries = Vec::with_capacity(page.entries.len());
        for stored in page.entries {
            let entry = match stored.clone().assemble() {
                Ok(entry) => entry,
                Err(_) => whole(&mut *self.db().reader().await?, stored).await?,
            };
            if let Some(what) = &entry.tampered {
                told::of_entry(entry.index, what);
            }
            entries.push(entry);
        }
        Ok(EntryPage {
            entries,
            next: page.next,
            size: page.size,
        })
    }
}
