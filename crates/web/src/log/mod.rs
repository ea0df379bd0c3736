//! The public side of the log: C2SP tlog-tiles (<https://c2sp.org/tlog-tiles>), static and safe to mirror.

pub(crate) mod checkpoint;
pub(crate) mod entries;
pub(crate) mod tile;

use axum::body::Body;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, Response};

use crate::call::with_type;

/// Bytes that never change once they are there. A partial tile is soon replaced by a wider one, and nobody asks
/// for it again.
fn fixed(bytes: Vec<u8>, full: bool, shared: bool) -> Response<Body> {
    let mut response = with_type("application/octet-stream", bytes);
    let cache = match (shared, full) {
        (false, _) => "no-store",
        (true, true) => "public, max-age=31536000, immutable",
        (true, false) => "public, max-age=60",
    };
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
