//! Backups: one file that holds the whole log and every sealed row, the same from both engines.
//!
//! [`format`] says what is in it, [`write()`] writes one while the server takes writes, [`place`] keeps it, [`list()`] says
//! what there is, and [`prune`] removes what nobody wants any more. [`key`] is what a backup does not hold.

mod age;
mod erased;
mod error;
mod fault;
pub mod format;
pub mod key;
mod list;
pub mod place;
mod read;
mod restore;
mod retention;
mod write;

pub use age::recipient;
pub use erased::keep_leaving;
pub use error::Error;
pub use fault::Fault;
pub use list::{Listed, Pruned, list, prune};
pub use read::{Contents, Part, read};
pub use restore::{Again, Checked, How as RestoreHow, NotErased, Restored, Unproven, check, newest, restore};
pub use retention::{KEEP_LAST_MIN, Retention, Stopped, to_go};
pub use write::{How, To, pace, write};
