//! Building and checking inclusion and consistency proofs (RFC 6962, sections 2.1.1 and 2.1.2).

use crate::edge::{fold, nodes_within};
use crate::error::Error;
use crate::hash::Hash;
use crate::node::Node;

/// The stored nodes that a proof is made of: names what to fetch, does no I/O itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One for each hash of the proof, in its order: the leaves that it covers, as (first, number).
    ranges: Vec<(u64, u64)>,
}

impl Plan {
    /// The proof that leaf `index` is in the tree of `size` leaves. Fails when it is not.
    pub fn inclusion(index: u64, size: u64) -> Result<Plan, Error> {
        if index >= size {
            return Err(Error::IndexOutOfRange { index, size });
        }
        let (mut start, mut len) = (0, size);
        let mut ranges = Vec::new();
        while len > 1 {
            let left = split(len);
            if index - start < left {
                ranges.push((start + left, len - left));
                len = left;
            } else {
                ranges.push((start, left));
                start += left;
                len -= left;
            }
        }
        ranges.reverse();
        Ok(Plan { ranges })
    }

    /// The proof that the tree of `to` leaves extends the one of `from`. Fails when `from > to`.
    ///
    /// From the empty tree, and from a tree to itself, the proof is empty.
    pub fn consistency(from: u64, to: u64) -> Result<Plan, Error> {
        if from > to {
            return Err(Error::SizeShrinks { from, to });
        }
        let mut ranges = Vec::new();
        if from == 0 {
            return Ok(Plan { ranges });
        }
        let (mut start, mut len) = (0, to);
        while start + len != from {
            let left = split(len);
            if from - start <= left {
                ranges.push((start + left, len - left));
                len = left;
            } else {
                ranges.push((start, left));
                start += left;
                len -= left;
            }
        }
        // A subtree that starts at 0 is the older tree itself, whose root the verifier has.
        if start > 0 {
            ranges.push((start, len));
        }
        ranges.reverse();
        Ok(Plan { ranges })
    }

    /// The distinct nodes to fetch, each complete within the tree.
    pub fn nodes(&self) -> Vec<Node> {
        // The ranges of a proof do not overlap, so nothing comes twice.
        self.ranges
            .iter()
            .flat_map(|&(start, len)| nodes_within(start, len))
            .collect()
    }

    /// The RFC 6962 proof, from the hashes of [`Plan::nodes`]. Fails when `fetch` has no hash for one of them.
    pub fn resolve(&self, mut fetch: impl FnMut(Node) -> Option<Hash>) -> Result<Vec<Hash>, Error> {
        let mut parts = Vec::with_capacity(64);
        let mut proof = Vec::with_capacity(self.ranges.len());
        for &(start, len) in &self.ranges {
            parts.clear();
            for node in nodes_within(start, len) {
                parts.push(fetch(node).ok_or(Error::MissingNode(node))?);
            }
            proof.extend(fold(&parts));
        }
        Ok(proof)
    }
}

/// The largest power of two below `len`, which is at least 2.
fn split(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}

/// Checks that `leaf` (a leaf hash) is at `index` in the tree of `size` leaves with this root.
///
/// RFC 9162, section 2.1.3.2, which checks the proofs of RFC 6962.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Error> {
    if index >= size {
        return Err(Error::IndexOutOfRange { index, size });
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(Error::ProofLength);
        }
        if at & 1 == 1 || at == last {
            hash = Hash::node(sibling, &hash);
            climb_to_right_child(&mut at, &mut last);
        } else {
            hash = Hash::node(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Error::ProofLength);
    }
    if hash == *root {
        Ok(())
    } else {
        Err(Error::RootMismatch)
    }
}

/// A right-most node without a sibling is its own parent: go up to where it is a right child.
fn climb_to_right_child(at: &mut u64, last: &mut u64) {
    while *at & 1 == 0 && *at != 0 {
        *at >>= 1;
        *last >>= 1;
    }
}

/// Checks that the tree of `to` leaves and root `to_root` extends the one of `from` leaves and root `from_root`.
///
/// RFC 9162, section 2.1.4.2. Every tree extends the empty tree, whose root is [`Hash::EMPTY`]; that proof is empty.
pub fn verify_consistency(
    from: u64,
    to: u64,
    from_root: &Hash,
    to_root: &Hash,
    proof: &[Hash],
) -> Result<(), Error> {
    if from > to {
        return Err(Error::SizeShrinks { from, to });
    }
    if from == 0 && *from_root != Hash::EMPTY {
        return Err(Error::OldRootMismatch);
    }
    if from == to && from_root != to_root {
        return Err(Error::RootMismatch);
    }
    if from == 0 || from == to {
        return if proof.is_empty() {
            Ok(())
        } else {
            Err(Error::ProofLength)
        };
    }
    let (mut at, mut last) = (from - 1, to - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    // When the older tree is a perfect one, the proof leaves out its root.
    let (seed, rest) = if from.is_power_of_two() {
        (from_root, proof)
    } else {
        proof.split_first().ok_or(Error::ProofLength)?
    };
    let (mut old, mut new) = (*seed, *seed);
    for sibling in rest {
        if last == 0 {
            return Err(Error::ProofLength);
        }
        if at & 1 == 1 || at == last {
            old = Hash::node(sibling, &old);
            new = Hash::node(sibling, &new);
            climb_to_right_child(&mut at, &mut last);
        } else {
            new = Hash::node(&new, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Error::ProofLength);
    }
    if old != *from_root {
        return Err(Error::OldRootMismatch);
    }
    if new == *to_root {
        Ok(())
    } else {
        Err(Error::RootMismatch)
    }
}
