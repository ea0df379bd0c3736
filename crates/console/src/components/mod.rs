//! What pages are made of.

mod badge;
mod cell;
mod chart;
mod details;
mod empty;
mod field;
mod history;
mod icon;
mod part;
mod repeats;
mod table;
mod time;
mod timeline;
mod tree;

pub use badge::badge;
pub use cell::{cell, id, is_long, short, text};
pub use chart::{bars, stacks};
pub use details::details;
pub use empty::empty;
pub use field::{Field, Input, Offer, field};
pub use history::{TOLD_MAX, Told, history};
pub use icon::icon;
pub use part::part;
pub use repeats::repeats;
pub use table::{Row, table};
pub use time::{Precision, duration, time};
pub use timeline::{Bar, timeline};
pub use tree::tree;
