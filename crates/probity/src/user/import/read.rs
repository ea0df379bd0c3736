//! Takes a file of users apart, line by line.
//!
//! Records of comma-separated values are cut out here and parsed one by one, so that each has the number of its line
//! and its bytes as they stand in the file, and a quote that is never closed does not take the whole file into memory.

use std::io::{self, BufRead, Read as _};

use csv::ByteRecord;
use domain::FieldError;
use evidence::json::{StrictObject, located};
use serde_json::{Map, Value};

use super::record::{COLUMNS, Record};
use crate::failure::Failure;

/// Longest line or record, in bytes: no user takes as much, and a file of another kind may be one line.
const LEN_MAX: usize = 64 * 1024;

/// A line, as it stands in the file, and what it says.
pub struct Item {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Its bytes, without what ends it.
    pub bytes: Vec<u8>,
    /// What it says, or what is wrong with it.
    pub record: Result<Record, FieldError>,
}

/// The lines of a file.
pub struct Items<R> {
    reader: R,
    /// Lines read.
    line: u64,
    /// Bytes read.
    bytes: u64,
    /// The columns of comma-separated values; none for lines of JSON.
    columns: Option<Vec<&'static str>>,
}

fn unreadable(error: impl std::fmt::Display) -> Failure {
    let message = format!("cannot read the users: {error}");
    let hint = "start again once the file can be read; who was imported is not imported twice";
    Failure::could_not_run("file", message, hint)
}

/// Which column is which. What the first line says is not repeated: in a file without names it is somebody's hash.
fn columns(names: &ByteRecord) -> Result<Vec<&'static str>, Failure> {
    let wrong = |message: String| {
        let hint = "the first line must name the columns, such as username,role,email,password_hash";
        Failure::could_not_run("columns", message, hint)
    };
    let mut columns = Vec::new();
    for (number, name) in (1..).zip(names) {
        let name = COLUMNS
            .iter()
            .find(|column| column.as_bytes() == name.trim_ascii());
        let Some(name) = name else {
            let known = COLUMNS.join(", ");
            return Err(wrong(format!("column {number} of the file is none of {known}")));
        };
        if columns.contains(name) {
            return Err(wrong(format!("column {number} of the file is {name} once more")));
        }
        columns.push(*name);
    }
    match COLUMNS.iter().take(2).find(|name| !columns.contains(name)) {
        Some(name) => Err(wrong(format!("the file has no column {name}"))),
        None => Ok(columns),
    }
}

impl<R: BufRead> Items<R> {
    /// Lines of comma-separated values; reads the line of names.
    pub fn csv(reader: R) -> Result<Items<R>, Failure> {
        let mut items = Items::jsonl(reader);
        let names = items.text(true).map_err(unreadable)?;
        let names = names.map_or(Ok(ByteRecord::new()), |(_, bytes)| fields(&bytes));
        items.columns = Some(columns(&names.map_err(unreadable)?)?);
        Ok(items)
    }

    /// Lines of JSON.
    pub fn jsonl(reader: R) -> Items<R> {
        Items {
            reader,
            line: 0,
            bytes: 0,
            columns: None,
        }
    }

    /// Bytes of the file that are read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line that is not empty; none at the end.
    pub fn next(&mut self) -> Result<Option<Item>, Failure> {
        let text = self.text(self.columns.is_some()).map_err(unreadable)?;
        let Some((line, bytes)) = text else {
            return Ok(None);
        };
        let record = match &self.columns {
            _ if bytes.len() > LEN_MAX => {
                let message = format!("is longer than {LEN_MAX} bytes, or has a quote that is not closed");
                Err(FieldError::new("line", message))
            }
            Some(columns) => record_of_fields(&bytes, columns),
            None => record_of_json(&bytes),
        };
        Ok(Some(Item { line, bytes, record }))
    }

    /// The next line that is not empty, or where quotes count, several lines, with the number of the first.
    fn text(&mut self, quotes: bool) -> io::Result<Option<(u64, Vec<u8>)>> {
        let mut text = Vec::new();
        loop {
            let first = self.line + 1;
            if !self.append_line(&mut text)? {
                return Ok(None);
            }
            if first == 1 && text.starts_with(BYTE_ORDER_MARK) {
                text.drain(..BYTE_ORDER_MARK.len());
            }
            let mut state = Quotes::default();
            let mut seen = 0;
            while quotes && text.len() <= LEN_MAX && state.open_after(&text[seen..]) {
                seen = text.len();
                if !self.append_line(&mut text)? {
                    break;
                }
            }
            let kept = text.trim_ascii_end().len();
            text.truncate(kept);
            if !text.is_empty() {
                return Ok(Some((first, text)));
            }
        }
    }

    /// Appends a line with what ends it; false at the end. One that is too long is kept whole, so that nothing is
    /// lost, and looked into no further.
    fn append_line(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        let max = LEN_MAX as u64 + 1;
        let mut found = (&mut self.reader).take(max).read_until(b'\n', text)? as u64;
        if found == max && !text.ends_with(b"\n") {
            found += self.reader.read_until(b'\n', text)? as u64;
        }
        self.line += u64::from(found > 0);
        self.bytes += found;
        Ok(found > 0)
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Where in a record one is, as far as quotes go.
#[derive(Default)]
struct Quotes {
    quoted: bool,
    /// In the midst of a field that does not begin with a quote, a quote is a character like others.
    within: bool,
}

impl Quotes {
    /// Whether the record goes on after this: a quote at the start of a field is not closed. Two quotes within quotes
    /// are one that does not close.
    fn open_after(&mut self, text: &[u8]) -> bool {
        for byte in text {
            match byte {
                b'"' if self.quoted => (self.quoted, self.within) = (false, false),
                b'"' if !self.within => self.quoted = true,
                b',' | b'\n' if !self.quoted => self.within = false,
                _ => self.within |= !self.quoted,
            }
        }
        self.quoted
    }
}

/// The fields of one record.
fn fields(bytes: &[u8]) -> Result<ByteRecord, csv::Error> {
    let mut fields = ByteRecord::new();
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.has_headers(false).from_reader(bytes);
    reader.read_byte_record(&mut fields)?;
    Ok(fields)
}

/// A record as the object that it would be: what is empty is left out, and `active` has more spellings.
fn record_of_fields(bytes: &[u8], columns: &[&str]) -> Result<Record, FieldError> {
    let fields = fields(bytes).map_err(|error| FieldError::new("line", error.to_string()))?;
    if fields.len() != columns.len() {
        let (found, expected) = (fields.len(), columns.len());
        let message = format!("there are {found} fields, and {expected} columns");
        return Err(FieldError::new("line", message));
    }
    let mut members = Map::new();
    for (field, name) in fields.iter().zip(columns).filter(|(field, _)| !field.is_empty()) {
        let text = std::str::from_utf8(field).map_err(|_| FieldError::new(*name, "must be UTF-8"))?;
        let value: Value = match (*name, text.to_ascii_lowercase().as_str()) {
            ("active", "true" | "1" | "yes") => true.into(),
            ("active", "false" | "0" | "no") => false.into(),
            _ => text.into(),
        };
        members.insert((*name).to_owned(), value);
    }
    Record::of(&members)
}

fn record_of_json(bytes: &[u8]) -> Result<Record, FieldError> {
    let parsed: Result<StrictObject, _> = serde_json::from_slice(bytes);
    let members = parsed.map_err(|error| FieldError::new("line", no_object(&error)))?;
    Record::of(&members.0)
}

/// What is wrong with a line. An error of a wrong type repeats the value, which may be a secret.
fn no_object(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("invalid type") {
        return "is no JSON object".to_owned();
    }
    let (path, message) = located("", &text);
    if message.starts_with("number ") {
        return format!("is no JSON object of texts: {path} is a number");
    }
    format!("is no JSON object: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut items: Items<&[u8]>) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        while let Some(item) = items.next().unwrap() {
            let text = match item.record {
                Ok(record) => record.user.username,
                Err(error) => error.field,
            };
            found.push((item.line, text));
        }
        found
    }

    fn pairs(pairs: &[(u64, &str)]) -> Vec<(u64, String)> {
        pairs
            .iter()
            .map(|(line, text)| (*line, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn comma_separated_values() {
        let text = "\u{feff}role,username,full_name\r\nuser,ann,\"Ann\nSmith, Dr\"\nuser,bob\r\n\nuser,eve,Eve \"E\r\n\
                    \"user\",tim,\"Tim \"\"T\"\" Lee\"\nuser,kim,\"Kim\n";
        let found = all(Items::csv(text.as_bytes()).unwrap());
        // A name with a line break is refused, but does not shift the numbers of lines.
        let expected = [(2, "full_name"), (4, "line"), (6, "eve"), (7, "tim"), (8, "kim")];
        assert_eq!(found, pairs(&expected));
    }

    #[test]
    fn fields() {
        let columns = ["username", "role", "password_hash", "active", "full_name"];
        let hash = "$2b$04$abcdefghijklmnopqrstuuEQSr9gAL3Hgmrvra.MSzjTUNUHQdvJy";
        let read = |active: &str, full_name: &[u8]| {
            let line = [format!("ann,user,{hash},{active},").as_bytes(), full_name].concat();
            record_of_fields(&line, &columns)
        };
        for (text, expected) in [
            ("", Some(true)),
            ("No", Some(false)),
            ("1", Some(true)),
            ("2", None),
        ] {
            let record = read(text, b"").ok();
            assert_eq!(record.map(|record| record.user.active), expected, "{text}");
        }
        assert_eq!(read("", b"\xff").err().unwrap().field, "full_name");
        assert_eq!(read("2", b"").err().unwrap().field, "active");
    }

    #[test]
    fn a_quote_that_is_never_closed_takes_one_record() {
        let lines: Vec<String> = (0..9_000).map(|number| format!("user,u{number}")).collect();
        let text = format!("role,username\nuser,\"ann\n{}", lines.join("\n"));
        let found = all(Items::csv(text.as_bytes()).unwrap());
        assert_eq!(found[0], (2, "line".to_owned()));
        assert!(found.len() > 500 && found.last().unwrap() == &(9_002, "u8999".to_owned()));
    }

    #[test]
    fn columns_are_checked_without_repeating_them() {
        for (names, expected) in [
            (
                "username,role,hash",
                "column 3 of the file is none of username, role,",
            ),
            (
                "username,role,username",
                "column 3 of the file is username once more",
            ),
            ("username,email", "the file has no column role"),
            ("", "the file has no column username"),
        ] {
            let Err(failure) = Items::csv(format!("{names}\n").as_bytes()) else {
                panic!("{names}");
            };
            assert!(failure.message.starts_with(expected), "{}", failure.message);
        }
    }

    #[test]
    fn lines_of_json() {
        let long = "x".repeat(70_000);
        let text = format!(
            "\u{feff}{{\"username\":\"ann\",\"role\":\"user\"}}\n\n[1]\n{long}\n{{\"username\":\"bob\",\"role\":\"user\"}}"
        );
        let found = all(Items::jsonl(text.as_bytes()));
        assert_eq!(found, pairs(&[(1, "ann"), (3, "line"), (4, "line"), (5, "bob")]));
    }
}
