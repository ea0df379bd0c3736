//! `GET /v1/status`

use views::StatusView;

use crate::call::{Answer, Call, json};
use crate::openapi::{Doc, Reply};
use crate::tls::Tls;

pub(crate) const DOC: Doc = Doc {
    id: "show_status",
    tag: "service",
    summary: "How the service stands",
    description: "Database, schema, log, connections, the last verification, backups, jobs, disk, certificate and every check, as \
                  the server that answers sees them: what `probity status --output json` prints. `GET /health/ready` needs no key, and says less.",
    replies: &[Reply::shown::<StatusView>("200", "The state, good or bad.")],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let app = &call.app;
    let certificate = app.settings.tls.as_ref().map(Tls::shown);
    let health = app.engine.health().await;
    json(&StatusView::of(&app.engine, &app.jobs, health, certificate).await?)
}
