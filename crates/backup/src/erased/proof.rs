//! What proves that a log erased something: the entry's leaf under a checkpoint that the log's key has signed, the list of
//! changes that the leaf commits to, and the rows that the list commits to.

use domain::action;
use domain::audit::erasure::Erasure;
use domain::record::{Record, row_digest};
use evidence::commitment::{Salt, changes_digest, parse_changes};
use evidence::json;
use evidence::leaf::{Leaf, Outcome};
use evidence::receipt::check_leaf;
use tlog::VerifierKey;

use crate::format::{ERASED_FORMAT, ErasedLater, Proof};

/// What erases is called so.
pub(super) const ERASES: [&str; 2] = [action::USER_ERASE.name, action::AUDIT_ERASE.name];

/// What the entry at this index erased, where its leaf is the one that is given; else what does not fit.
pub(super) fn said(origin: &str, entry: u64, proof: &Proof) -> Result<ErasedLater, String> {
    let leaf = Leaf::parse_lenient(&proof.leaf).map_err(|error| error.to_string())?;
    if !ERASES.contains(&&*leaf.action) || leaf.outcome != Outcome::Success {
        return Err(format!(
            "its entry erases nothing: {} ({})",
            leaf.action,
            leaf.outcome.as_str()
        ));
    }
    // What is recorded from outside has none, whatever it calls itself.
    if leaf.changes != Some(changes_digest(&proof.changes)) {
        return Err("its list of changes is not the one that the leaf commits to".to_owned());
    }
    let changes = parse_changes(&proof.changes).map_err(|error| error.to_string())?;
    let mut entries = Vec::new();
    for change in changes
        .iter()
        .filter(|change| change.table == Erasure::TABLE.name)
    {
        let row = proof.erasures.iter().find(|row| row.id == change.id);
        let digest = row.and_then(|row| {
            let erasure = Erasure {
                id: row.id,
                erased: row.erased,
            };
            let salt = Salt::from_hex(&row.salt)?;
            let digest = row_digest(
                Erasure::TABLE,
                row.id,
                &erasure.values(),
                change.version,
                entry,
                &salt,
            );
            Some((row.erased, json::hex(&digest)))
        });
        match digest {
            Some((erased, digest)) if change.digest.as_ref() == Some(&digest) => entries.push(erased),
            _ => {
                return Err(format!(
                    "the row of the erased entry {} does not fit the list of changes",
                    change.id
                ));
            }
        }
    }
    entries.sort_unstable();
    let user = leaf.target_id.filter(|_| leaf.action == action::USER_ERASE.name);
    Ok(ErasedLater {
        format: ERASED_FORMAT,
        origin: origin.to_owned(),
        at: leaf.at,
        entry,
        entries,
        users: user.into_iter().collect(),
        proof: None,
    })
}

/// Whether the log of this key has erased it; else what does not hold.
pub(crate) fn check(left: &ErasedLater, key: &VerifierKey) -> Result<(), String> {
    let Some(proof) = &left.proof else {
        return Err("nothing proves it".to_owned());
    };
    check_leaf(&proof.receipt, left.entry, &proof.leaf, key).map_err(|error| error.to_string())?;
    if said(key.name(), left.entry, proof)?.says_the_same(left) {
        Ok(())
    } else {
        Err("it says other than its proof".to_owned())
    }
}
