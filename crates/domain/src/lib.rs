//! What Probity knows and decides: types, commands, permissions, and `decide` for each noun.
//!
//! No I/O, no clock, no randomness, no SQL, no HTTP: the same [`Facts`], [`Command`] and [`Context`] give the
//! same [`Decision`], on every engine. There is a folder per area and a file per noun; verbs are inside.
//!
//! To add a command: give its noun's file a struct for the input (parsed and bounded there) and a `decide`;
//! add a variant to [`Command`]; name in [`Command::needs`] the rows it reads; add its permission to
//! [`identity::permission`]. To add a sealed table: write its row as `record! { … }` and add it to
//! [`record::SEALED`] and [`facts::RowWrite`].

mod act;
pub mod action;
pub mod approval;
pub mod audit;
pub mod change;
pub mod code;
pub mod command;
pub mod context;
pub mod custody;
pub mod decision;
mod facts;
pub mod governance;
pub mod identity;
pub mod looks;
pub mod own_id;
mod prelude;
pub mod record;
mod recorded;
pub mod refusal;
pub mod tables;
pub mod upkeep;
mod words;
pub mod workflow;

pub use act::{Act, By, Unmade};
pub use code::Code;
pub use command::Command;
pub use context::{Caller, Context, Origin};
pub use decision::{Decision, Draft, Reply};
pub use looks::Needs;
pub use refusal::{FieldError, Refusal, RefusalKind};
pub use tables::{Facts, RowWrite};
