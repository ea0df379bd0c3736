mod bad_input;
mod change;
mod create;
mod list;
mod state;
