//! `GET /log/tile/entries/{index}`

use tlog::{EntryBundle, Tile};

use crate::call::{Answer, Call};
use crate::log::fixed;
use crate::log::tile::{BYTES, MISSING, too_far};
use crate::openapi::{Doc, Parameter, Reply};
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "show_entry_bundle",
    tag: "log",
    summary: "Leaves of the tree",
    description: "An entry bundle of C2SP tlog-tiles: up to 256 adjacent leaves, each after its length in 16 bits, \
                  big-endian. Leaves hold ids, times, verbs and commitments, no payload.",
    parameters: &[&[Parameter::path(
        "position",
        "Index, such as `x001/234`; with `.p/` and the width when partial.",
        r#"{"type":"string","examples":["000.p/5"]}"#,
    )]],
    replies: &[Reply::new("200", "The leaves.", BYTES)],
    problems: MISSING,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let path = format!("tile/entries/{}", call.path().await?);
    let bundle = EntryBundle::parse(&path).map_err(|_| Problem::unknown_path())?;
    let bytes = call.app.engine.entry_bundle(bundle).await?.ok_or_else(too_far)?;
    Ok(fixed(
        bytes,
        bundle.width == Tile::FULL,
        call.app.settings.public_entries,
    ))
}
