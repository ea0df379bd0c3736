//! The right edge: round trips, and going on from a stored one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Tree;
use proptest::prelude::*;
use tlog::{Error, Hash, Node, RightEdge};

#[test]
fn an_edge_survives_storage_at_every_size() {
    let tree = Tree::numbered(300);
    let mut edge = RightEdge::new();
    for size in 0..300_u64 {
        assert_eq!((edge.size(), edge.root()), (size, tree.root(size)));
        let stored = RightEdge::from_bytes(size, &edge.to_bytes()).unwrap();
        assert_eq!(stored, edge);
        assert_eq!(
            RightEdge::from_hashes(size, edge.hashes().to_vec()).unwrap(),
            edge
        );

        let nodes: Vec<(Node, Hash)> = edge.nodes().collect();
        assert!(nodes.iter().all(|(node, hash)| tree.nodes[node] == *hash));
        assert_eq!(
            nodes.iter().map(|(node, _)| *node).collect::<Vec<_>>(),
            RightEdge::nodes_of(size)
        );
        // Go on from what was stored.
        edge = stored;
        edge.push(tree.leaf(size));
    }
}

#[test]
fn the_nodes_of_an_edge() {
    let node = |height, index| Node { height, index };
    assert_eq!(RightEdge::nodes_of(0), []);
    assert_eq!(RightEdge::nodes_of(11), [node(3, 0), node(1, 4), node(0, 10)]);
    let all = RightEdge::nodes_of(u64::MAX);
    assert_eq!(
        (all.len(), all[0], all[63]),
        (64, node(63, 0), node(0, u64::MAX - 1))
    );
}

#[test]
fn an_edge_of_the_wrong_length_is_refused() {
    let one = [7; 32];
    assert_eq!(RightEdge::from_bytes(1, &one[1..]), Err(Error::HashBytes(31)));
    assert_eq!(
        RightEdge::from_bytes(3, &one),
        Err(Error::EdgeLength {
            expected: 2,
            found: 1
        })
    );
    assert_eq!(
        RightEdge::from_bytes(0, &one),
        Err(Error::EdgeLength {
            expected: 0,
            found: 1
        })
    );
    assert_eq!(
        RightEdge::from_bytes(1 << 63, &one),
        Err(Error::SizeTooLarge(1 << 63))
    );
}

#[test]
fn a_node_is_complete_once_its_last_leaf_is_there() {
    let node = Node { height: 3, index: 2 };
    assert!(!node.is_complete(23) && node.is_complete(24));
    assert!(!Node { height: 64, index: 0 }.is_complete(u64::MAX));
    assert!(
        !Node {
            height: 255,
            index: u64::MAX
        }
        .is_complete(u64::MAX)
    );
}

proptest! {
    #[test]
    fn edges_from_any_bytes_append_without_panic(size in any::<u64>(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let hashes = vec![Hash::EMPTY; size.count_ones() as usize];
        let edges = [RightEdge::from_bytes(size, &bytes), RightEdge::from_hashes(size, hashes)];
        for mut edge in edges.into_iter().flatten() {
            let mut completed = 0;
            edge.push_with(Hash::EMPTY, |node, _| {
                assert!(node.is_complete(size + 1));
                completed += 1;
            });
            prop_assert_eq!(completed, size.trailing_ones());
            prop_assert_eq!(edge.hashes().len(), (size + 1).count_ones() as usize);
            prop_assert_eq!(edge.size(), size + 1);
        }
    }
}
