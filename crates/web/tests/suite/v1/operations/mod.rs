//! Operations.

mod bad_input;
mod create;
mod list;
mod outputs;
mod own;
mod replay;
mod several;
mod steps;
