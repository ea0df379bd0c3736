//! `GET /static/{name}`: what pages load, for ever under a name that changes with its content.

use axum::body::Body;
use console::assets::Asset;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use http::{HeaderValue, Response};

use crate::call::{Answer, Call, with_type};
use crate::problem::Problem;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The checks of an entry in one file.
const VERIFIER: &str = "verify.html";

/// That file, to be kept and opened without a network.
fn verifier() -> Response<Body> {
    let mut response = with_type("text/html; charset=utf-8", evidence::verifier::page());
    let name = HeaderValue::from_static("attachment; filename=\"verify.html\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    response
}

pub(crate) async fn show(mut call: Call) -> Answer {
    let name = call.path().await?;
    if name == VERIFIER {
        return Ok(verifier());
    }
    let asset = Asset::named(&name).ok_or_else(Problem::unknown_path)?;
    let mut response = with_type(asset.media, asset.text.as_str());
    response.headers_mut().insert(CACHE_CONTROL, FOR_EVER);
    Ok(response)
}
