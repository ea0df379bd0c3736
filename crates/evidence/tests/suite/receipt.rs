//! Receipts and consistency proofs.

use evidence::receipt::{ConsistencyError, ConsistencyProof, ReceiptError, check, check_consistency};
use tlog::{Error, Hash, SigningKey};

use crate::log::{LOG, Log, ORIGIN, sample};

#[test]
fn every_entry_has_a_receipt_at_every_later_size() {
    let key = LOG.verifier();
    for (index, size) in [
        (0, 1),
        (0, 300),
        (1, 2),
        (9, 300),
        (127, 128),
        (128, 129),
        (255, 300),
        (299, 300),
    ] {
        let checked = check(&LOG.receipt(index, size), LOG.entry(index), &key).unwrap();
        assert_eq!(
            (checked.index, checked.size, checked.root),
            (index, size, LOG.root(size))
        );
        assert_eq!(checked.origin, ORIGIN);
    }
}

#[test]
fn errors_say_what_does_not_hold() {
    let (key, entry) = (LOG.verifier(), LOG.entry(4));
    let good = LOG.receipt(4, 300);
    let refused = |receipt: &str| check(receipt, entry, &key).unwrap_err();

    let mut changed = entry.clone();
    changed.action.push('x');
    assert!(matches!(
        check(&good, &changed, &key),
        Err(ReceiptError::Entry(_))
    ));
    assert_eq!(refused(""), ReceiptError::Malformed(Error::ProofHeader));
    assert_eq!(
        refused(&LOG.receipt(5, 300)),
        ReceiptError::Index { receipt: 5, entry: 4 }
    );
    let no_path = evidence::receipt::build(4, vec![], &LOG.checkpoint(300));
    assert_eq!(refused(&no_path), ReceiptError::NotIncluded(Error::ProofLength));
    let other = evidence::receipt::build(4, LOG.path(5, 300), &LOG.checkpoint(300));
    assert_eq!(refused(&other), ReceiptError::NotIncluded(Error::RootMismatch));
    let early = evidence::receipt::build(4, LOG.path(4, 300), &LOG.checkpoint(3));
    assert_eq!(
        refused(&early),
        ReceiptError::NotIncluded(Error::IndexOutOfRange { index: 4, size: 3 })
    );

    let same_name = SigningKey::from_seed(ORIGIN, &[8; 32]).unwrap().verifier();
    assert_eq!(
        check(&good, entry, &same_name),
        Err(ReceiptError::Checkpoint(Error::NoKnownSignature))
    );
    // Another entry that passes its own check, at the right index, but is not the one in the log.
    let mut forged = sample(8);
    forged.index = 4;
    assert_eq!(forged.check(), Ok(()));
    assert_eq!(
        check(&good, &forged, &key),
        Err(ReceiptError::NotIncluded(Error::RootMismatch))
    );
}

#[test]
fn any_byte_of_a_receipt_changed_is_noticed() {
    let (key, entry) = (LOG.verifier(), LOG.entry(4));
    let good = LOG.receipt(4, 37);
    check(&good, entry, &key).unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(tampered) = String::from_utf8(bytes) else {
            continue;
        };
        assert!(check(&tampered, entry, &key).is_err(), "byte {at}");
    }
}

#[test]
fn consistency_between_all_sizes() {
    let key = LOG.verifier();
    for from in [0, 1, 2, 3, 64, 100, 255, 256, 299, 300] {
        for to in [300, 299, 256, 100, 3].into_iter().filter(|to| *to >= from) {
            let proof = LOG.consistency(from, to);
            let checked =
                check_consistency(&LOG.checkpoint(from), &LOG.checkpoint(to), &proof, &key).unwrap();
            assert_eq!(
                (checked.from, checked.to, checked.origin.as_str()),
                (from, to, ORIGIN)
            );
        }
    }
}

#[test]
fn inconsistency_is_told_precisely() {
    let key = LOG.verifier();
    let (old, new, good) = (
        LOG.checkpoint(100),
        LOG.checkpoint(300),
        LOG.consistency(100, 300),
    );
    let refused = |proof: &ConsistencyProof| check_consistency(&old, &new, proof, &key).unwrap_err();

    let sizes = refused(&LOG.consistency(99, 300));
    assert_eq!(
        sizes.to_string(),
        "the proof is from size 99 to 300, the checkpoints are of size 100 and 300"
    );
    assert_eq!(
        refused(&ConsistencyProof {
            from_root: Hash([1; 32]),
            ..good.clone()
        }),
        ConsistencyError::OldRoot
    );
    assert_eq!(
        refused(&ConsistencyProof {
            to_root: Hash([1; 32]),
            ..good.clone()
        }),
        ConsistencyError::NewRoot
    );
    for position in 0..good.proof.len() {
        let mut proof = good.clone();
        proof.proof[position].0[0] ^= 1;
        assert!(matches!(refused(&proof), ConsistencyError::NotConsistent(_)));
    }
    let mut short = good.clone();
    short.proof.pop();
    assert_eq!(
        refused(&short),
        ConsistencyError::NotConsistent(Error::ProofLength)
    );

    let broken = old.replace("100\n", "101\n");
    assert!(matches!(
        check_consistency(&broken, &new, &good, &key),
        Err(ConsistencyError::OldCheckpoint(_))
    ));
    assert!(matches!(
        check_consistency(&old, &broken, &good, &key),
        Err(ConsistencyError::NewCheckpoint(_))
    ));
    // A log with the same key that was rewritten at entry 50 is no extension.
    let rewritten = Log::of(
        (0..300)
            .map(|index| sample(if index == 50 { 1000 } else { index }))
            .collect(),
    );
    let proof = ConsistencyProof {
        from_root: LOG.root(100),
        ..rewritten.consistency(100, 300)
    };
    let error = check_consistency(&old, &rewritten.checkpoint(300), &proof, &key).unwrap_err();
    assert_eq!(error, ConsistencyError::NotConsistent(Error::OldRootMismatch));
}

#[test]
fn json_of_a_consistency_proof() {
    let proof = LOG.consistency(2, 3);
    let text = serde_json::to_string(&proof).unwrap();
    let expected = format!(
        r#"{{"from":2,"to":3,"from_root":"{}","to_root":"{}","proof":["{}"]}}"#,
        LOG.root(2).to_base64(),
        LOG.root(3).to_base64(),
        proof.proof[0].to_base64()
    );
    assert_eq!(text, expected);
    assert_eq!(serde_json::from_str::<ConsistencyProof>(&text).unwrap(), proof);
    assert!(
        serde_json::from_str::<ConsistencyProof>(&text.replace("=\"", "\"")).is_err(),
        "padding is not optional"
    );
}
