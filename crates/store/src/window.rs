//! Windows of time that something is counted in, and what was counted.

use std::collections::BTreeMap;

use domain::record::Val;

use crate::error::Error;
use crate::row::Row;

/// A counter's key: what is counted, in which window of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// What is counted, such as `key:` and an id.
    pub subject: String,
    /// Width of the window in seconds.
    pub width_s: u32,
    /// Begin of the window in seconds since 1970, a multiple of the width.
    pub start: i64,
}

impl Window {
    /// Values of the key's columns.
    pub(crate) fn values(&self) -> [Val; 3] {
        [
            self.subject.as_str().into(),
            i64::from(self.width_s).into(),
            self.start.into(),
        ]
    }
}

/// Totals by key, as they are read back.
pub(crate) type Totals = BTreeMap<Window, u64>;

/// Reads rows of `subject, width_s, window_start, used`.
pub(crate) fn totals(rows: &[Row]) -> Result<Totals, Error> {
    let read = |row: &Row| {
        let width =
            u32::try_from(row.int(1)?).map_err(|_| Error::data("counters.width_s is out of range"))?;
        let window = Window {
            subject: row.text(0)?.to_owned(),
            width_s: width,
            start: row.int(2)?,
        };
        Ok((window, u64::try_from(row.int(3)?).unwrap_or(0)))
    };
    rows.iter().map(read).collect()
}
