//! Development only: a real PostgreSQL server for tests and benchmarks, with folders and ports for them.
//!
//! ```no_run
//! # fn main() -> Result<(), testkit::Error> {
//! let schema = testkit::Postgres::shared()?.schema()?; // dropped at the end of the test
//! let url = schema.url(); // hand it to the code under test
//! # Ok(()) }
//! ```
//!
//! Under `with-postgres COMMAND` all processes of a test run share one server, in a schema or database of their
//! own each; without it, each process that asks starts one. A server lives as long as the process that started
//! it, whatever way that ends: see `guard.sh`.
//!
//! Where things are: [`Postgres`] is what tests use; `guard` starts the process that owns server and folder,
//! `binaries` finds the programs, `account` whom to run them as, [`Authority`] makes certificates, [`Moto`] is an object storage, `sql` talks to the server, [`url`] edits URLs.

mod account;
mod binaries;
mod certificates;
mod error;
mod guard;
mod moto;
mod postgres;
mod scratch;
mod sql;
mod temp;
pub mod url;

pub use certificates::{Authority, Signed};
pub use error::Error;
pub use moto::Moto;
pub use postgres::{Options, Postgres, SHARED_SOCKET_URL, SHARED_URL};
pub use scratch::{TestDatabase, TestSchema};
pub use temp::{TempDir, free_port, temp_dir};
