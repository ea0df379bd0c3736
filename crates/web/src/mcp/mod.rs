//! `POST /mcp`: what agents do with Probity, as tools of the Model Context Protocol (MCP), over its transport "Streamable HTTP".
//!
//! There is no session and no stream: each request is answered by itself, with one JSON object. A tool calls an endpoint of
//! the API in this process ([`crate::inside`]), so it does, records and refuses what that does; its schemas come from the
//! OpenAPI document. Arguments go on as the bytes that came, since what is approved is bound to exactly them: that is why the
//! layer is our own (decision 0049).
//!
//! `message` reads JSON-RPC and `reply` writes it, `revision` says which revision of the protocol a message is of, `tools` is
//! the table of tools, `schema` describes them, `carry_out` calls them, `next` says what to do after a refusal, `serve` is the
//! whole. What reads messages needs no other file of the crate: `crates/web/fuzz` builds it by itself.

mod carry_out;
mod members;
mod message;
mod next;
mod reply;
mod revision;
mod schema;
mod serve;
mod tools;

pub(crate) use schema::Listed;
pub(crate) use serve::{ROUTE, answer};
