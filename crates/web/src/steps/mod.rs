//! Steps of executions: recording them, and checking what they hold.

pub(crate) mod check;
mod record;

pub(crate) use record::Record;
