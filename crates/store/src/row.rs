//! A row read from either engine, and getters that name the column that does not decode.

use domain::record::Val;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::error::Error;

/// Which transaction wrote a row; 0 on SQLite, which has no such thing.
pub type Stamp = u32;

/// A row as values, in the order of the select list.
///
/// SQLite has no types for truth values, UUIDs and times: there they arrive as integers and bytes, and the
/// getters make them what the caller asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<Val>);

impl Row {
    fn value(&self, position: usize) -> &Val {
        self.0.get(position).unwrap_or(&Val::Null)
    }

    fn wrong(&self, position: usize, expected: &str) -> Error {
        Error::data(format!(
            "column {position} of a stored row: expected {expected}, found {:?}",
            self.value(position)
        ))
    }

    /// An integer.
    pub fn int(&self, position: usize) -> Result<i64, Error> {
        match self.value(position) {
            Val::Int(number) => Ok(*number),
            _ => Err(self.wrong(position, "an integer")),
        }
    }

    /// A count or index.
    pub fn unsigned(&self, position: usize) -> Result<u64, Error> {
        u64::try_from(self.int(position)?).map_err(|_| self.wrong(position, "a non-negative integer"))
    }

    /// A truth value.
    pub fn flag(&self, position: usize) -> Result<bool, Error> {
        match self.value(position) {
            Val::Bool(truth) => Ok(*truth),
            Val::Int(number @ (0 | 1)) => Ok(*number == 1),
            _ => Err(self.wrong(position, "a truth value")),
        }
    }

    /// A text.
    pub fn text(&self, position: usize) -> Result<&str, Error> {
        self.optional_text(position)?
            .ok_or_else(|| self.wrong(position, "a text"))
    }

    /// A text or NULL.
    pub fn optional_text(&self, position: usize) -> Result<Option<&str>, Error> {
        match self.value(position) {
            Val::Null => Ok(None),
            Val::Text(text) => Ok(Some(text)),
            _ => Err(self.wrong(position, "a text or NULL")),
        }
    }

    /// What stands there, as a text; none where that is NULL. Only bytes that somebody put there by hand are no text.
    pub fn seen_text(&self, position: usize) -> Option<String> {
        match self.value(position) {
            Val::Null => None,
            Val::Text(text) => Some(text.clone()),
            Val::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            other => Some(format!("{other:?}")),
        }
    }

    /// A UUID or NULL.
    pub fn optional_uuid(&self, position: usize) -> Result<Option<Uuid>, Error> {
        match self.value(position) {
            Val::Null => Ok(None),
            _ => self.uuid(position).map(Some),
        }
    }

    /// Bytes.
    pub fn bytes(&self, position: usize) -> Result<&[u8], Error> {
        self.optional_bytes(position)?
            .ok_or_else(|| self.wrong(position, "bytes"))
    }

    /// Bytes or NULL.
    pub fn optional_bytes(&self, position: usize) -> Result<Option<&[u8]>, Error> {
        match self.value(position) {
            Val::Null => Ok(None),
            Val::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(self.wrong(position, "bytes or NULL")),
        }
    }

    /// A UUID.
    pub fn uuid(&self, position: usize) -> Result<Uuid, Error> {
        match self.value(position) {
            Val::Uuid(id) => Ok(*id),
            Val::Bytes(bytes) => {
                Uuid::from_slice(bytes).map_err(|_| self.wrong(position, "16 bytes of a UUID"))
            }
            _ => Err(self.wrong(position, "a UUID")),
        }
    }

    /// A time.
    pub fn time(&self, position: usize) -> Result<Timestamp, Error> {
        match self.value(position) {
            Val::Time(time) => Ok(*time),
            Val::Int(micros) => Timestamp::from_micros(*micros).ok_or_else(|| self.wrong(position, "a time")),
            _ => Err(self.wrong(position, "a time")),
        }
    }

    /// A time or NULL.
    pub fn optional_time(&self, position: usize) -> Result<Option<Timestamp>, Error> {
        match self.value(position) {
            Val::Null => Ok(None),
            _ => self.time(position).map(Some),
        }
    }

    /// A salt or NULL.
    pub fn optional_salt(&self, position: usize) -> Result<Option<evidence::Salt>, Error> {
        let Some(bytes) = self.optional_bytes(position)? else {
            return Ok(None);
        };
        let salt = bytes
            .try_into()
            .map_err(|_| self.wrong(position, "16 bytes of salt"))?;
        Ok(Some(evidence::Salt(salt)))
    }
}
