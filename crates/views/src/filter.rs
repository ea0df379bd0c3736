//! Filters: what a list can be narrowed down by.

use domain::FieldError;
use engine::list::Condition;
use evidence::Timestamp;
use uuid::Uuid;

/// What a list can be narrowed down by.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Its name as a parameter.
    pub name: &'static str,
    /// Its name as an option.
    pub option: &'static str,
    /// What it leaves, to be said after the noun: `of this user`.
    pub doc: &'static str,
    /// What is given.
    pub kind: Kind,
}

/// What is given with a filter, and what follows from it.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A user, whose id is in this column.
    User(&'static str),
    /// An asset, whose id is in this column.
    Asset(&'static str),
    /// One of these words.
    Word(
        &'static [&'static str],
        fn(&str, Timestamp) -> Result<Condition, FieldError>,
    ),
    /// A role, whose name is in this column.
    Role(&'static str),
    /// A text of at most so many characters that one of the columns holds.
    Text(usize, &'static [&'static str]),
    /// Yes or no.
    Flag(Flag),
}

/// A filter by yes or no.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// What holds unless it is given.
    pub usual: Option<bool>,
    /// The condition that follows, if any.
    pub condition: fn(bool) -> Option<Condition>,
    /// The option for no, and what it does; where there is none, it is not asked for on the command line.
    pub no: Option<(&'static str, &'static str)>,
}

impl Filter {
    /// A filter of the same name everywhere.
    pub const fn new(name: &'static str, doc: &'static str, kind: Kind) -> Filter {
        Filter {
            name,
            option: name,
            doc,
            kind,
        }
    }

    /// The same with another name as an option.
    #[must_use]
    pub const fn option(mut self, option: &'static str) -> Filter {
        self.option = option;
        self
    }

    /// What holds unless it is given.
    pub fn usual(&self) -> Option<Given> {
        match self.kind {
            Kind::Flag(flag) => flag.usual.map(Given::Flag),
            _ => None,
        }
    }
}

/// What was given with a filter, once it is known what it means.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A user or an asset.
    Id(Uuid),
    /// A word or a text.
    Text(String),
    /// Yes or no.
    Flag(bool),
}
