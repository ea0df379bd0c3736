//! The API as its callers see it: a real engine on SQLite and on PostgreSQL behind every test. The modules mirror
//! the URLs.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod access;
mod answers;
mod api;
mod console;
mod custody;
mod docs;
mod health;
mod html;
mod limit;
mod log;
mod mcp;
mod metrics;
mod openapi;
mod otlp;
mod people;
mod problems;
mod routes;
mod secrets;
mod server;
mod service;
mod slow_readers;
mod tcp;
mod tls;
mod totp;
mod v1;
