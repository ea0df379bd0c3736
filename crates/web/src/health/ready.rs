//! `GET /health/ready`

use engine::Health;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "ready",
    tag: "service",
    summary: "Whether requests can be served",
    description: "Database, log, Writer, storage and clock, one check each, and the certificate where the server speaks TLS; of these \
                  clock and certificate do not decide. `code` says \
                  why one is not well, where errors have a code for it; what was found is in the server's log.",
    replies: &[
        Reply::new(
            "200",
            "They can.",
            &[Content::typed::<Body>(
                r#"{"ready":true,"checks":[{"name":"database","ok":true}]}"#,
            )],
        ),
        Reply::new(
            "503",
            "They cannot; the checks say which part is not well.",
            &[Content::typed::<Body>(
                r#"{"ready":false,"checks":[{"name":"log","ok":false,"code":"log_rolled_back"}]}"#,
            )],
        ),
    ],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Body {
    ready: bool,
    checks: Vec<Check>,
}

// Without its detail, which may name hosts: this answer needs no key.
/// A check.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let health = call.app.engine.health().await;
    if call.app.readiness.changed(health.ready) {
        log(&health);
    }
    let certificate = call.app.settings.tls.as_ref().map(|tls| Check {
        name: "certificate",
        ok: tls.trouble().is_none(),
        code: None,
    });
    let checks = health
        .checks
        .iter()
        .map(|check| Check {
            name: check.name,
            ok: check.ok,
            code: check.code,
        })
        .chain(certificate)
        .collect();
    let mut response = json(&Body {
        ready: health.ready,
        checks,
    })?;
    if !health.ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

fn log(health: &Health) {
    if health.ready {
        return tracing::info!("ready");
    }
    for check in health.checks.iter().filter(|check| !check.ok) {
        tracing::warn!("not ready: {}: {}", check.name, check.detail);
    }
}
