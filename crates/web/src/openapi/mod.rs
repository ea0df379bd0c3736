//! The OpenAPI document: put together from the table of routes and the text beside each handler.

mod doc;
mod document;
mod problems;
mod request;
mod shapes;
pub(crate) mod show;

pub(crate) use crate::listed::{Listed, listed};
pub(crate) use doc::{
    Content, Doc, Documents, Example, Parameter, Reply, Shape, kept, version_header, words,
};
pub use document::document;
pub(crate) use views::Shown;
