//! The only crate that knows SQL: two engines, one text.
//!
//! It owns the schema ([`migrate`]), the connections ([`conn`], [`db`]), and the statements: facts for decisions
//! ([`facts`]), the log's head and subtrees ([`head`]), entries ([`entries`], [`query`]), sealed rows ([`sealed`]) and
//! the side tables, which are not ([`side`]). Every statement of the program is one text for both engines; what must differ (bulk writes,
//! key look-ups, locks, snapshots) lives in [`sqlite`] and [`pg`] and nowhere else.
//!
//! To add a statement: write it with `$1`-style parameters in a form that both engines take (the list is in
//! `docs/decisions/0002-sql.md`) and give it to [`conn::Conn::all`]. To add a table: write its DDL twice, in
//! `migrations/sqlite` and `migrations/postgres`, one statement a paragraph.

pub mod approvals;
pub mod batch;
mod buckets;
pub mod checks;
pub mod compact;
pub mod conditions;
pub mod conn;
pub mod custody;
pub mod db;
pub mod echo;
pub mod entries;
mod entry_row;
pub mod error;
pub mod executions;
pub mod facts;
pub mod ground;
pub mod head;
mod in_time;
pub mod jobs;
pub mod load;
mod lock;
pub mod migrate;
pub mod pg;
pub mod place;
pub mod prunings;
pub mod query;
mod root;
pub mod row;
pub mod schema;
pub mod sealed;
mod sealed_row;
pub mod series;
pub mod side;
pub mod sqlite;
pub mod steps;
pub mod trial;
pub mod vitals;
mod walk;
mod window;

pub use conn::Conn;
pub use db::{Db, Settings};
pub use entries::{EntryRow, StoredEntry};
pub use error::{Error, ErrorKind};
pub use head::Head;
pub use row::Row;
