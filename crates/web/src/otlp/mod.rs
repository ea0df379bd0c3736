//! `POST /otlp/v1/traces`, `/otlp/v1/logs`, `/otlp/v1/metrics`: what OpenTelemetry's exporters send.
//!
//! They are no part of the OpenAPI document: bodies and answers are those of OTLP/HTTP, in protobuf or JSON, errors are
//! `google.rpc.Status` in the encoding of the request, and unknown members are ignored.

mod count;
mod receive;
mod respond;

pub(crate) use count::Counts;
pub(crate) use respond::{ROUTES, respond};
