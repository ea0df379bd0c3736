//! Names for the perfect subtrees of a tree.

/// A perfect subtree: the leaves `[index << height, (index + 1) << height)`.
///
/// A leaf has height 0. Once complete, a node's hash never changes, whatever is appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// Levels above the leaves.
    pub height: u8,
    /// Position among the nodes of this height, from the left.
    pub index: u64,
}

impl Node {
    /// The node of a single leaf.
    pub fn leaf(index: u64) -> Node {
        Node { height: 0, index }
    }

    /// Whether a tree of this size holds every leaf of the subtree.
    pub fn is_complete(&self, size: u64) -> bool {
        self.index < size.checked_shr(u32::from(self.height)).unwrap_or(0)
    }
}
