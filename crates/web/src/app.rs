//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use engine::Engine;
use jobs::Jobs;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

use crate::console::Site;
use crate::docs;
use crate::endpoint::Verb;
use crate::forwarded::Unreadable;
use crate::mcp;
use crate::metrics::Requests;
use crate::settings::Settings;

/// How many bytes of OpenTelemetry's bodies are in memory at most, where one alone may not be larger.
const OTLP_ROOM: usize = 64 << 20;

/// How many of them are read at once: what a small one holds may take a hundred times as much memory while it is read.
const OTLP_READING: usize = 2;

/// One running API.
pub(crate) struct App {
    /// What does the work.
    pub engine: Engine,
    /// The jobs of this process.
    pub jobs: Jobs,
    /// Limits and switches.
    pub settings: Settings,
    /// Counters by route.
    pub requests: Requests,
    /// The OpenAPI document, ready to send.
    pub openapi: Bytes,
    /// The same document as a page.
    pub docs: Bytes,
    /// What the console consists of.
    pub site: Site,
    /// The tools of MCP.
    pub mcp: mcp::Listed,
    /// One permit for each event stream.
    pub streams: Arc<Semaphore>,
    /// One permit for each export.
    pub exports: Arc<Semaphore>,
    /// What became of what OpenTelemetry's exporters sent.
    pub otlp: crate::otlp::Counts,
    /// One permit for each of their bodies that is being read.
    pub otlp_reading: Semaphore,
    /// A permit for each byte of their bodies that are in memory.
    pub otlp_room: Arc<Semaphore>,
    /// What proxies said of addresses and could not be read.
    pub unreadable: Unreadable,
    /// What readiness was last, so that only changes are logged.
    pub readiness: LastState,
    closing: watch::Sender<bool>,
}

impl App {
    /// The API of these routes and their OpenAPI document.
    pub fn new(
        engine: Engine,
        settings: Settings,
        routes: impl Iterator<Item = (&'static str, Verb)>,
        (document, site): (&Value, Site),
    ) -> Arc<App> {
        let jobs = settings.jobs.clone();
        Arc::new(App {
            jobs: jobs.unwrap_or_else(|| Jobs::new(engine.clone(), jobs::Settings::default())),
            engine,
            requests: Requests::new(routes),
            openapi: Bytes::from(document.to_string()),
            docs: Bytes::from(docs::page(document)),
            site,
            mcp: mcp::Listed::of(document),
            streams: Arc::new(Semaphore::new(settings.streams_max)),
            exports: Arc::new(Semaphore::new(settings.exports_max)),
            otlp: crate::otlp::Counts::default(),
            otlp_reading: Semaphore::new(OTLP_READING),
            otlp_room: Arc::new(Semaphore::new(settings.otlp_body_bytes_max.max(OTLP_ROOM))),
            unreadable: Unreadable::default(),
            readiness: LastState::default(),
            settings,
            closing: watch::Sender::new(false),
        })
    }

    /// Ends every event stream, and connections as soon as they are idle.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Knows when the shutdown begins.
    pub fn closing(&self) -> Closing {
        Closing(self.closing.subscribe())
    }
}

/// Knows when the shutdown begins.
#[derive(Clone)]
pub(crate) struct Closing(watch::Receiver<bool>);

impl Closing {
    /// Whether it has begun.
    pub fn begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it has begun.
    pub async fn wait(&mut self) {
        // An error says that the API is gone altogether.
        drop(self.0.wait_for(|closing| *closing).await);
    }
}

/// What readiness was last: whoever asks often shall not fill the log.
#[derive(Default)]
pub(crate) struct LastState(AtomicU8);

impl LastState {
    /// Whether it is another now.
    pub fn changed(&self, ready: bool) -> bool {
        let state = if ready { 1 } else { 2 };
        self.0.swap(state, Ordering::Relaxed) != state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_noticed() {
        let state = LastState::default();
        let seen = [false, false, true, true, false].map(|ready| state.changed(ready));
        assert_eq!(seen, [true, false, true, false, true]);
    }
}
