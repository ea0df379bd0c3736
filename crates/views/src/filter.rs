//! Filters: what a list can be narrowed down by.

use std::net::IpAddr;

use domain::audit::filter::is_action;
use domain::custody::{Amount, Asset};
use domain::{FieldError, own_id};
use engine::list::Condition;
use evidence::Timestamp;
use evidence::payload::DragMode;
use uuid::Uuid;

use crate::value::Units;

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
    /// Whether it must be given.
    pub required: bool,
}

/// What is given with a filter, and what follows from it.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A user, whose id is in this column.
    User(&'static str),
    /// An asset, whose id is in this column.
    Asset(&'static str),
    /// An agent, whose id is in this column.
    Agent(&'static str),
    /// One of these words.
    Word(
        &'static [&'static str],
        fn(&str, Timestamp) -> Result<Condition, FieldError>,
    ),
    /// A role, whose name is in this column.
    Role(&'static str),
    /// A text of at most so many characters that one of the columns holds.
    Text(usize, &'static [&'static str]),
    /// A text of at most so many characters that is what this column holds.
    Is(usize, &'static str),
    /// An id that this column holds.
    Id(&'static str),
    /// A time: this column's is then or later.
    From(&'static str),
    /// A time: this column's is before it.
    Before(&'static str),
    /// Yes or no.
    Flag(Flag),
    /// Of a list that has a query of its own, which says what follows.
    Own(Takes),
}

/// What is given with a filter.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// A user.
    User,
    /// An asset.
    Asset,
    /// An agent.
    Agent,
    /// A role.
    Role,
    /// A balance; by its account's name with the filter `asset`.
    Balance,
    /// An amount of the asset that the filter `asset` names.
    Amount,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text of at most so many characters.
    Text(usize),
    /// Yes or no.
    Flag(Flag),
    /// Yes or no, and no is another question than none.
    Either,
    /// An id.
    Id,
    /// A time.
    Time,
    /// An action, or the beginning of one and a final `*`.
    Action,
    /// A network address.
    Address,
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
    /// A filter by DRAG mode.
    pub const DRAG_MODE: Filter = Filter::new(
        "drag_mode",
        "of this sort of work",
        Kind::Word(DragMode::WORDS, |word, _| {
            Ok(Condition::Is("drag_mode", word.into()))
        }),
    )
    .option("drag-mode");

    /// A filter of the same name everywhere.
    pub const fn new(name: &'static str, doc: &'static str, kind: Kind) -> Filter {
        Filter {
            name,
            option: name,
            doc,
            kind,
            required: false,
        }
    }

    /// A filter of a list that has a query of its own.
    pub const fn own(name: &'static str, doc: &'static str, takes: Takes) -> Filter {
        Filter::new(name, doc, Kind::Own(takes))
    }

    /// The same with another name as an option.
    #[must_use]
    pub const fn option(mut self, option: &'static str) -> Filter {
        self.option = option;
        self
    }

    /// The same where the list is of nothing without it.
    #[must_use]
    pub const fn required(mut self) -> Filter {
        self.required = true;
        self
    }

    /// What is given with it.
    pub fn takes(&self) -> Takes {
        match self.kind {
            Kind::User(_) => Takes::User,
            Kind::Asset(_) => Takes::Asset,
            Kind::Agent(_) => Takes::Agent,
            Kind::Role(_) => Takes::Role,
            Kind::Id(_) => Takes::Id,
            Kind::From(_) | Kind::Before(_) => Takes::Time,
            Kind::Word(words, _) => Takes::Word(words),
            Kind::Text(chars_max, _) | Kind::Is(chars_max, _) => Takes::Text(chars_max),
            Kind::Flag(flag) => Takes::Flag(flag),
            Kind::Own(takes) => takes,
        }
    }

    /// What holds unless it is given.
    pub fn usual(&self) -> Option<Given> {
        match self.kind {
            Kind::Flag(flag) => flag.usual.map(Given::Flag),
            _ => None,
        }
    }
}

impl Takes {
    /// What a text means, where that takes no look-up and no clock; otherwise what it must be.
    pub fn read(self, text: &str) -> Result<Given, String> {
        let taken = || Some(Given::Text(text.to_owned()));
        let (read, must) = match self {
            Takes::Word(words) => (
                words.contains(&text).then(taken).flatten(),
                format!("one of {}", words.join(", ")),
            ),
            Takes::Text(max) => (
                ((1..=max).contains(&text.chars().count())).then(taken).flatten(),
                format!("1 to {max} characters"),
            ),
            Takes::Flag(_) | Takes::Either => {
                (text.parse().ok().map(Given::Flag), "true or false".to_owned())
            }
            Takes::Id => (
                own_id::parse(text).map(Given::Id),
                own_id::MUST.trim_start_matches("must be ").to_owned(),
            ),
            Takes::Action => (
                is_action(text).then(taken).flatten(),
                "an action, or the beginning of one and a final *".to_owned(),
            ),
            // They are kept in their usual text form.
            Takes::Address => (
                text.parse::<IpAddr>()
                    .ok()
                    .map(|ip| Given::Text(ip.to_canonical().to_string())),
                "an IPv4 or IPv6 address".to_owned(),
            ),
            Takes::Time => (
                text.parse().ok().map(Given::Time),
                "a time such as 2026-11-21T08:30:00Z".to_owned(),
            ),
            Takes::User | Takes::Asset | Takes::Agent | Takes::Role | Takes::Balance | Takes::Amount => {
                (taken(), String::new())
            }
        };
        read.ok_or_else(|| format!("must be {must}"))
    }
}

/// What was given with a filter, once it is known what it means.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// An id: of a user, an asset, an agent, a balance, or what the filter is about.
    Id(Uuid),
    /// A word or a text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A time.
    Time(Timestamp),
    /// An amount, and how many digits after the point its asset has.
    Amount(Units),
}

impl Given {
    /// The amount that a text means, of the asset that is named beside it.
    pub fn amount(name: &str, text: &str, asset: Option<&Asset>) -> Result<Given, FieldError> {
        let missing = || {
            FieldError::new(
                "asset",
                format!("must be given with {name}: an amount is of an asset"),
            )
        };
        let asset = asset.ok_or_else(missing)?;
        let read = Amount::parse(text, asset.digits());
        let amount = read.map_err(|error| FieldError::new(name, error.to_string()))?;
        Ok(Given::Amount(Units::of(amount, asset)))
    }
}

/// What was given with each filter.
#[derive(Clone, Debug, Default)]
pub struct Asked(pub Vec<(&'static str, Given)>);

impl Asked {
    /// What was given with the filter of this name.
    pub fn get(&self, name: &str) -> Option<&Given> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, given)| given)
    }

    /// Takes this for what was given with the filter of this name.
    pub fn set(&mut self, name: &'static str, given: Given) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, given));
    }

    /// An id.
    pub fn id(&self, name: &str) -> Option<Uuid> {
        match self.get(name) {
            Some(Given::Id(id)) => Some(*id),
            _ => None,
        }
    }

    /// A word or a text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(Given::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// One of the words that `parse` knows, as every word that is given is.
    pub fn word<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        self.text(name).and_then(|word| parse(&word))
    }

    /// An amount.
    pub fn amount(&self, name: &str) -> Option<Amount> {
        match self.get(name) {
            Some(Given::Amount(units)) => Some(units.0),
            _ => None,
        }
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Given::Flag(yes)) => Some(*yes),
            _ => None,
        }
    }

    /// The same, unless its times are the wrong way round.
    pub fn checked(self) -> Result<Asked, FieldError> {
        check_times(self.time("from"), self.time("to"))?;
        Ok(self)
    }

    /// A time.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        match self.get(name) {
            Some(Given::Time(time)) => Some(*time),
            _ => None,
        }
    }
}

/// Refuses times between which there is nothing: whoever asks so means them the other way round.
pub fn check_times(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), FieldError> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            let message = format!("must not be after `to`: {from} is after {to}");
            Err(FieldError::new("from", message))
        }
        _ => Ok(()),
    }
}
