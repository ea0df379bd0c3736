//! Balances: a file per verb, and what they share.

mod csv;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod statement;
pub(crate) mod update;

use engine::custody::{BalanceState, StatementLine};
use evidence::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::custody::{Holder, Units};
use crate::openapi::Parameter;

/// The balance in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The balance's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-8000-8000-0000000000bb"]}"#,
)];

/// An example of a balance.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-8000-8000-0000000000bb","asset":"BTC","account":"user:01970000-0000-7000-8000-0000000000ab","posted":"2.50000000","held":"0.50000000","available":"2.00000000","minimum":"0.00000000","maximum":null,"opened_at":"2026-11-20T08:00:00.000000Z","closed_at":null,"version":7}"#
    };
}
pub(crate) use example;

/// An example of a line of a statement.
macro_rules! line {
    () => {
        r#"{"entry":4711,"at":"2026-11-21T08:30:00.123456Z","operation":"01970000-0000-7000-8000-0000000000bc","kind":"transfer","counterparty":"house:fees","change":"-0.50000000","posted":"2.00000000","reference":"A-1001"}"#
    };
}
pub(crate) use line;

/// A balance as answers show it.
#[derive(Serialize)]
pub(crate) struct BalanceBody<'a> {
    id: Uuid,
    asset: &'a str,
    account: Holder,
    posted: Units,
    held: Units,
    available: Units,
    minimum: Option<Units>,
    maximum: Option<Units>,
    opened_at: Timestamp,
    closed_at: Option<Timestamp>,
    version: u64,
}

impl BalanceBody<'_> {
    /// Shows a balance.
    pub fn of(state: &BalanceState) -> BalanceBody<'_> {
        let balance = &state.balance;
        let units = |amount| Units::of(amount, &state.asset);
        BalanceBody {
            id: balance.id,
            asset: &state.asset.code,
            account: Holder(balance.account()),
            posted: units(balance.posted),
            held: units(state.held),
            available: units(state.available),
            minimum: balance.minimum.map(units),
            maximum: balance.maximum.map(units),
            opened_at: balance.opened_at,
            closed_at: balance.closed_at,
            version: state.version,
        }
    }
}

/// A line of a statement as answers show it.
#[derive(Serialize)]
struct LineBody<'a> {
    entry: u64,
    at: Timestamp,
    operation: Uuid,
    kind: &'static str,
    counterparty: Holder,
    change: Units,
    posted: Units,
    reference: Option<&'a str>,
}

impl LineBody<'_> {
    fn of(line: &StatementLine, counterparty: Holder, digits: u8) -> LineBody<'_> {
        let operation = &line.operation;
        LineBody {
            entry: line.entry,
            // What carries a movement never changes again.
            at: operation.updated_at,
            operation: operation.id,
            kind: operation.kind.as_str(),
            counterparty,
            change: Units(line.change, digits),
            posted: Units(line.posted, digits),
            reference: operation.reference.as_deref(),
        }
    }
}
