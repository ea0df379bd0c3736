//! The pages of the console: functions from plain data to HTML. This crate knows views, and nothing of HTTP, SQL or the
//! engine: `web` routes, authorises and loads, and what it loaded comes in as values. So a page is tested without a server.
//!
//! [`components`] are what pages are made of, [`frame`] is what all of them share, `pages` has a file for each, and
//! [`assets`] are style, icons and scripts. Nothing is inline, neither style nor script, so that the strictest policy holds
//! ([`assets::POLICY`]), and every page is whole without scripts.

pub mod assets;
pub mod components;
pub mod frame;
mod look;
mod pages;
mod plain;
mod zone;

pub use frame::{Banner, Frame, Group, Item, Tone, Who};
pub use look::{Look, encoded, query};
pub use maud::Markup;
pub use pages::approval::{ApprovalPage, approval};
pub use pages::change::{ChangePage, Secret, SecretsPage, change, secrets};
pub use pages::custody::{AssetPage, BalancePage, KycPage, asset, balance, kyc};
pub use pages::entry::{EntryPage, entry};
pub use pages::execution::{ExecutionPage, execution};
pub use pages::export::{ExportPage, export};
pub use pages::installation::{Found, PastTime, RetentionPage, findings, retention};
pub use pages::list::{Chip, ListPage, list};
pub use pages::one::{Action, OnePage, one};
pub use pages::operation::operation;
pub use pages::overview::{Figure, Overview, overview};
pub use pages::preferences::{Preferences, preferences};
pub use pages::problem::{ProblemPage, again, problem};
pub use pages::search::{SearchPage, search};
pub use pages::sign_in::{SignIn, sign_in};
pub use pages::status::{StatusPage, status};
pub use plain::plain;
pub use zone::Zone;
