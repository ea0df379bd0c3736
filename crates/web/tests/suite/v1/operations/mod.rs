//! Operations.

mod bad_input;
mod create;
mod list;
mod own;
mod replay;
mod several;
mod steps;
