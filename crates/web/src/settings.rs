//! The settings of the API.

use std::time::Duration;

use jobs::Jobs;

use crate::forwarded::Proxies;
use crate::hosts::Hosts;
use crate::installation::{Configured, Doctor};
use crate::public_url::PublicUrl;
use crate::tls::Tls;

/// Limits and switches of the API.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest request body, in bytes.
    pub body_bytes_max: usize,
    /// Largest body of OpenTelemetry's exporters once it is unpacked, in bytes.
    pub otlp_body_bytes_max: usize,
    /// How long an execution that they tell of runs without a span until the root of its trace is missing, in seconds.
    pub otlp_lease_s: u64,
    /// Whether entry bundles of the log (`/log/tile/entries/…`) are served without a key.
    pub public_entries: bool,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; none unless given.
    pub trusted_proxies: Proxies,
    /// Where callers find the server, for links.
    pub public_url: PublicUrl,
    /// Further names of the server, for what a browser must not be led to.
    pub hosts: Hosts,
    /// The server's own TLS; plain HTTP without.
    pub tls: Option<Tls>,
    /// The name of the environment, as pages show it: `production` looks different from `test`.
    pub environment: String,
    /// The settings in force, for pages to show; none where the API is embedded in another server.
    pub configuration: Vec<Configured>,
    /// What looks for what is wrong with the installation; none where the API is embedded in another server.
    pub doctor: Option<Doctor>,
    /// The jobs of this process; without, what is asked for waits for a process that leads.
    pub jobs: Option<Jobs>,
    /// Most connections at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// Most event streams at once; a further one gets 503.
    pub streams_max: usize,
    /// Most exports at once; a further one gets 503.
    pub exports_max: usize,
    /// How long a handshake of TLS may take.
    pub handshake_timeout: Duration,
    /// How long a request's head may take to arrive, and how long a connection may be idle.
    pub header_timeout: Duration,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long the rest of a body that nobody reads may take to arrive; beyond, the connection ends with the answer.
    pub leftover_timeout: Duration,
    /// How long an answer waits for a reader that takes nothing.
    pub stall_timeout: Duration,
    /// How often an event stream sends a comment, so that nobody in between takes it for dead.
    pub heartbeat: Duration,
    /// How long requests may take to finish after the shutdown began.
    pub shutdown_grace: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            body_bytes_max: 8 * 1024 * 1024,
            otlp_body_bytes_max: 64 << 20,
            otlp_lease_s: 3_600,
            public_entries: false,
            trusted_proxies: Proxies::default(),
            public_url: PublicUrl::default(),
            hosts: Hosts::default(),
            tls: None,
            environment: "development".to_owned(),
            configuration: Vec::new(),
            doctor: None,
            jobs: None,
            connections_max: 4_096,
            streams_max: 256,
            exports_max: 4,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_mins(1),
            body_timeout: Duration::from_secs(30),
            leftover_timeout: Duration::from_secs(1),
            stall_timeout: Duration::from_mins(1),
            heartbeat: Duration::from_secs(15),
            shutdown_grace: Duration::from_secs(20),
        }
    }
}
