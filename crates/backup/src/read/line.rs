//! A member line by line, digested as it goes by.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use evidence::json;
use sha2::{Digest, Sha256};

use super::stored::Unpacked;
use crate::error::Error;
use crate::fault::Fault;

/// The longest line, many times what the longest entry takes.
const LINE_MAX: u64 = 32 << 20;

/// A member that is read.
pub(super) struct Lines<'a> {
    name: String,
    rest: BufReader<Digested<tar::Entry<'a, Unpacked>>>,
    line: Vec<u8>,
    number: u64,
}

/// A line of a member.
pub(super) struct Line<'a> {
    member: &'a str,
    number: u64,
    pub text: &'a str,
}

impl Line<'_> {
    /// What is wrong with it.
    pub fn fault(&self, expected: impl fmt::Display, found: impl fmt::Display) -> Fault {
        let expected = format!("{expected} in line {}", self.number);
        Fault::new(self.member, expected, found)
    }

    /// It does not read.
    pub fn wrong(&self, error: impl fmt::Display) -> Fault {
        self.fault("what the form says", error)
    }
}

impl<'a> Lines<'a> {
    pub fn new(name: &str, entry: tar::Entry<'a, Unpacked>) -> Lines<'a> {
        let digested = Digested {
            from: entry,
            hash: Sha256::new(),
            bytes: 0,
        };
        Lines {
            name: name.to_owned(),
            rest: BufReader::with_capacity(128 << 10, digested),
            line: Vec::new(),
            number: 0,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next line.
    pub fn next(&mut self) -> Result<Option<Line<'_>>, Error> {
        self.line.clear();
        let read = (&mut self.rest).take(LINE_MAX).read_until(b'\n', &mut self.line);
        let whole = |found: &dyn fmt::Display| Fault::new(&self.name, "the member whole", found);
        if read.map_err(|error| whole(&error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let mut line = Line {
            member: &self.name,
            number: self.number,
            text: "",
        };
        let Some(text) = self.line.strip_suffix(b"\n") else {
            let found = format!("{} bytes without an end", self.line.len());
            return Err(line.fault(format!("at most {LINE_MAX} bytes"), found).into());
        };
        line.text = std::str::from_utf8(text).map_err(|error| line.fault("UTF-8", error))?;
        Ok(Some(line))
    }

    /// All of it, where it is one document.
    pub fn document(&mut self, max: u64) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        let read = (&mut self.rest).take(max + 1).read_to_end(&mut text);
        read.map_err(|error| Fault::new(&self.name, "the member whole", error))?;
        if text.len() as u64 > max {
            return Err(Fault::new(&self.name, format!("at most {max} bytes"), "more").into());
        }
        Ok(text)
    }

    /// Its length and digest.
    pub fn end(self) -> (u64, String) {
        let digested = self.rest.into_inner();
        (digested.bytes, json::hex(&digested.hash.finalize()))
    }
}

struct Digested<R> {
    from: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.hash.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}
