mod bad_input;
mod change;
mod create;
mod include;
mod list;
mod state;
