//! What there is in Probity as everybody outside sees it.
//!
//! A [`Noun`] says in one file how its rows are shown, by what they are filtered, who may read them, and which columns
//! a table of them has. The HTTP API and the command line make their lists from it: endpoint, documentation and schema
//! there, arguments and table here, and the same JSON in both. Nothing in this crate knows of HTTP or of arguments.
//!
//! To add a list: a file beside [`destination`], then a line in the table of routes and one in the commands of
//! `probity`.

mod api_key;
mod approval;
mod asset;
mod balance;
mod cell;
pub mod cursor;
mod destination;
pub mod example;
mod filter;
mod kyc;
mod noun;
mod page;
mod role;
mod session;
mod user;
mod value;
mod viewer;

pub use domain::approval::Approval;
pub use domain::custody::destination::Destination;
pub use domain::custody::kyc::KycRecord;
pub use domain::custody::{Asset, Balance};
pub use domain::identity::api_key::ApiKey;
pub use domain::identity::session::Session;
pub use domain::identity::user::User;

pub use api_key::{ApiKeyMade, ApiKeyView, ApiKeyWhole};
pub use approval::{ApprovalView, VoteView};
pub use asset::AssetView;
pub use balance::{BalanceThen, BalanceView, LineView};
pub use cell::{Cell, Column, Columns, Elide, Titled, column, count, minute, number};
pub use destination::DestinationView;
pub use filter::{Filter, Given, Kind};
pub use kyc::{DocumentView, KycRecordView};
pub use noun::{About, Noun, Reads, Show, Shown};
pub use page::{Page, Part, list, may_read, show};
pub use role::{PermissionView, Permissions, RoleView, Roles};
pub use session::{SessionListed, SessionView};
pub use user::{USER_PARTS, UserErased, UserListed, UserMade, UserView, UserWhole};
pub use value::{Holder, Units};
pub use viewer::Viewer;
