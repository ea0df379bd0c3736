//! The console: pages for people. A request of a page is authenticated, limited and counted as every other ([`crate::call`]);
//! its problems are pages too. What a page shows is read as the API reads it, and what a form changes goes through the API's
//! own endpoint, in this process, so that nothing is allowed, recorded or refused in two ways.
//!
//! A noun's pages follow from its lines in the table of routes: `lists` and `shows` give a list and a page of one, and every
//! line that changes something gives a form ([`form`]). Where they are: the path of the API without `/v1`. [`table`] has the
//! pages beside them.

mod account;
mod api;
mod approval;
mod approved;
mod asset;
mod banners;
mod believed;
mod canonical;
mod change;
mod consequences;
mod custody;
mod entry;
mod execution;
mod export;
mod field;
mod form;
mod frame;
mod gaps;
mod history;
mod installation;
pub(crate) mod list;
pub(crate) mod one;
mod operation;
mod overview;
mod people;
mod phrases;
mod place;
mod preferences;
mod presets;
mod problem;
mod redirect;
mod refusals;
mod search;
mod served;
mod sign_in;
mod sign_out;
pub(crate) mod site;
mod table;

pub(crate) use frame::keep_to;
pub(crate) use problem::{answer as problem, is_for_people};
pub(crate) use served::answer;
pub(crate) use site::Site;
pub(crate) use table::{pages, site};
