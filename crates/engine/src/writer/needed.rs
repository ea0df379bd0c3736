//! The rows that commands need: known from before, or read and checked.

use domain::looks::Key;
use domain::tables::RowKey;
use domain::{Facts, Needs};
use store::{Conn, Head};

use super::Signer;
use super::cache::Cache;
use super::link::Way;
use crate::error::Error;

/// The rows that are needed: known from before, or read and checked.
pub(super) async fn facts(
    way: &mut Way<'_>,
    cache: &mut Cache,
    signer: &Signer,
    needs: &Needs,
) -> Result<Facts, Error> {
    let (known, missing) = cache.split(needs, &signer.counters);
    let (mut facts, mut absent) = (Facts::default(), Vec::new());
    if !missing.is_empty() {
        let conn = way.conn()?;
        let (read, stamps) = store::facts::load_known(conn, &missing).await?;
        let checked = signer.seals.check(conn, &read).await;
        stands(conn, signer, checked, None).await?;
        absent = self::absent(&missing, &read);
        cache.learn(&read, &absent, &stamps);
        facts = read;
    }
    for row in known {
        facts.take(row);
    }
    if !absent.is_empty() {
        check_absent(way.conn()?, signer, &facts, &absent, None).await?;
    }
    Ok(facts)
}

/// What was looked for by its id, and is not among what was found.
fn absent(needs: &Needs, facts: &Facts) -> Vec<RowKey> {
    let by_id = needs.plan().into_iter().filter(|(look, _)| look.is_by_id());
    let keys = by_id.flat_map(|(look, keys)| {
        keys.into_iter().filter_map(|key| match key {
            Key::Id(id) => Some((look.table(), *id)),
            _ => None,
        })
    });
    keys.filter(|key| !facts.holds(*key)).collect()
}

/// Checks rows that were read under locks, and that those which are not there never were.
pub(super) async fn check(
    conn: &mut Conn,
    signer: &Signer,
    needs: &Needs,
    facts: &Facts,
    head: Option<&Head>,
) -> Result<(), Error> {
    let checked = signer.seals.check(conn, facts).await;
    stands(conn, signer, checked, head).await?;
    check_absent(conn, signer, facts, &absent(needs, facts), head).await
}

async fn check_absent(
    conn: &mut Conn,
    signer: &Signer,
    facts: &Facts,
    absent: &[RowKey],
    head: Option<&Head>,
) -> Result<(), Error> {
    let checked = match signer.seals.check_absent(absent) {
        Ok(()) => super::opened::check_absent(conn, facts, absent).await,
        known => known,
    };
    stands(conn, signer, checked, head).await
}

/// What was found wrong with a row, unless it is the whole log that is wrong.
async fn stands(
    conn: &mut Conn,
    signer: &Signer,
    checked: Result<(), Error>,
    head: Option<&Head>,
) -> Result<(), Error> {
    if checked.is_err() {
        admitted(conn, signer, head.cloned()).await?;
    }
    checked
}

/// The head, locked, once it is known that the log may be continued from it.
pub(super) async fn admitted(conn: &mut Conn, signer: &Signer, head: Option<Head>) -> Result<Head, Error> {
    if let Some(head) = head {
        return Ok(head);
    }
    let head = Head::lock(conn)
        .await
        .map_err(|error| signer.known.explain(error))?;
    signer.known.admit(conn, &head).await?;
    Ok(head)
}
