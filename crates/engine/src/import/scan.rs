//! Taking a text apart into events, whatever its shape: JSON lines, indented or concatenated documents, an array, or
//! a document whose member holds the events.
//!
//! Bytes are pushed in as they come and events come out as soon as they are whole, so that memory stays flat and a
//! slow stream is not held back. This looks at quotes, brackets and lines alone; whether an event is JSON is for its
//! reader to say. How damage is kept to one event:
//!
//! - A line break within a text is no JSON: the event ends there.
//! - So it does where a line begins with `{` at a place where no value may stand.
//! - Where the first event of the file stands on one line, it ends where a line begins with anything but white space,
//!   a name or a bracket that closes.

mod value;

use value::Value;

/// Largest value of a member of an event that is kept; a larger one is replaced by its size and SHA-256.
pub const MEMBER_BYTES_MAX: usize = 4 << 20;
/// Largest event once such members are replaced.
pub const EVENT_BYTES_MAX: usize = 32 << 20;
/// Deepest value that is kept, counted from the event; a deeper one is replaced by its size and SHA-256.
pub const DEPTH_MAX: usize = 100;
/// How much of a larger event is kept for the report.
const HEAD_BYTES: usize = 256;

/// An event as it stands in the file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Item {
    /// In a file of lines its line, elsewhere its place among the events; counted from 1.
    pub(crate) number: u64,
    /// Its place among the events of the file, from 1.
    pub(crate) ordinal: u64,
    /// Its text, without white space around it.
    pub(crate) bytes: Vec<u8>,
    /// Whether some of it was too large or deep to keep, and was replaced.
    pub(crate) replaced: bool,
    /// Whether only the beginning of it is kept.
    pub(crate) cut: bool,
    /// Whether the file ends within it.
    pub(crate) unfinished: bool,
    /// What keeps it from being read.
    pub(crate) broken: Option<String>,
}

/// Members that hold a list of events, in a document that is none itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lists {
    /// There are none.
    None,
    /// A member of this name, wherever it stands; what stands beside it is about the file.
    Member(String),
    /// `Records`, where nothing else stands beside it: it might be a member of an event.
    RecordsAlone,
}

impl Lists {
    fn is(&self, name: &[u8], first: bool) -> bool {
        match self {
            Lists::None => false,
            Lists::Member(member) => {
                name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")) == Some(member.as_bytes())
            }
            Lists::RecordsAlone => first && name == b"\"Records\"",
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Unknown,
    Lines,
    Documents,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Between documents.
    Between,
    /// Between the elements of an array, which may be a member of a document.
    Elements { within: bool },
    /// In an event.
    Event,
    /// In what is no event, up to the end of its line.
    Other,
    /// After the list in a document.
    Rest {
        depth: u64,
        in_string: bool,
        escaped: bool,
        told: bool,
    },
}

/// The state of taking a text apart.
pub(super) struct Scanner {
    lists: Lists,
    shape: Shape,
    place: Place,
    line: u64,
    ordinal: u64,
    value: Value,
}

impl Scanner {
    pub(super) fn new(lists: Lists) -> Scanner {
        Scanner {
            lists,
            shape: Shape::Unknown,
            place: Place::Between,
            line: 1,
            ordinal: 0,
            value: Value::default(),
        }
    }

    /// Takes the next bytes; events that they complete go to `items`.
    pub(super) fn push(&mut self, mut bytes: &[u8], items: &mut Vec<Item>) {
        while !bytes.is_empty() {
            let used = match self.place {
                Place::Between => self.between(bytes[0]),
                Place::Elements { within } => self.elements(bytes[0], within, items),
                Place::Event => self.event(bytes, items),
                Place::Other => self.other(bytes, items),
                Place::Rest { .. } => self.rest(bytes[0], items),
            };
            bytes = &bytes[used..];
        }
    }

    /// The end of the text.
    pub(super) fn finish(&mut self, items: &mut Vec<Item>) {
        match self.place {
            Place::Between => {}
            Place::Other => self.end(None, items),
            Place::Event => {
                self.end(Some("is not valid JSON: the file ends within it"), items);
                if let Some(item) = items.last_mut() {
                    item.unfinished = true;
                }
            }
            Place::Elements { .. } | Place::Rest { .. } => {
                let mut item = self.note("the file ends before its list of events does");
                item.unfinished = true;
                items.push(item);
            }
        }
        self.place = Place::Between;
    }

    /// An item without text that says what is wrong with the file.
    fn note(&mut self, reason: &str) -> Item {
        self.ordinal += 1;
        Item {
            number: if self.shape == Shape::Lines {
                self.line
            } else {
                self.ordinal
            },
            ordinal: self.ordinal,
            broken: Some(reason.to_owned()),
            ..Item::default()
        }
    }

    fn between(&mut self, byte: u8) -> usize {
        match byte {
            b'\n' => self.line += 1,
            // Text sequences (RFC 7464) begin each document with a record separator.
            b' ' | b'\t' | b'\r' | b',' | 0x1E => {}
            b'[' if self.shape != Shape::Lines => {
                self.shape = Shape::Documents;
                self.place = Place::Elements { within: false };
            }
            b'{' => {
                self.begin(Place::Event, None);
                return 0;
            }
            _ => {
                self.begin(Place::Other, None);
                return 0;
            }
        }
        1
    }

    fn begin(&mut self, place: Place, within: Option<bool>) {
        self.place = place;
        self.value = Value::new(self.line, within);
    }

    fn elements(&mut self, byte: u8, within: bool, items: &mut Vec<Item>) -> usize {
        match byte {
            b'\n' => self.line += 1,
            b' ' | b'\t' | b'\r' | b',' => {}
            b']' if within => {
                self.place = Place::Rest {
                    depth: 1,
                    in_string: false,
                    escaped: false,
                    told: false,
                };
            }
            b']' => self.place = Place::Between,
            // It closes nothing; with the element it is one that is no JSON.
            b'}' | b':' => {
                self.begin(Place::Event, Some(within));
                self.value.keep(&[byte]);
                self.end(None, items);
            }
            _ => {
                self.begin(Place::Event, Some(within));
                return 0;
            }
        }
        1
    }

    fn event(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> usize {
        let by_lines = self.shape == Shape::Lines;
        let step = self.value.push(bytes, &self.lists, by_lines, &mut self.line);
        match step.end {
            None => {}
            Some(value::Ended::List) => {
                self.shape = Shape::Documents;
                self.place = Place::Elements { within: true };
            }
            Some(value::Ended::Whole) => self.end(None, items),
            Some(value::Ended::Broken(reason)) => self.end(Some(reason), items),
        }
        step.used
    }

    fn other(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> usize {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let used = end.unwrap_or(bytes.len());
        self.value.keep(&bytes[..used]);
        if end.is_some() {
            self.end(None, items);
        }
        used
    }

    /// What stands beside a list in its document is passed over, unless nothing may.
    fn rest(&mut self, byte: u8, items: &mut Vec<Item>) -> usize {
        let Place::Rest {
            depth,
            in_string,
            escaped,
            told,
        } = &mut self.place
        else {
            return 0;
        };
        let blank = byte.is_ascii_whitespace();
        let closes = *depth == 1 && !*in_string && byte == b'}';
        let telling = self.lists == Lists::RecordsAlone && !blank && !closes && !*told;
        *told |= telling;
        match byte {
            _ if *escaped => *escaped = false,
            b'\\' if *in_string => *escaped = true,
            b'"' => *in_string = !*in_string,
            _ if *in_string => {}
            b'{' | b'[' => *depth += 1,
            b'}' | b']' => *depth -= 1,
            _ => {}
        }
        let over = *depth == 0;
        if telling {
            let item = self.note("after Records stands something else than the end of the document");
            items.push(item);
        }
        if byte == b'\n' {
            self.line += 1;
        }
        if over {
            self.place = Place::Between;
        }
        1
    }

    /// An event is over.
    fn end(&mut self, broken: Option<&str>, items: &mut Vec<Item>) {
        let mut value = std::mem::take(&mut self.value);
        value.left();
        if value.within.is_none() && self.shape == Shape::Unknown {
            let on_one_line = !value.spans_lines || broken.is_some();
            self.shape = if on_one_line {
                Shape::Lines
            } else {
                Shape::Documents
            };
        }
        self.place = match value.within {
            None => Place::Between,
            Some(within) => Place::Elements { within },
        };
        self.ordinal += 1;
        let number = if self.shape == Shape::Lines {
            value.first_line
        } else {
            self.ordinal
        };
        items.push(value.item(number, self.ordinal, broken.map(str::to_owned)));
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
