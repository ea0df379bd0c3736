//! Hashes of the tree that proofs are made of, kept in memory 256 neighbours at a time.
//!
//! A complete subtree never changes its hash, so that what was read once need not be read again: all proofs against the
//! newest checkpoint go through the last tile of every level, and those of neighbours through the same tiles.
//!
//! What is kept is trusted no more than the database. A proof is checked against the head's root before it is given, and
//! what was read for it is kept only if it holds. A proof that does not hold is made again from the database alone; if it
//! holds then, what was kept before is forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::code;
use store::{Conn, Head};
use tlog::{Hash, Node, Plan, verify_inclusion};

use crate::error::Error;

/// Most tiles that an engine keeps, of up to 16 KiB each; beyond it the memory starts anew.
pub const TILES_MAX: usize = 1_024;

/// Most tiles that one bundle keeps for itself.
pub(crate) const TILES_OF_BUNDLE_MAX: usize = 64;

/// Nodes of a tile's lowest row, at most.
const WIDTH: u64 = 256;

/// Level and position of a tile.
type Place = (u8, u64);

/// A tile with the hashes above it: row by row, each half as long as the one below it.
#[derive(Clone, Default)]
struct Tile {
    rows: [Vec<Hash>; 8],
}

impl Tile {
    fn extend(&mut self, hashes: impl IntoIterator<Item = Hash>) {
        self.rows[0].extend(hashes);
        for below in 0..self.rows.len() - 1 {
            let (done, rest) = self.rows.split_at_mut(below + 1);
            let (from, row) = (&done[below], &mut rest[0]);
            let new = from.chunks_exact(2).skip(row.len());
            row.extend(new.map(|pair| Hash::node(&pair[0], &pair[1])));
        }
    }

    fn width(&self) -> u64 {
        self.rows[0].len() as u64
    }

    fn hash(&self, node: Node) -> Option<Hash> {
        let row = node.height % 8;
        let at = usize::try_from(node.index % (WIDTH >> row)).ok()?;
        self.rows[usize::from(row)].get(at).copied()
    }
}

fn place(node: Node) -> Place {
    let above = node.height % 8;
    (node.height / 8, node.index / (WIDTH >> above))
}

/// A plan, or the refusal of a tree that there is not.
pub(crate) fn planned(plan: Result<Plan, tlog::Error>) -> Result<Plan, Error> {
    plan.map_err(|error| code::NO_SUCH_TREE.because(error.to_string()).into())
}

/// Tiles by place.
type Kept = HashMap<Place, Arc<Tile>>;

/// Tiles that were read.
pub(crate) struct Tiles {
    max: usize,
    kept: Mutex<Kept>,
}

impl Tiles {
    pub(crate) fn new(max: usize) -> Tiles {
        Tiles {
            max,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.kept().clear();
    }

    fn keep(&self, read: Kept) {
        if !read.is_empty() {
            let mut kept = self.kept();
            if kept.len() + read.len() > self.max {
                kept.clear();
            }
            kept.extend(read);
        }
    }

    /// The inclusion path of an entry with this leaf, in the tree of this head.
    ///
    /// Where the database itself does not lead to the head's root, the path is what the database says: whoever checks it
    /// finds that it does not hold.
    pub(crate) async fn inclusion(
        &self,
        conn: &mut Conn,
        index: u64,
        leaf: &str,
        head: &Head,
    ) -> Result<Vec<Hash>, Error> {
        let (size, root, leaf) = (head.edge.size(), head.edge.root(), Hash::leaf(leaf.as_bytes()));
        let plan = planned(Plan::inclusion(index, size))?;
        let nodes = plan.nodes();
        let known = {
            let kept = self.kept();
            let of_node = |node: &Node| Some((place(*node), Arc::clone(kept.get(&place(*node))?)));
            nodes.iter().filter_map(of_node).collect()
        };
        let mut path = Vec::new();
        for (known, again) in [(known, false), (Kept::new(), true)] {
            let from_memory = !known.is_empty();
            let read = load(conn, &nodes, size, &known).await?;
            let hash = |node| read.get(&place(node)).or(known.get(&place(node)))?.hash(node);
            path = plan
                .resolve(hash)
                .map_err(|error| store::Error::data(error.to_string()))?;
            if verify_inclusion(index, size, &leaf, &path, &root).is_ok() {
                if again {
                    self.forget();
                }
                self.keep(read);
                break;
            }
            if !from_memory {
                break;
            }
        }
        Ok(path)
    }
}

/// What of the nodes' tiles is not known, read from the database: whole tiles, or what was appended to a partial one.
async fn load(conn: &mut Conn, nodes: &[Node], size: u64, known: &Kept) -> Result<Kept, Error> {
    let mut read = Kept::new();
    for node in nodes {
        let place = place(*node);
        let before = known.get(&place);
        if read.contains_key(&place) || before.is_some_and(|tile| tile.hash(*node).is_some()) {
            continue;
        }
        let (level, position) = place;
        let mut tile = before.map(|tile| Tile::clone(tile)).unwrap_or_default();
        let from = position * WIDTH + tile.width();
        let to = (size >> (level * 8)).min((position + 1) * WIDTH);
        let hashes = if level == 0 {
            store::head::leaf_hashes(conn, from, to).await?
        } else {
            store::head::subtrees(conn, level * 8, from, to).await?
        };
        if !hashes.iter().map(|(position, _)| *position).eq(from..to) {
            return Err(store::Error::data(format!("a hash below subtree {node:?} is missing")).into());
        }
        tile.extend(hashes.into_iter().map(|(_, hash)| hash));
        read.insert(place, Arc::new(tile));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog::edge::root_of;

    /// Every node of a tile, however it grew.
    #[test]
    fn hashes_of_all_nodes() {
        let leaves: Vec<Hash> = (0..WIDTH).map(|n| Hash::leaf(&n.to_be_bytes())).collect();
        for steps in [vec![256], vec![1, 2, 3, 250], vec![255, 1], vec![128, 100]] {
            let mut tile = Tile::default();
            let mut width = 0;
            for step in steps {
                tile.extend(leaves[width..width + step].iter().copied());
                width += step;
                for height in 0..8_u8 {
                    let span = 1_usize << height;
                    for index in 0..256 / span {
                        let covered = index * span..(index + 1) * span;
                        let node = Node {
                            height: 8 + height,
                            index: (3 * 256 / span + index) as u64,
                        };
                        assert_eq!(place(node), (1, 3));
                        let expected =
                            (covered.end <= width).then(|| root_of(leaves[covered].iter().copied()));
                        assert_eq!(tile.hash(node), expected, "{node:?} of {width}");
                    }
                }
            }
        }
    }
}
