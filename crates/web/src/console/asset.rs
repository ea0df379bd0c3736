//! `GET /static/{name}`: what pages load, for ever under a name that changes with its content.

use console::assets::Asset;
use http::HeaderValue;
use http::header::CACHE_CONTROL;

use crate::call::{Answer, Call, with_type};
use crate::problem::Problem;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(crate) async fn show(mut call: Call) -> Answer {
    let name = call.path().await?;
    let asset = Asset::named(&name).ok_or_else(Problem::unknown_path)?;
    let mut response = with_type(asset.media, asset.text);
    response.headers_mut().insert(CACHE_CONTROL, FOR_EVER);
    Ok(response)
}
