//! Hashes of the tree that proofs are made of, kept in memory in groups of 16 neighbours.
//!
//! A complete subtree never changes its hash, so that what was read once need not be read again: all proofs against the
//! newest checkpoint go through the last group of every level, and those of neighbours through the same groups.
//!
//! Every other level of groups stands on hashes that are stored: on leaves, or on those of 256, 65,536, … entries. For a
//! group of a level between, the 256 hashes below it are read, and the 16 groups that they are in are kept too. The groups of
//! leaves are 16 for each of those above, so they have a memory of their own: where a log is larger than that, a receipt
//! reads 16 leaves again, but not 256.
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
use crate::lately::Lately;

/// Most groups of leaves, and of hashes above them, in each of the two halves of an engine's memory: a group takes 1.2 KiB.
pub(crate) const GROUPS_MAX: [usize; 2] = [8_192, 16_384];

/// The same of one bundle.
pub(crate) const GROUPS_OF_BUNDLE_MAX: [usize; 2] = [512, 64];

/// Nodes of a group's lowest row, at most.
const WIDTH: usize = 16;

/// Rows of a group: each half as long as the one below it.
const ROWS: u8 = 4;

/// Level and position of a group.
type Place = (u8, u64);

/// Neighbours with the hashes above them.
#[derive(Clone, Default)]
struct Group {
    rows: [Vec<Hash>; ROWS as usize],
}

impl Group {
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
        let row = node.height % ROWS;
        let at = usize::try_from(node.index % (WIDTH as u64 >> row)).ok()?;
        self.rows[usize::from(row)].get(at).copied()
    }

    /// The hash of all of it, where it is complete.
    fn root(&self) -> Option<Hash> {
        match self.rows.last()?[..] {
            [left, right] => Some(Hash::node(&left, &right)),
            _ => None,
        }
    }
}

fn place(node: Node) -> Place {
    (
        node.height / ROWS,
        node.index / (WIDTH as u64 >> (node.height % ROWS)),
    )
}

/// A plan, or the refusal of a tree that there is not.
pub(crate) fn planned(plan: Result<Plan, tlog::Error>) -> Result<Plan, Error> {
    plan.map_err(|error| code::NO_SUCH_TREE.because(error.to_string()).into())
}

/// Groups by place.
type Groups = HashMap<Place, Arc<Group>>;

type Kept = Lately<Place, Arc<Group>>;

/// Groups that were read: those of leaves, and those above them.
pub(crate) struct Tiles {
    kept: Mutex<[Kept; 2]>,
}

/// Which of the two memories has a group.
fn memory((level, _): Place) -> usize {
    usize::from(level > 0)
}

impl Tiles {
    pub(crate) fn new(max: [usize; 2]) -> Tiles {
        Tiles {
            kept: Mutex::new(max.map(Lately::new)),
        }
    }

    fn kept(&self) -> MutexGuard<'_, [Kept; 2]> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.kept().iter_mut().for_each(Lately::forget);
    }

    fn keep(&self, read: Groups) {
        let mut kept = self.kept();
        for (place, group) in read {
            kept[memory(place)].put(place, group);
        }
    }

    fn known(&self, nodes: &[Node]) -> Groups {
        let mut kept = self.kept();
        let places = nodes.iter().map(|node| place(*node));
        let known = places.filter_map(|place| Some((place, kept[memory(place)].get(&place)?)));
        known.collect()
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
        let known = self.known(&nodes);
        let mut path = Vec::new();
        for (known, again) in [(known, false), (Groups::new(), true)] {
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

/// What of the nodes' groups is not known, read from the database: whole groups, or what was appended to a partial one.
/// The highest come first, since those below may come with them.
async fn load(conn: &mut Conn, nodes: &[Node], size: u64, known: &Groups) -> Result<Groups, Error> {
    let mut nodes = nodes.to_vec();
    nodes.sort_unstable_by_key(|node| std::cmp::Reverse(node.height));
    let mut read = Groups::new();
    for node in nodes {
        let (level, position) = place(node);
        let before = known.get(&(level, position));
        if read.contains_key(&(level, position)) || before.is_some_and(|group| group.hash(node).is_some()) {
            continue;
        }
        let mut group = before.map(|group| Group::clone(group)).unwrap_or_default();
        // Stored hashes below each node of its lowest row.
        let each = if level % 2 == 0 { 1 } else { WIDTH as u64 };
        let height = (level - level % 2) * ROWS;
        let end = (position + 1) * WIDTH as u64 * each;
        let (from, to) = (
            (position * WIDTH as u64 + group.width()) * each,
            (size >> height).min(end),
        );
        let hashes = if height == 0 {
            store::head::leaf_hashes(conn, from, to).await?
        } else {
            store::head::subtrees(conn, height, from, to).await?
        };
        let mut there = hashes.iter().map(|(position, _)| *position);
        if let Some(gap) = (from..to).find(|position| there.next() != Some(*position)) {
            return Err(store::head::missing_hash(height, gap).into());
        }
        let hashes: Vec<Hash> = hashes.into_iter().map(|(_, hash)| hash).collect();
        if each == 1 {
            group.extend(hashes);
        } else {
            for (below, hashes) in (from / each..).zip(hashes.chunks(WIDTH)) {
                let mut lower = Group::default();
                lower.extend(hashes.iter().copied());
                group.extend(lower.root());
                read.insert((level - 1, below), Arc::new(lower));
            }
        }
        read.insert((level, position), Arc::new(group));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog::edge::root_of;

    /// Every node of a group, however it grew.
    #[test]
    fn hashes_of_all_nodes() {
        let leaves: Vec<Hash> = (0..WIDTH).map(|n| Hash::leaf(&n.to_be_bytes())).collect();
        for steps in [vec![16], vec![1, 2, 3, 10], vec![15, 1], vec![8, 7]] {
            let mut group = Group::default();
            let mut width = 0;
            for step in steps {
                group.extend(leaves[width..width + step].iter().copied());
                width += step;
                for height in 0..ROWS {
                    let span = 1_usize << height;
                    for index in 0..WIDTH / span {
                        let covered = index * span..(index + 1) * span;
                        let node = Node {
                            height: 8 + height,
                            index: (3 * WIDTH / span + index) as u64,
                        };
                        assert_eq!(place(node), (2, 3));
                        let of = |leaves: &[Hash]| root_of(leaves.iter().copied());
                        let expected = (covered.end <= width).then(|| of(&leaves[covered]));
                        assert_eq!(group.hash(node), expected, "{node:?} of {width}");
                    }
                }
                let whole = (width == WIDTH).then(|| root_of(leaves.iter().copied()));
                assert_eq!(group.root(), whole);
            }
        }
    }
}
