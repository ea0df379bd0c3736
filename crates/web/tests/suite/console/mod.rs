//! The console as browsers see it.

mod areas;
mod browser;
mod filters;
mod first;
mod forms;
mod offered;
mod pages;
mod roles;
mod safety;
mod signing;
mod stored;
mod twice;
