//! What callers must know of the database: where it is, what state its schema is in, and what went wrong.

pub use store::db::{Db, Location};
pub use store::{Error, ErrorKind, echo, migrate};
