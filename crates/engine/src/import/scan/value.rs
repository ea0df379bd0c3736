//! One event while its bytes come in.

use sha2::{Digest, Sha256};

use super::{DEPTH_MAX, EVENT_BYTES_MAX, HEAD_BYTES, Item, Lists, MEMBER_BYTES_MAX};

/// What is known of the event so far.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is about something else")]
pub(super) struct Value {
    /// Whether it is an element, and if so whether its list is a member of a document.
    pub(super) within: Option<bool>,
    pub(super) first_line: u64,
    pub(super) spans_lines: bool,
    bytes: Vec<u8>,
    length: u64,
    too_long: bool,
    /// Open brackets, by whether they are of an object.
    stack: Vec<bool>,
    in_string: bool,
    escaped: bool,
    /// The last byte outside of texts that is not white space; `"` after a text.
    last: u8,
    line_start: bool,
    /// Where the name of a member begins, and whether it is the first.
    name_at: Option<(usize, bool)>,
    /// Whether the last name is that of a list of events.
    listed: bool,
    /// Where the value of a member begins.
    member_at: Option<usize>,
    leaving: Option<Leaving>,
    replaced: bool,
}

/// A value that is left out while it is read.
struct Leaving {
    hash: Sha256,
    bytes: u64,
    /// The brackets that stay open once it is over.
    depth: usize,
}

/// How far a push came.
pub(super) struct Step {
    pub(super) used: usize,
    pub(super) end: Option<Ended>,
}

/// How an event ended.
pub(super) enum Ended {
    Whole,
    Broken(&'static str),
    /// It is a document that holds a list of events, which begins after what was used.
    List,
}

const CUT_TEXT: &str = "is not valid JSON: its line ends within a text";
const CUT_LINE: &str = "is not valid JSON: its line ends before it does";

impl Value {
    pub(super) fn new(first_line: u64, within: Option<bool>) -> Value {
        Value {
            within,
            first_line,
            ..Value::default()
        }
    }

    /// Takes bytes until the event ends.
    pub(super) fn push(&mut self, bytes: &[u8], lists: &Lists, by_lines: bool, line: &mut u64) -> Step {
        let mut from = 0;
        let top = self.within.is_none();
        for (at, &byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.string_ends(bytes, &mut from, at, lists),
                    b'\n' if top => return self.stop(&bytes[from..at], at, Ended::Broken(CUT_TEXT)),
                    b'\n' => *line += 1,
                    _ => {}
                }
                continue;
            }
            let line_start = std::mem::take(&mut self.line_start);
            match byte {
                b'\n' => {
                    *line += 1;
                    self.spans_lines = true;
                    self.line_start = true;
                }
                b' ' | b'\t' | b'\r' => {}
                _ if line_start && top && self.is_next_event(byte, by_lines) => {
                    return self.stop(&bytes[from..at], at, Ended::Broken(CUT_LINE));
                }
                b'[' if self.opens_list() => {
                    return Step {
                        used: at + 1,
                        end: Some(Ended::List),
                    };
                }
                b'{' | b'[' => self.opens(byte, bytes, &mut from, at),
                b'}' | b']' => {
                    if self.stack.is_empty() {
                        return self.stop(&bytes[from..at], at, Ended::Whole);
                    }
                    self.closes(bytes, &mut from, at);
                    if self.stack.is_empty() {
                        return self.stop(&bytes[from..=at], at + 1, Ended::Whole);
                    }
                }
                b',' => {
                    if self.stack.is_empty() {
                        return self.stop(&bytes[from..at], at, Ended::Whole);
                    }
                    self.member_ends(bytes, &mut from, at);
                    self.last = byte;
                }
                b'"' => {
                    self.string_begins(at - from);
                    self.in_string = true;
                }
                b':' => self.last = byte,
                _ => {
                    self.value_begins(at - from);
                    self.last = b'0';
                }
            }
        }
        self.keep(&bytes[from..]);
        Step {
            used: bytes.len(),
            end: None,
        }
    }

    fn stop(&mut self, rest: &[u8], used: usize, end: Ended) -> Step {
        self.keep(rest);
        self.left();
        Step { used, end: Some(end) }
    }

    /// Whether a line that begins with this byte is no more of this event. In a file of lines an indented event goes on
    /// with white space, a name or a bracket that closes.
    fn is_next_event(&self, byte: u8, by_lines: bool) -> bool {
        if by_lines {
            !b"\"}],".contains(&byte)
        } else {
            byte == b'{' && !self.value_may_begin()
        }
    }

    /// Whether JSON lets a value begin here.
    fn value_may_begin(&self) -> bool {
        match self.stack.last() {
            Some(true) => self.last == b':',
            Some(false) => matches!(self.last, b'[' | b','),
            None => true,
        }
    }

    /// Whether a bracket here opens a list of events.
    fn opens_list(&self) -> bool {
        self.within.is_none() && self.listed && self.stack.len() == 1 && self.last == b':'
    }

    /// Where the byte that stands `ahead` of what is kept will be.
    fn offset(&self, ahead: usize) -> usize {
        self.bytes.len() + ahead
    }

    fn value_begins(&mut self, ahead: usize) {
        if self.stack.len() == 1 && self.last == b':' && self.leaving.is_none() {
            self.member_at = Some(self.offset(ahead));
        }
    }

    fn string_begins(&mut self, ahead: usize) {
        self.value_begins(ahead);
        if self.stack.len() == 1 && matches!(self.last, b'{' | b',') {
            self.name_at = Some((self.offset(ahead), self.last == b'{'));
        }
    }

    fn string_ends(&mut self, bytes: &[u8], from: &mut usize, at: usize, lists: &Lists) {
        self.in_string = false;
        self.last = b'"';
        if let Some((start, first)) = self.name_at.take() {
            self.keep(&bytes[*from..=at]);
            *from = at + 1;
            self.listed = self.bytes.get(start..).is_some_and(|name| lists.is(name, first));
        } else if self.stack.len() == 1 {
            self.member_ends(bytes, from, at + 1);
        }
    }

    fn opens(&mut self, byte: u8, bytes: &[u8], from: &mut usize, at: usize) {
        self.value_begins(at - *from);
        if self.stack.len() == DEPTH_MAX && self.leaving.is_none() {
            self.keep(&bytes[*from..at]);
            *from = at;
            if self.leaving.is_none() {
                self.leave(self.bytes.len(), DEPTH_MAX);
            }
        }
        self.stack.push(byte == b'{');
        self.last = byte;
    }

    fn closes(&mut self, bytes: &[u8], from: &mut usize, at: usize) {
        // A bare number or word ends with its object.
        self.member_ends(bytes, from, at);
        self.stack.pop();
        self.last = b'}';
        if self
            .leaving
            .as_ref()
            .is_some_and(|leaving| leaving.depth == self.stack.len() && leaving.depth > 1)
        {
            self.keep(&bytes[*from..=at]);
            *from = at + 1;
            self.left();
        }
        self.member_ends(bytes, from, at + 1);
    }

    /// The value of a member of the event ends before `at`, if one is open.
    fn member_ends(&mut self, bytes: &[u8], from: &mut usize, at: usize) {
        if self.stack.len() != 1 {
            return;
        }
        let begun = self.member_at.take();
        let long = begun.is_some_and(|start| self.offset(at - *from) - start > MEMBER_BYTES_MAX);
        if long || self.leaving.is_some() {
            self.keep(&bytes[*from..at]);
            *from = at;
            if let Some(start) = begun.filter(|_| self.leaving.is_none() && !self.too_long) {
                self.leave(start, 1);
            }
            self.left();
        }
    }

    /// Leaves out what is kept from `start` on, and what comes until only `depth` brackets are open.
    fn leave(&mut self, start: usize, depth: usize) {
        let mut hash = Sha256::new();
        hash.update(&self.bytes[start..]);
        self.leaving = Some(Leaving {
            hash,
            bytes: (self.bytes.len() - start) as u64,
            depth,
        });
        self.bytes.truncate(start);
        if depth == 1 {
            self.member_at = None;
        }
    }

    /// Puts size and SHA-256 in the place of what was left out.
    pub(super) fn left(&mut self) {
        let Some(leaving) = self.leaving.take() else {
            return;
        };
        self.replaced = true;
        let mut text = String::new();
        let hash: [u8; 32] = leaving.hash.finalize().into();
        super::super::shrink::placeholder_of_text(leaving.bytes, &hash, &mut text);
        if !self.too_long {
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Keeps bytes, as far as there is room.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if let Some(leaving) = &mut self.leaving {
            leaving.hash.update(bytes);
            leaving.bytes += bytes.len() as u64;
            return;
        }
        if self.too_long {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        if let Some(start) = self.member_at
            && self.bytes.len() - start > MEMBER_BYTES_MAX
        {
            self.leave(start, 1);
        }
        if self.bytes.len() > EVENT_BYTES_MAX {
            self.bytes.truncate(HEAD_BYTES);
            self.bytes.shrink_to_fit();
            self.too_long = true;
            self.member_at = None;
        }
    }

    pub(super) fn item(self, number: u64, ordinal: u64, broken: Option<String>) -> Item {
        let mut bytes = self.bytes;
        if bytes.trim_ascii().len() < bytes.len() {
            bytes = bytes.trim_ascii().to_vec();
        }
        let too_long = self.too_long.then(|| {
            format!(
                "is {} bytes long, and no member of it is so large that it can be left out; at most {EVENT_BYTES_MAX} are read",
                self.length
            )
        });
        Item {
            number,
            ordinal,
            bytes,
            replaced: self.replaced,
            cut: self.too_long,
            unfinished: false,
            broken: too_long.or(broken),
        }
    }
}
