//! Trees held in memory, for the tests.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use tlog::{Hash, Node, Plan, RightEdge};

/// Every complete node of a tree, and the root at every size.
pub struct Tree {
    pub nodes: HashMap<Node, Hash>,
    pub roots: Vec<Hash>,
    pub edge: RightEdge,
}

impl Tree {
    pub fn of<E: AsRef<[u8]>>(entries: &[E]) -> Tree {
        let (mut nodes, mut edge) = (HashMap::new(), RightEdge::new());
        let mut roots = vec![edge.root()];
        for entry in entries {
            let leaf = Hash::leaf(entry.as_ref());
            assert_eq!(nodes.insert(Node::leaf(edge.size()), leaf), None);
            let mut lowest = 0;
            edge.push_with(leaf, |node, hash| {
                assert_eq!(node.height, lowest + 1, "lowest first, none left out");
                lowest = node.height;
                assert_eq!(nodes.insert(node, hash), None, "a node is completed once");
            });
            roots.push(edge.root());
        }
        Tree { nodes, roots, edge }
    }

    pub fn numbered(size: u64) -> Tree {
        Tree::of(&(0..size).map(u64::to_be_bytes).collect::<Vec<_>>())
    }

    pub fn leaf(&self, index: u64) -> Hash {
        self.nodes[&Node::leaf(index)]
    }

    pub fn root(&self, size: u64) -> Hash {
        self.roots[usize::try_from(size).unwrap()]
    }

    pub fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        self.resolve(&Plan::inclusion(index, size).unwrap(), size)
    }

    pub fn consistency(&self, from: u64, to: u64) -> Vec<Hash> {
        self.resolve(&Plan::consistency(from, to).unwrap(), to)
    }

    fn resolve(&self, plan: &Plan, size: u64) -> Vec<Hash> {
        let nodes = plan.nodes();
        let mut distinct = nodes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), nodes.len(), "distinct nodes");
        assert!(nodes.iter().all(|node| node.is_complete(size)), "complete nodes");
        assert!(nodes.len() <= 2 * 64, "few nodes");
        // Only what the plan has named may be fetched.
        plan.resolve(|node| nodes.contains(&node).then(|| self.nodes[&node]))
            .unwrap()
    }
}
