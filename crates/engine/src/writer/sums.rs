//! Keeping sums: what a batch changes in them is folded, and written once for all of it.
//!
//! It happens once the head is locked: whoever writes waits there, so no other batch changes a sum meanwhile, and no sum
//! needs a lock of its own.

use std::collections::{BTreeSet, HashMap};

use domain::custody::sum::{Sum, SumKey, SumOf, Tally, Total};
use domain::record::{Kind, Record, Sealed, Val};
use domain::{Draft, Facts, RowWrite};
use evidence::Salt;
use store::conn::Lock;
use store::{Conn, sealed};
use uuid::Uuid;

use super::Signer;
use crate::error::Error;
use crate::random;

/// Adds what changes in the sums to the last entry that changes one.
pub(super) async fn fold(
    conn: &mut Conn,
    signer: &Signer,
    mut tally: Tally,
    drafts: &mut [&mut Draft],
) -> Result<(), Error> {
    let assets = tally.assets();
    let Some(draft) = drafts.iter_mut().rev().find(|draft| draft.changes_sums()) else {
        return Ok(());
    };
    let there = load(conn, signer, &tally, &assets).await?;
    let kept = |asset: &Uuid| there.contains_key(&SumKey::of_balances(*asset, SumOf::Posted).id());
    let unknown: BTreeSet<Uuid> = assets
        .into_iter()
        .filter(|asset| !kept(asset) && !tally.is_new(*asset))
        .collect();
    if !unknown.is_empty() {
        // What the batch itself writes is not there yet.
        let counted = store::custody::recount(conn).await?;
        for asset in &unknown {
            tally.look_at(*asset);
        }
        tally.take(counted, &unknown);
    }
    let mut rows = Vec::new();
    for (key, change) in tally.changes() {
        let before = there.get(&key.id());
        let (count, total) = before.map_or((0, Total::ZERO), |sum| (sum.row.count, sum.row.total()));
        rows.push(RowWrite::from(Sealed {
            row: key.row(count.saturating_add_signed(change.count), total.and(change.total)),
            version: before.map_or(0, |sum| sum.version) + 1,
            entry: 0,
            salt: Salt(random::array::<16>()?),
        }));
    }
    draft.derive(rows).map_err(|error| {
        Error::problem(
            format!("a payload does not read back: {error}"),
            "report this as a bug",
        )
    })
}

/// The sums that change, as they are, and of each asset the one that says that its sums are kept; each is the one that
/// its entry wrote.
async fn load(
    conn: &mut Conn,
    signer: &Signer,
    tally: &Tally,
    assets: &BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, Sealed<Sum>>, Error> {
    let changed = tally.changes().into_keys();
    let of_assets = assets
        .iter()
        .map(|asset| SumKey::of_balances(*asset, SumOf::Posted));
    let ids: BTreeSet<Uuid> = changed.chain(of_assets).map(|key| key.id()).collect();
    let ids: Vec<Val> = ids.into_iter().map(Val::Uuid).collect();
    let rows = sealed::by_key::<Sum>(conn, "id", Kind::Uuid, &ids, Lock::None).await?;
    let facts = Facts {
        sums: rows.into_iter().map(|sum| (sum.row.id(), sum)).collect(),
        ..Facts::default()
    };
    signer.seals.check(conn, &facts).await?;
    Ok(facts.sums)
}
