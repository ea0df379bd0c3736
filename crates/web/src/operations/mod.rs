//! Operations: a file per verb, and what they share. [`input`] reads what is asked for, [`shown`] writes what is there.

pub(crate) mod create;
mod defaults;
mod input;
pub(crate) mod list;
pub(crate) mod show;
mod shown;
pub(crate) mod statistics;
pub(crate) mod steps;
mod transactions;

pub(crate) use input::Input;

use crate::openapi::{Listed, Parameter, listed};
use domain::code;

/// The operation in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The operation's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000bc"]}"#,
)];

const UNKNOWN: Listed = listed(&code::UNKNOWN_OPERATION);

/// An example of an operation.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-7000-8000-0000000000bc","kind":"transfer","status":"completed","asset":"BTC","amount":"0.50000000","debit":{"balance":"01970000-0000-8000-8000-0000000000bb","account":"user:01970000-0000-7000-8000-0000000000ab"},"credit":{"balance":"01970000-0000-8000-8000-0000000000bd","account":"house:fees"},"debit_posted":"2.00000000","credit_posted":"0.50000000","reference":"A-1001","created_by":"01970000-0000-7000-8000-0000000000ab","created_at":"2026-11-21T08:30:00.123456Z","updated_at":"2026-11-21T08:30:00.123456Z","version":1}"#
    };
}
pub(crate) use example;
