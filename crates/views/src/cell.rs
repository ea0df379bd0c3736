//! Tables: columns, and what stands in them.

use domain::custody::Account;
use serde_json::Value;
use uuid::Uuid;

use evidence::Timestamp;

/// Where a text that is too long loses its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elide {
    /// It is never cut.
    Never,
    /// At its end.
    End,
    /// At its start: what tells one action or id from another is at the end.
    Start,
    /// At its end, but paths and ARNs at their start.
    Name,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its title.
    pub title: &'static str,
    /// How its texts are cut.
    pub elide: Elide,
    /// Whether it holds numbers.
    pub number: bool,
    /// How much of the room it gets, compared with others, where room is short.
    pub weight: usize,
    /// Whether it is left out where the others would have to be cut for it.
    pub spare: bool,
}

/// A column of texts.
pub const fn column(title: &'static str, elide: Elide) -> Column {
    Column {
        title,
        elide,
        number: false,
        weight: 1,
        spare: false,
    }
}

/// A column of numbers.
pub const fn number(title: &'static str) -> Column {
    Column {
        title,
        elide: Elide::Never,
        number: true,
        weight: 1,
        spare: false,
    }
}

impl Column {
    /// The same with more of the room.
    #[must_use]
    pub const fn weighing(mut self, weight: usize) -> Column {
        self.weight = weight;
        self
    }

    /// The same, shown only where there is room for all of it.
    #[must_use]
    pub const fn spare(mut self) -> Column {
        self.spare = true;
        self
    }
}

/// What stands in a cell of a table. Names of users and agents are not looked up yet: who shows it asks for all of them at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A sentence of ours, in which ids of users and agents are shown by their names.
    Sentence(String),
    /// A time, of which a table shows the minute.
    Time(Timestamp),
    /// A time, of which a table shows the second.
    Second(Timestamp),
    /// A word that says how something stands.
    State(String),
    /// A command that shows more, for who is on the command line.
    Command(String),
    /// One of the things that a list has: the list's [`crate::Noun::KEY`], and what names it there.
    One(&'static str, String),
    /// A user's name.
    User(Uuid),
    /// An agent's name.
    Agent(Uuid),
    /// A user's name, and what is said of them.
    UserAnd(Uuid, String),
    /// The name of the user who did it; none for someone on the server's own machine.
    By(Option<Uuid>),
    /// An account with its user's name.
    Account(Account),
}

/// JSON for people.
pub(crate) fn indented(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The members of an object that have a value, in a line: `input 1200, output 85`.
pub(crate) fn members(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members: Vec<_> = members
        .map(|(name, value)| format!("{name} {}", word(value)))
        .collect();
    members.join(", ")
}

/// Length of an id as it is written.
const ID_LEN: usize = 36;

impl Cell {
    /// The user whose name it takes to show it.
    pub fn user(&self) -> Option<Uuid> {
        match self {
            Cell::User(id) | Cell::UserAnd(id, _) => Some(*id),
            Cell::By(id) => *id,
            Cell::Account(account) => account.user(),
            _ => None,
        }
    }

    /// The ids that a sentence names, as they stand there. Whose they are is not said.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&str, Uuid)> {
        let text = match self {
            Cell::Sentence(text) => text.as_str(),
            _ => "",
        };
        let words = text.split(|sign: char| !sign.is_ascii_hexdigit() && sign != '-');
        let words = words.filter(|word| word.len() == ID_LEN);
        words.filter_map(|word| Some((word, Uuid::try_parse(word).ok()?)))
    }

    /// The agent whose name it takes to show it.
    pub fn agent(&self) -> Option<Uuid> {
        match self {
            Cell::Agent(id) => Some(*id),
            _ => None,
        }
    }
}

/// A time as people read it: to the minute, a space for the T.
pub fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

/// A time to the second, a space for the T.
pub fn second(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// A time in a sentence or beside its name: to the minute, with its zone.
pub fn moment(time: Timestamp) -> String {
    minute(time) + " UTC"
}

/// A number with a comma between each three digits.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The columns of a table of views, and what of a view stands in each.
pub type Columns<V> = &'static [(Column, fn(&V) -> Cell)];

/// A name and what stands beside it, in the details of one thing.
pub type Titled = (&'static str, Cell);

/// What an entry tells of: a sentence of ours, or the words that were recorded, which stay as they are.
pub fn told(text: String, ours: bool) -> Cell {
    if ours {
        Cell::Sentence(text)
    } else {
        Cell::Text(text)
    }
}

/// A word that says how something stands.
pub(crate) fn state(word: impl Into<String>) -> Cell {
    Cell::State(word.into())
}

/// One of the things that a list has, named by its id.
pub(crate) fn one(key: &'static str, id: impl Into<Option<Uuid>>) -> Cell {
    id.into().map_or(Cell::Empty, |id| Cell::One(key, id.to_string()))
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Cell {
        Cell::Text(text.clone())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<Uuid> for Cell {
    fn from(id: Uuid) -> Cell {
        Cell::Text(id.to_string())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Cell {
        Cell::Text(number.to_string())
    }
}

impl From<Timestamp> for Cell {
    fn from(time: Timestamp) -> Cell {
        Cell::Time(time)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Empty, Into::into)
    }
}
