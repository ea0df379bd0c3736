//! What agents tell of themselves by OpenTelemetry (OTLP): a trace is an execution, its spans are steps.
//!
//! This crate reads bodies and says what becomes of them; it knows neither HTTP nor SQL and does no I/O.
//! [`body`] unpacks and bounds, [`wire`] reads protobuf, [`json`] reads JSON into the same messages, [`names`] is the table
//! of attributes that are understood, [`Reading`] makes commands of what was read, [`answer`] writes what is said to it.
//!
//! To understand another attribute: add it at its place in [`names`], to the table in `docs/governance.md`, and a line to
//! `tests/fixtures/cells.txt`; a test compares the three.

pub mod answer;
mod attributes;
pub mod body;
mod content;
pub mod json;
mod log;
pub mod names;
mod reading;
mod request;
mod span;
mod unflat;
mod value;
pub mod wire;

pub use reading::{Reading, Rejected, Trace};
pub use request::{DEPTH_MAX, Encoding, Fault, OBJECTS_MAX, Request, SPANS_MAX, Signal, messages};

/// Reads a body.
pub fn read(signal: Signal, encoding: Encoding, bytes: &[u8]) -> Result<Request, Fault> {
    match encoding {
        Encoding::Protobuf => wire::read(signal, bytes),
        Encoding::Json => json::read(signal, bytes),
    }
}
