//! Operations.

mod bad_input;
mod create;
mod list;
mod replay;
mod several;
mod steps;
