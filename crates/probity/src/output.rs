//! What goes to standard output.

use std::io::{self, BufWriter, StdoutLock, Write};

use serde::Serialize;

pub use views::{count, minute, moment};

use crate::failure::Failure;
pub use crate::plain::plain;

/// Standard output, buffered: a long list is written in few calls.
pub fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

/// Prints a line.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = stdout();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Prints a value as JSON, indented.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut out = stdout();
    serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// Prints a remark that is not a result on standard error. Nothing depends on its arrival.
pub fn remark(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The text as a sentence begins.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// `1 entry`, `2,000 entries`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_for_people() {
        assert_eq!(minute(evidence::Timestamp::EPOCH), "1970-01-01 00:00");
        assert_eq!(moment(evidence::Timestamp::EPOCH), "1970-01-01 00:00 UTC");
    }

    #[test]
    fn numbers_for_people() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (27_123_456, "27,123,456"),
        ] {
            assert_eq!(count(number), text);
        }
        assert_eq!(counted(1, "entry", "entries"), "1 entry");
        assert_eq!(counted(0, "entry", "entries"), "0 entries");
    }
}
