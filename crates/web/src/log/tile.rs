//! `GET /log/tile/{level}/{index}`

use tlog::Tile;

use crate::call::{Answer, Call};
use crate::listed::{DATABASE_UNAVAILABLE, Listed, NO_SUCH_TILE, UNKNOWN_PATH};
use crate::log::fixed;
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::problem::Problem;

pub(crate) const BYTES: &[Content] = &[Content::new(
    "application/octet-stream",
    r#"{"type":"string","format":"binary"}"#,
    "",
)];
pub(crate) const MISSING: &[Listed] = &[UNKNOWN_PATH, NO_SUCH_TILE, DATABASE_UNAVAILABLE];

pub(crate) const DOC: Doc = Doc {
    id: "show_tile",
    tag: "log",
    summary: "Hashes of the tree",
    description: "A tile of C2SP tlog-tiles: up to 256 adjacent hashes of 32 bytes, of leaves at level 0, of \
                  subtrees of 256 times as many leaves at each level above. A full tile never changes.",
    parameters: &[&[Parameter::path(
        "position",
        "Level and index, such as `0/x001/234`; with `.p/` and the width when partial.",
        r#"{"type":"string","examples":["0/000.p/5"]}"#,
    )]],
    replies: &[Reply::new("200", "The hashes, one after the other.", BYTES)],
    problems: MISSING,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let path = format!("tile/{}", call.path().await?);
    let tile = Tile::parse(&path).map_err(|_| Problem::unknown_path())?;
    let bytes = call.app.engine.tile(tile).await?.ok_or_else(too_far)?;
    Ok(fixed(bytes, tile.width == Tile::FULL, true))
}

pub(crate) fn too_far() -> Problem {
    Problem::of(NO_SUCH_TILE, NO_SUCH_TILE.2)
}
