//! The head of the log, and the hashes of full subtrees.

use std::collections::HashMap;

use domain::record::Val;
use evidence::time::Timestamp;
use tlog::{Hash, Node, RightEdge};

use crate::conn::Conn;
use crate::error::{Error, ErrorKind};
use crate::row::Row;

/// The head row: everything needed to append.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Name of the log, the first line of its checkpoints.
    pub origin: String,
    /// The right edge of the tree, which knows size and root.
    pub edge: RightEdge,
    /// Time of the last entry.
    pub at: Timestamp,
    /// Signed checkpoint (C2SP signed note).
    pub checkpoint: String,
}

const SELECT: &str = "SELECT origin, size, root, edge, at, checkpoint FROM log_head WHERE id = 1";
pub(crate) const SELECT_LOCKED: &str =
    "SELECT origin, size, root, edge, at, checkpoint FROM log_head WHERE id = 1 FOR UPDATE";
pub(crate) const UPDATE: &str =
    "UPDATE log_head SET origin = $1, size = $2, root = $3, edge = $4, at = $5, checkpoint = $6 WHERE id = 1";

impl Head {
    /// Reads a row of the head's columns, and checks that they belong together.
    pub(crate) fn read(row: Option<Row>) -> Result<Option<Head>, Error> {
        row.map(|row| Head::parse(&row)).transpose().map_err(of_head)
    }

    fn parse(row: &Row) -> Result<Head, Error> {
        let edge = RightEdge::from_bytes(row.unsigned(1)?, row.bytes(3)?)
            .map_err(|error| Error::data(format!("log_head.edge: {error}")))?;
        if edge.root().as_bytes() != row.bytes(2)? {
            return Err(Error::data(
                "log_head.root is not the root of log_head.edge: somebody changed the head row",
            ));
        }
        Ok(Head {
            origin: row.text(0)?.to_owned(),
            edge,
            at: row.time(4)?,
            checkpoint: row.text(5)?.to_owned(),
        })
    }

    /// The head as last committed; none before set-up.
    pub async fn load(conn: &mut Conn) -> Result<Option<Head>, Error> {
        Head::read(conn.opt(SELECT, &[]).await?)
    }

    /// The place and leaf of the entry with this id, or at this index, and the head after it.
    pub async fn with_leaf(
        conn: &mut Conn,
        key: Val,
    ) -> Result<(Option<(u64, String)>, Option<Head>), Error> {
        let column = match key {
            Val::Uuid(_) => "id",
            _ => "entry",
        };
        let sql = format!("SELECT entry, leaf FROM entries WHERE {column} = $1");
        let [entry, head] = conn.both([(&sql, &[key]), (SELECT, &[])]).await?;
        let leaf = |row: &Row| leaf_of(row).map(|(index, leaf)| (index, leaf.to_owned()));
        let entry = entry.first().map(leaf).transpose()?;
        Ok((entry, Head::read(head.into_iter().next())?))
    }

    /// The head, locked until the transaction ends.
    pub async fn lock(conn: &mut Conn) -> Result<Head, Error> {
        let sql = match conn {
            Conn::Sqlite(_) => SELECT,
            Conn::Pg(_) => SELECT_LOCKED,
        };
        Head::read(conn.opt(sql, &[]).await?)?.ok_or_else(missing)
    }

    pub(crate) fn args(&self) -> [Val; 6] {
        [
            self.origin.as_str().into(),
            int(self.edge.size()).into(),
            self.edge.root().as_bytes().as_slice().into(),
            self.edge.to_bytes().into(),
            self.at.into(),
            self.checkpoint.as_str().into(),
        ]
    }

    /// Makes the head row; false when there is one.
    pub async fn insert(&self, conn: &mut Conn) -> Result<bool, Error> {
        let sql = "INSERT INTO log_head (id, origin, size, root, edge, at, checkpoint) VALUES (1, $1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (id) DO NOTHING";
        Ok(conn.exec(sql, &self.args()).await? == 1)
    }

    /// Writes the head row, which must be there.
    pub async fn update(&self, conn: &mut Conn) -> Result<(), Error> {
        match conn.exec(UPDATE, &self.args()).await? {
            1 => Ok(()),
            _ => Err(Error::new(ErrorKind::Moved, "the head row is gone")),
        }
    }
}

pub(crate) fn missing() -> Error {
    of_head(Error::data("the database is not set up: there is no head row"))
}

/// A value of the head row that does not read is the head's fault.
fn of_head(error: Error) -> Error {
    Error {
        kind: ErrorKind::Head,
        ..error
    }
}

/// A size or index as SQL holds it; sizes never come near 2^63.
pub fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Whether the hash of this subtree is stored.
pub fn is_stored(node: Node) -> bool {
    node.height > 0 && node.height.is_multiple_of(8)
}

/// Stores hashes of full subtrees.
pub async fn insert_subtrees(conn: &mut Conn, subtrees: &[(Node, Hash)]) -> Result<(), Error> {
    for (node, hash) in subtrees {
        let args = [
            i64::from(node.height).into(),
            int(node.index).into(),
            hash.as_bytes().as_slice().into(),
        ];
        conn.exec(
            "INSERT INTO subtrees (height, position, hash) VALUES ($1, $2, $3)",
            &args,
        )
        .await?;
    }
    Ok(())
}

/// Stored hashes of one height, by position, `from` included and `to` not.
pub async fn subtrees(conn: &mut Conn, height: u8, from: u64, to: u64) -> Result<Vec<(u64, Hash)>, Error> {
    let stored = stored_subtrees(conn, height, from, to).await?;
    let wrong = |position: u64| {
        Error::entry(
            position << height,
            "the hash of the subtree that begins with it is not 32 bytes",
        )
    };
    stored
        .into_iter()
        .map(|(position, found)| Ok((position, found.ok_or_else(|| wrong(position))?)))
        .collect()
}

/// The same for whoever wants to name what does not read: none where the stored bytes are not a hash.
pub async fn stored_subtrees(
    conn: &mut Conn,
    height: u8,
    from: u64,
    to: u64,
) -> Result<Vec<(u64, Option<Hash>)>, Error> {
    let sql = "SELECT position, hash FROM subtrees WHERE height = $1 AND position >= $2 AND position < $3 ORDER BY position";
    let rows = conn
        .all(sql, &[i64::from(height).into(), int(from).into(), int(to).into()])
        .await?;
    rows.iter()
        .map(|row| Ok((row.unsigned(0)?, row.bytes(1).ok().and_then(Hash::from_slice))))
        .collect()
}

/// The hashes of complete subtrees of any height.
///
/// Each is put together from at most 128 stored hashes or leaves below it; a proof needs nodes in at most two
/// groups of 256 a level, so the number of reads is bounded whatever the size of the log.
pub async fn nodes(conn: &mut Conn, nodes: &[Node]) -> Result<HashMap<Node, Hash>, Error> {
    let mut found = HashMap::with_capacity(nodes.len());
    let mut groups: HashMap<(u8, u64), (u64, u64)> = HashMap::new();
    for node in nodes {
        let (base, from, to) = below(*node);
        let range = groups.entry((base, from >> 8)).or_insert((from, to));
        *range = (range.0.min(from), range.1.max(to));
    }
    let mut known: HashMap<(u8, u64), Hash> = HashMap::new();
    for ((base, _), (from, to)) in groups {
        let hashes = if base == 0 {
            leaf_hashes(conn, from, to).await?
        } else {
            subtrees(conn, base, from, to).await?
        };
        known.extend(
            hashes
                .into_iter()
                .map(|(position, hash)| ((base, position), hash)),
        );
    }
    for node in nodes {
        let (base, from, to) = below(*node);
        let row: Option<Vec<Hash>> = (from..to)
            .map(|position| known.get(&(base, position)).copied())
            .collect();
        let gap = |position: &u64| !known.contains_key(&(base, *position));
        let row = row.ok_or_else(|| missing_hash(base, (from..to).find(gap).unwrap_or(from)))?;
        found.insert(*node, fold(row));
    }
    Ok(found)
}

/// The error where a stored hash of this height is not there; of height 0 it is that of an entry.
pub fn missing_hash(height: u8, position: u64) -> Error {
    let what = match height {
        0 => "it is missing",
        _ => "the hash of the subtree that begins with it is missing",
    };
    Error::entry(position << height, what)
}

/// The stored level at or below a node, and the range of positions there that it covers.
fn below(node: Node) -> (u8, u64, u64) {
    let base = node.height - node.height % 8;
    let shift = node.height % 8;
    (base, node.index << shift, (node.index + 1) << shift)
}

fn fold(mut row: Vec<Hash>) -> Hash {
    while row.len() > 1 {
        row = row
            .chunks_exact(2)
            .map(|pair| Hash::node(&pair[0], &pair[1]))
            .collect();
    }
    row.first().copied().unwrap_or(Hash::EMPTY)
}

/// An entry's index and leaf, from a row that begins with them.
fn leaf_of(row: &Row) -> Result<(u64, &str), Error> {
    let index = row.unsigned(0)?;
    let leaf = row.text(1).map_err(|error| Error::entry(index, error.message))?;
    Ok((index, leaf))
}

/// Leaf hashes of entries, `from` included and `to` not.
pub async fn leaf_hashes(conn: &mut Conn, from: u64, to: u64) -> Result<Vec<(u64, Hash)>, Error> {
    let sql = "SELECT entry, leaf FROM entries WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    let rows = conn.all(sql, &[int(from).into(), int(to).into()]).await?;
    let hash = |row| leaf_of(row).map(|(index, leaf)| (index, Hash::leaf(leaf.as_bytes())));
    rows.iter().map(hash).collect()
}
