//! Numbers about the service: requests by route, and what the engine counts.

mod jobs;
mod process;
mod requests;
pub(crate) mod show;
mod text;

pub(crate) use requests::Requests;
pub(crate) use text::Text;
