//! The console as browsers see it.

mod browser;
mod filters;
mod first;
mod forms;
mod pages;
mod roles;
mod safety;
mod signing;
