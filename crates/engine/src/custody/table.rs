//! A statement as a table (RFC 4180): the same columns and the same lines, wherever it is written.

use std::fmt::Write as _;

use domain::custody::{Account, Asset};

use super::StatementLine;

/// The columns, in order, as the first line.
pub const STATEMENT_COLUMNS: &str = "entry,at,operation,kind,counterparty,change,posted,asset,reference\r\n";

impl StatementLine {
    /// Appends its line with its line end. `other` is the balance on the other side.
    pub fn write_csv(&self, other: Account, asset: &Asset, out: &mut String) {
        let operation = &self.operation;
        // The amounts are numbers, below zero too: only what a caller wrote is guarded.
        let _ = write!(
            out,
            "{},{},{},{},{},{},{},{},",
            self.entry,
            // What carries a movement never changes again.
            operation.updated_at,
            operation.id,
            operation.kind.as_str(),
            other.words(),
            self.change.to_decimal(asset.digits()),
            self.posted.to_decimal(asset.digits()),
            asset.code,
        );
        evidence::csv::write_field(operation.reference.as_deref().unwrap_or_default(), out);
        out.push_str("\r\n");
    }
}
