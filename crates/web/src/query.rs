//! Query strings, read strictly: what an endpoint does not document is refused by name.

use evidence::Timestamp;

use crate::listed::{MALFORMED_QUERY, UNKNOWN_PARAMETER};
use crate::openapi::Parameter;
use crate::problem::Problem;

/// The parameters of a request, each given once.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(&'static str, String)>,
}

impl Query {
    /// Reads a query string that may hold these parameters.
    pub fn parse(raw: Option<&str>, documented: &[&[Parameter]]) -> Result<Query, Problem> {
        let (query, problems) = Query::each(raw, documented);
        problems.into_iter().next().map_or(Ok(query), Err)
    }

    /// The same, with every problem beside what could be read in spite of it.
    pub fn each(raw: Option<&str>, documented: &[&[Parameter]]) -> (Query, Vec<Problem>) {
        let (mut query, mut problems) = (Query::default(), Vec::new());
        for pair in raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            problems.extend(query.read_pair(pair, documented).err());
        }
        (query, problems)
    }

    fn read_pair(&mut self, pair: &str, documented: &[&[Parameter]]) -> Result<(), Problem> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name =
            decoded(name).ok_or_else(|| malformed("a parameter's name is not UTF-8 in percent-encoding"))?;
        let Some(known) = names(documented).find(|known| *known == name) else {
            return Err(unknown(&name, documented));
        };
        let value =
            decoded(value).ok_or_else(|| Problem::field(known, "is not UTF-8 in percent-encoding"))?;
        if value.is_empty() {
            return Err(Problem::field(known, "must not be empty; leave it out instead"));
        }
        if value.contains('\0') {
            return Err(Problem::field(known, "must not contain the character U+0000"));
        }
        if self.get(known).is_some() {
            return Err(Problem::field(known, "is given twice"));
        }
        self.pairs.push((known, value));
        Ok(())
    }

    /// What was given.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.pairs.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A text of at most so many characters.
    pub fn text(&self, name: &str, chars_max: usize) -> Result<Option<String>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if value.chars().count() > chars_max {
            return Err(Problem::field(
                name,
                format!("must be at most {chars_max} characters"),
            ));
        }
        Ok(Some(value.to_owned()))
    }

    /// A value that `read` understands; `expected` says what it would.
    pub fn read<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        read(value)
            .map(Some)
            .ok_or_else(|| Problem::field(name, format!("must be {expected}")))
    }

    /// A time.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        text.parse::<Timestamp>().map(Some).map_err(|why| {
            let hint = if text.contains(' ') {
                "; in a query, + is written as %2B"
            } else {
                ""
            };
            Problem::field(name, format!("is {why}{hint}"))
        })
    }

    /// A whole number of a log: a size, or an index.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.read(name, "a whole number below 2^63", decimal)
    }
}

/// The fields of a form, or of an address that a form made.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads them.
    pub fn parse(raw: &str) -> Result<Fields, Problem> {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        };
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(pair);
        let pairs: Option<Vec<_>> = pairs.collect();
        pairs
            .map(Fields)
            .ok_or_else(|| malformed("a field is not UTF-8 in percent-encoding"))
    }

    /// A field; empty where it is not there. Browsers end lines by two characters.
    pub fn get(&self, name: &str) -> String {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field that is there several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let found = self.0.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.replace("\r\n", "\n"))
    }

    /// All of them.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A decimal number without sign or leading zeros that the database can count to.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    let number: i64 = canonical.then(|| text.parse().ok())??;
    u64::try_from(number).ok()
}

fn names<'a>(documented: &'a [&'a [Parameter]]) -> impl Iterator<Item = &'static str> + 'a {
    let in_query = |parameter: &&Parameter| parameter.place == "query";
    documented
        .iter()
        .copied()
        .flatten()
        .filter(in_query)
        .map(|parameter| parameter.name)
}

fn malformed(detail: &str) -> Problem {
    Problem::of(MALFORMED_QUERY, detail)
}

fn unknown(name: &str, documented: &[&[Parameter]]) -> Problem {
    let known: Vec<_> = names(documented).collect();
    let known = if known.is_empty() {
        "none".to_owned()
    } else {
        known.join(", ")
    };
    Problem {
        field: Some(name.to_owned()),
        ..Problem::of(
            UNKNOWN_PARAMETER,
            format!("there is no such parameter here; there are: {known}"),
        )
    }
}

/// Undoes percent-encoding, and `+` for a space; `None` unless the result is UTF-8.
fn decoded(text: &str) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let hex = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &[&[Parameter]] = &[&[
        Parameter::query("actor", "", "{}"),
        Parameter::query("limit", "", "{}"),
    ]];

    #[test]
    fn values_are_decoded() {
        let query = Query::parse(Some("actor=a%20b+c%C3%A9%25&&limit=7"), DOCUMENTED).unwrap();
        assert_eq!(query.get("actor"), Some("a b cé%"));
        assert_eq!(query.number("limit").unwrap(), Some(7));
        assert!(Query::parse(None, DOCUMENTED).unwrap().get("actor").is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("actr=x", "unknown_parameter", Some("actr")),
            ("actor=x&actor=y", "invalid_field", Some("actor")),
            ("actor=", "invalid_field", Some("actor")),
            ("actor", "invalid_field", Some("actor")),
            ("actor=%00", "invalid_field", Some("actor")),
            ("actor=%ff", "invalid_field", Some("actor")),
            ("actor=%e", "invalid_field", Some("actor")),
            ("actor=%zz", "invalid_field", Some("actor")),
            ("%ff=x", "malformed_query", None),
        ];
        for (raw, code, field) in cases {
            let problem = Query::parse(Some(raw), DOCUMENTED).unwrap_err();
            assert_eq!((problem.code, problem.field.as_deref()), (code, field), "{raw}");
            assert_eq!(problem.status, 400);
        }
    }

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("9223372036854775807"), Some(u64::MAX >> 1));
        for text in [
            "",
            "-1",
            "+1",
            "01",
            "00",
            "1.0",
            "1e3",
            " 1",
            "٣",
            "9223372036854775808",
            "99999999999999999999",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
