//! What erasing commands leave beside the backups, so that none of them brings back what they erased. Each proves itself.

mod proof;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::audit::EntryFilter;
use domain::audit::erasure::Erasure;
use domain::record::Kind;
use engine::{Engine, read::receipt_at};
use evidence::leaf::Outcome;
use store::conn::Lock;
use store::entries::EntryView;
use store::query::{Order, Page};
use store::{Conn, sealed};
use tlog::VerifierKey;

use crate::error::{Error, Tried};
use crate::format::{self, ErasedLater, ErasureRow, Proof};
use crate::place::Place;

pub(crate) use proof::check;
use proof::{ERASES, said};

/// Whether an entry erases what is personal. What is recorded from outside changes nothing, whatever it calls itself.
pub(crate) fn erases(view: &EntryView<'_>) -> bool {
    ERASES.contains(&view.action) && view.outcome == Outcome::Success.as_str() && view.changes.is_some()
}

/// How often the log is looked at, at most.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// When it is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What an entry leaves, and what proves it but for the receipt. None where the database is not as its log says there: what
/// a restore would not take is not left.
async fn read(conn: &mut Conn, origin: &str, entry: u64) -> Result<Option<(ErasedLater, Proof)>, Error> {
    let found = store::entries::changes(conn, &[entry].into()).await?;
    let Some((_, leaf, changes)) = found.into_iter().next() else {
        return Ok(None);
    };
    let key = [store::head::int(entry).into()];
    let rows = sealed::by_key::<Erasure>(conn, "entry", Kind::Int, &key, Lock::None).await?;
    let row = |row: domain::record::Sealed<Erasure>| ErasureRow {
        erased: row.row.erased,
        id: row.row.id,
        salt: row.salt.to_hex(),
    };
    let mut erasures: Vec<_> = rows.into_iter().map(row).collect();
    erasures.sort_unstable_by_key(|row| row.erased);
    let proof = Proof {
        changes,
        erasures,
        leaf,
        receipt: String::new(),
    };
    match said(origin, entry, &proof) {
        Ok(said) => Ok(Some((said, proof))),
        Err(wrong) => {
            tracing::warn!(
                entry,
                wrong,
                "what this entry erased is not told beside the backups"
            );
            Ok(None)
        }
    }
}

/// What these entries leave, without what proves it.
pub(crate) async fn told(conn: &mut Conn, origin: &str, entries: &[u64]) -> Result<Vec<ErasedLater>, Error> {
    let mut told = Vec::with_capacity(entries.len());
    for entry in entries {
        told.extend(read(conn, origin, *entry).await?.map(|(left, _)| left));
    }
    Ok(told)
}

/// What an entry leaves, with what proves it.
pub(crate) async fn proven(conn: &mut Conn, origin: &str, entry: u64) -> Result<Option<ErasedLater>, Error> {
    let Some((left, mut proof)) = read(conn, origin, entry).await? else {
        return Ok(None);
    };
    proof.receipt = receipt_at(conn, entry).await?.unwrap_or_default();
    Ok(Some(ErasedLater {
        proof: Some(proof),
        ..left
    }))
}

/// Those that are not there yet.
pub(crate) fn missing(place: &dyn Place, told: Vec<ErasedLater>) -> Result<Vec<u64>, Error> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let there: HashSet<String> = place.names()?.into_iter().collect();
    let missing = told
        .into_iter()
        .filter(|left| !there.contains(&format::erased_name(left)));
    Ok(missing.map(|left| left.entry).collect())
}

/// Adds one, unless it is there.
pub(crate) fn add(place: &dyn Place, left: &ErasedLater) -> Result<(), Error> {
    place
        .add(&format::erased_name(left), &format::document(left))
        .map(drop)
}

/// What a log erased from an entry on, as its own database has it.
pub(crate) async fn of_log(conn: &mut Conn, key: &VerifierKey, from: u64) -> Result<Vec<ErasedLater>, Error> {
    let mut found = Vec::new();
    for entry in store::checks::succeeded(conn, &ERASES, from).await? {
        found.extend(proven(conn, key.name(), entry).await?);
    }
    Ok(found)
}

/// Leaves what every erasing command leaves, for as long as the engine lasts.
///
/// It goes by the log and not by commands, so nothing is forgotten where a place was out of reach or no server ran.
pub async fn keep_leaving(engine: Engine, place: Arc<dyn Place>) {
    let (mut size, mut done) = (engine.size(), 0);
    loop {
        match leave(&engine, &place, done).await {
            Ok(upto) => {
                done = upto;
                if size.changed().await.is_err() {
                    return;
                }
                // Many appends are one look.
                tokio::time::sleep(AT_MOST_EVERY).await;
            }
            Err(error) => {
                tracing::warn!(%error, place = place.shown(), "what was erased is not yet told beside the backups");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

/// Leaves what erasing commands from this entry on leave; the entry from which there is more to come.
async fn leave(engine: &Engine, place: &Arc<dyn Place>, from: u64) -> Result<u64, Error> {
    let upto = engine.size_now().await?;
    let origin = engine.verifier_key().name();
    let mut entries = Vec::new();
    for action in ERASES {
        let filter = EntryFilter {
            action: Some(action.to_owned()),
            outcome: Some(Outcome::Success),
            ..EntryFilter::default()
        };
        let mut after = from.checked_sub(1);
        loop {
            let page = Page {
                order: Order::Ascending,
                after,
                limit: 100,
            };
            let found = engine.entries(&filter, page).await?;
            entries.extend(found.entries.iter().map(|entry| entry.index));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
    }
    let told = told(&mut *engine.db().reader().await?, origin, &entries).await?;
    for entry in blocking(place, |place| missing(place, told)).await? {
        let left = proven(&mut *engine.db().reader().await?, origin, entry).await?;
        if let Some(left) = left {
            blocking(place, move |place| add(place, &left)).await?;
        }
    }
    Ok(upto)
}

/// Does something with a place, which blocks its thread.
async fn blocking<T: Send + 'static>(
    place: &Arc<dyn Place>,
    work: impl FnOnce(&dyn Place) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let place = Arc::clone(place);
    let working = tokio::task::spawn_blocking(move || work(&*place));
    working
        .await
        .map_err(std::io::Error::other)
        .tried("start", "a thread")?
}
