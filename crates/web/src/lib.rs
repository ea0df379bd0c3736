//! The HTTP API and the console of Probity: the only crate that knows HTTP.
//!
//! It owns the routes, what a request must look like, what an answer looks like, and the server that speaks
//! HTTP/1.1. It decides nothing: what changes something is a [`domain::Command`] given to
//! [`engine::Engine::submit`], and a read is allowed by the caller's [`domain::identity::Principal`] before its handler runs.
//!
//! Where things are: `routes` is the one table of endpoints, with who may call each, and `router` makes a server of it; there is a folder per noun
//! and a file per endpoint, which holds its handler and its text in the OpenAPI document. `call` carries a
//! request through authentication, handler, headers and counters; `problem` is every error answer (RFC 9457);
//! `openapi` puts the document together, and `docs` makes a page of it. `console` has the pages for people.
//!
//! To add a request that becomes a command: write its file with its body as a type and `impl change::Change`, and a line
//! `does` in `routes::ROUTES`. Any other endpoint has a file with `handle` and `DOC`. Query parameters are those that are
//! documented, so that an undocumented one is refused. Tests call every row without a credential, with one that is no
//! longer good, and with too small a scope or role (`tests/suite/access.rs`), and compare the table with `/openapi.json`.

mod access;
mod activity;
mod admit;
mod agents;
mod api_keys;
mod app;
mod approvals;
mod assets;
mod audit;
mod auth;
mod balances;
mod body;
mod call;
mod certificate;
mod change;
mod connection;
mod console;
mod conversations;
mod credential;
mod custody;
mod destinations;
mod docs;
mod dry_run;
mod endpoint;
mod executions;
// For the fuzz target.
#[doc(hidden)]
pub mod forwarded;
mod governance;
mod health;
mod holds;
mod host;
mod hosts;
mod id;
mod idempotency;
mod inside;
mod installation;
mod kyc;
mod leftover;
mod limit;
mod listed;
mod log;
mod mcp;
mod me;
mod metrics;
mod nouns;
mod openapi;
mod operations;
mod origin;
mod otlp;
mod password;
mod person;
mod problem;
mod public_url;
mod query;
mod request_log;
mod router;
mod routes;
mod server;
mod sessions;
mod settings;
mod steps;
mod tls;
mod upkeep;
mod users;
mod wire;

pub use certificate::good_until;
pub use endpoint::{Access, Verb};
pub use forwarded::Proxies;
pub use hosts::Hosts;
pub use installation::{Configured, Doctor, Finding};
pub use openapi::document;
pub use public_url::PublicUrl;
pub use router::{pages, router};
pub use routes::endpoints;
pub use server::serve;
pub use settings::Settings;
pub use tls::Tls;
