//! Jobs: what is done again and again so that a log stays whole, short and restorable.
//!
//! `schedule` says when each is due and `lease` which process runs it, both as pure functions; `runner` looks every ten
//! seconds, and `work` does what is due. Every job may run twice without harm.

mod lease;
mod rests;
mod runner;
mod schedule;
mod settings;
mod work;

pub use engine::upkeep::JobRow;
pub use lease::{GOOD_FOR, RENEWED_EVERY};
pub use runner::{Jobs, State};
pub use schedule::{Expression, When, Zone};
pub use settings::{Backups, Settings};
pub use work::{Came, record};
