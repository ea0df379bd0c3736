//! The console as browsers see it.

mod areas;
mod browser;
mod by_hand;
mod filters;
mod first;
mod forms;
mod found;
mod offered;
mod pages;
mod refused;
mod roles;
mod safety;
mod signing;
mod stored;
mod twice;
