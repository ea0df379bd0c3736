//! Answers requests of pages: as every request is answered, but that problems are pages too.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::Response;

use crate::app::App;
use crate::call::{Route, answer_with};
use crate::console::problem;
use crate::inside::Api;

/// Answers a request of this page. `api` answers what its forms send on.
pub(crate) async fn answer(
    app: Arc<App>,
    number: usize,
    route: &'static Route,
    mut request: Request,
    api: Router,
) -> Response<Body> {
    request.extensions_mut().insert(Api(api));
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let reader = Arc::clone(&app);
    let refused = async |refusal| problem::answer(&reader, &asked, refusal).await;
    answer_with(app, number, route, Request::from_parts(parts, body), refused).await
}
