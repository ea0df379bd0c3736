//! Tiles and entry bundles: the static files of a log (C2SP tlog-tiles).

use crate::error::Error;
use crate::node::Node;
use crate::text;
use std::ops::Range;

/// Nodes that a tile spans upwards: a full tile is a subtree of height 8.
const TILE_HEIGHT: u8 = 8;

/// The highest level that a tile path may name.
const MAX_LEVEL: u8 = 63;

/// A run of up to 256 adjacent node hashes: those at height `8 * level` from `256 * index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Height of the hashes in units of 8: 0 for leaf hashes, at most 63.
    pub level: u8,
    /// Position of the tile within its level.
    pub index: u64,
    /// The number of hashes, 1 to 256. A tile of fewer than 256 is partial.
    pub width: u16,
}

impl Tile {
    /// The width of a full tile.
    pub const FULL: u16 = 256;

    /// The path below the prefix of the log: `tile/0/x001/234`, or `tile/0/x001/234.p/5` when partial.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, position_path(self.index, self.width))
    }

    /// The inverse of [`Tile::path`]; any other spelling is refused.
    pub fn parse(path: &str) -> Result<Tile, Error> {
        let rest = path.strip_prefix("tile/").ok_or(Error::TilePath)?;
        let (level, rest) = rest.split_once('/').ok_or(Error::TilePath)?;
        let number = text::decimal(level).ok_or(Error::TilePath)?;
        let level = u8::try_from(number)
            .ok()
            .filter(|l| *l <= MAX_LEVEL)
            .ok_or(Error::TileLevel(number))?;
        let (index, width) = parse_position(rest)?;
        Ok(Tile { level, index, width })
    }

    /// The tile of this level and index in a tree of `size` leaves, with its width there. None when it is empty.
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Tile> {
        let hashes = size
            .checked_shr(u32::from(level) * u32::from(TILE_HEIGHT))
            .unwrap_or(0);
        width_within(index, hashes).map(|width| Tile { level, index, width })
    }

    /// The node whose hash is at this position of the tile.
    ///
    /// No tree holds tiles of level 8 and above: a node of such a tile is in no tree ([`Node::is_complete`]).
    pub fn node(&self, position: u16) -> Node {
        Node {
            height: self.level.saturating_mul(TILE_HEIGHT),
            index: self
                .index
                .saturating_mul(u64::from(Self::FULL))
                .saturating_add(u64::from(position)),
        }
    }

    /// The tile in a tree of `size` leaves from which the hash of a node follows, and the positions in it that the
    /// node covers: the hash of the node is [`crate::edge::root_of`] them. None when the node is not complete.
    pub fn covering(node: Node, size: u64) -> Option<(Tile, Range<u16>)> {
        if !node.is_complete(size) {
            return None;
        }
        let below = node.height % TILE_HEIGHT;
        let first = node.index << below;
        let tile = Tile::in_tree(node.height / TILE_HEIGHT, first / u64::from(Self::FULL), size)?;
        let start = u16::try_from(first % u64::from(Self::FULL)).ok()?;
        let end = start + (1 << below);
        (end <= tile.width).then_some((tile, start..end))
    }
}

/// A run of up to 256 adjacent log entries, from entry `256 * index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryBundle {
    /// Position of the bundle: that of the level 0 tile with the hashes of its entries.
    pub index: u64,
    /// The number of entries, 1 to 256.
    pub width: u16,
}

impl EntryBundle {
    /// The longest entry that a bundle can hold, in bytes.
    pub const MAX_ENTRY: usize = 0xffff;

    /// The path below the prefix of the log: `tile/entries/x001/234`, or `tile/entries/x001/234.p/5` when partial.
    pub fn path(&self) -> String {
        format!("tile/entries/{}", position_path(self.index, self.width))
    }

    /// The inverse of [`EntryBundle::path`]; any other spelling is refused.
    pub fn parse(path: &str) -> Result<EntryBundle, Error> {
        let rest = path.strip_prefix("tile/entries/").ok_or(Error::TilePath)?;
        let (index, width) = parse_position(rest)?;
        Ok(EntryBundle { index, width })
    }

    /// The bundle of this index in a tree of `size` leaves. None when it is empty.
    pub fn in_tree(index: u64, size: u64) -> Option<EntryBundle> {
        width_within(index, size).map(|width| EntryBundle { index, width })
    }

    /// The bytes of a bundle of these entries: each after its length as a big-endian 16-bit number.
    ///
    /// Fails on no entries, on more than 256, and on an entry longer than [`EntryBundle::MAX_ENTRY`].
    pub fn encode<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, Error> {
        if entries.is_empty() || entries.len() > usize::from(Tile::FULL) {
            return Err(Error::BundleWidth(entries.len()));
        }
        let mut bytes = Vec::with_capacity(entries.iter().map(|e| e.as_ref().len() + 2).sum());
        for entry in entries {
            let entry = entry.as_ref();
            let len = u16::try_from(entry.len()).map_err(|_| Error::EntryTooLong(entry.len()))?;
            bytes.extend_from_slice(&len.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        Ok(bytes)
    }

    /// The entries in the bytes of this bundle. Fails unless they are exactly `width` entries.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, Error> {
        if self.width == 0 || self.width > Tile::FULL {
            return Err(Error::BundleWidth(usize::from(self.width)));
        }
        let mut entries = Vec::with_capacity(usize::from(self.width));
        let mut rest = bytes;
        for _ in 0..self.width {
            let (len, after) = rest.split_first_chunk::<2>().ok_or(Error::BundleTruncated)?;
            let len = usize::from(u16::from_be_bytes(*len));
            let (entry, after) = after.split_at_checked(len).ok_or(Error::BundleTruncated)?;
            entries.push(entry);
            rest = after;
        }
        if rest.is_empty() {
            Ok(entries)
        } else {
            Err(Error::BundleTrailing(rest.len()))
        }
    }
}

/// How many of `total` items the run of 256 with this index has.
fn width_within(index: u64, total: u64) -> Option<u16> {
    let full = u64::from(Tile::FULL);
    let width = total.checked_sub(index.checked_mul(full)?)?.min(full);
    u16::try_from(width).ok().filter(|w| *w > 0)
}

/// `x001/x234/067` for 1234067, followed by `.p/W` when partial.
fn position_path(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path.insert_str(0, &format!("x{:03}/", rest % 1000));
        rest /= 1000;
    }
    if width == Tile::FULL {
        path
    } else {
        format!("{path}.p/{width}")
    }
}

/// The inverse of [`position_path`], on its canonical spelling alone.
fn parse_position(path: &str) -> Result<(u64, u16), Error> {
    let (index, width) = match path.split_once(".p/") {
        None => (path, Tile::FULL),
        Some((index, width)) => {
            let width = text::decimal(width).filter(|w| (1..u64::from(Tile::FULL)).contains(w));
            (
                index,
                width
                    .and_then(|w| u16::try_from(w).ok())
                    .ok_or(Error::TileWidth)?,
            )
        }
    };
    Ok((parse_index(index).ok_or(Error::TileIndex)?, width))
}

fn parse_index(path: &str) -> Option<u64> {
    let (high, low) = match path.rsplit_once('/') {
        Some((high, low)) => (Some(high), low),
        None => (None, path),
    };
    let mut index: u64 = 0;
    if let Some(high) = high {
        for element in high.split('/') {
            index = push_element(index, element.strip_prefix('x')?)?;
            // A first element of zeros is a leading zero.
            if index == 0 {
                return None;
            }
        }
    }
    push_element(index, low)
}

fn push_element(index: u64, digits: &str) -> Option<u64> {
    if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    index.checked_mul(1000)?.checked_add(digits.parse().ok()?)
}
