//! The right edge of a tree: all that appending needs.

use crate::error::Error;
use crate::hash::Hash;
use crate::node::Node;

/// The roots of the perfect subtrees that make up a tree, one for each bit set in its size.
///
/// Enough to append to the tree and to give its root, in `O(log n)` memory.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RightEdge {
    size: u64,
    hashes: Vec<Hash>,
}

impl RightEdge {
    /// The largest tree that an edge is made for: `2^63 - 1` leaves.
    pub const MAX_SIZE: u64 = u64::MAX >> 1;

    /// The edge of the empty tree.
    pub fn new() -> Self {
        // One hash a height: pushing never has to grow it.
        RightEdge {
            size: 0,
            hashes: Vec::with_capacity(64),
        }
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root hash of the tree (RFC 6962, section 2.1).
    pub fn root(&self) -> Hash {
        fold(&self.hashes).unwrap_or(Hash::EMPTY)
    }

    /// Appends a leaf, given by its hash ([`Hash::leaf`]).
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _| {});
    }

    /// Appends a leaf and calls `completed` for every perfect subtree (height >= 1) that it completes, lowest first.
    #[inline]
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(Node, Hash)) {
        let (mut node, mut hash) = (Node::leaf(self.size), leaf);
        while node.index & 1 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = Hash::node(&left, &hash);
            node = Node {
                height: node.height + 1,
                index: node.index >> 1,
            };
            completed(node, hash);
        }
        self.hashes.push(hash);
        // Edges are read at `MAX_SIZE` at most, and 2^63 further pushes cannot happen.
        self.size = self.size.saturating_add(1);
    }

    /// The hashes, largest subtree first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The subtrees and their hashes, largest first.
    pub fn nodes(&self) -> impl Iterator<Item = (Node, Hash)> {
        nodes_within(0, self.size).zip(self.hashes.iter().copied())
    }

    /// The concatenated hashes, largest subtree first: 32 bytes for each bit set in the size.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// The inverse of [`RightEdge::to_bytes`]. Fails when the length does not fit the size.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, Error> {
        let (chunks, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(Error::HashBytes(bytes.len()));
        }
        Self::from_hashes(size, chunks.iter().copied().map(Hash).collect())
    }

    /// An edge from the hashes of [`RightEdge::nodes_of`]. Fails when their number does not fit the size.
    pub fn from_hashes(size: u64, hashes: Vec<Hash>) -> Result<Self, Error> {
        if size > Self::MAX_SIZE {
            return Err(Error::SizeTooLarge(size));
        }
        let expected = size.count_ones() as usize;
        if hashes.len() != expected {
            return Err(Error::EdgeLength {
                expected,
                found: hashes.len(),
            });
        }
        Ok(RightEdge { size, hashes })
    }

    /// The nodes that make up the edge of a tree of this size, largest first.
    pub fn nodes_of(size: u64) -> Vec<Node> {
        nodes_within(0, size).collect()
    }
}

/// The root over adjacent subtrees of falling size; none for an empty slice.
pub(crate) fn fold(largest_first: &[Hash]) -> Option<Hash> {
    let (last, rest) = largest_first.split_last()?;
    Some(
        rest.iter()
            .rev()
            .fold(*last, |right, left| Hash::node(left, &right)),
    )
}

/// The perfect subtrees that make up the `len` leaves from `start`, largest first.
///
/// `start` must be a multiple of a power of two not below `len`, as every subtree of RFC 6962 is.
pub(crate) fn nodes_within(start: u64, len: u64) -> impl Iterator<Item = Node> {
    let mut left = len;
    std::iter::from_fn(move || {
        let height = left.checked_ilog2()?;
        let at = start + (len - left);
        left -= 1 << height;
        // A height of a 64-bit number is below 64.
        Some(Node {
            height: u8::try_from(height).ok()?,
            index: at >> height,
        })
    })
}

/// The root of the tree that has these hashes as its leaf hashes, in order.
///
/// Over `2^k` adjacent node hashes it is the hash of the node `k` levels above them.
pub fn root_of(hashes: impl IntoIterator<Item = Hash>) -> Hash {
    let mut edge = RightEdge::new();
    hashes.into_iter().for_each(|hash| edge.push(hash));
    edge.root()
}
