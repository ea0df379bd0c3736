//! What pages are made of.

mod badge;
mod cell;
mod chart;
mod details;
mod empty;
mod field;
mod icon;
mod table;
mod time;

pub use badge::badge;
pub use cell::{cell, id, is_long, text};
pub use chart::bars;
pub use details::details;
pub use empty::empty;
pub use field::{Field, Input, field};
pub use icon::icon;
pub use table::{Row, table};
pub use time::{Precision, time};
