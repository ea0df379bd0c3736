//! From a line to an event with an id.

use std::io;

use domain::audit::Event;

use super::format::Format;
use super::identify::{self, Identifier, Identity, Places};
use super::input::Again;
use super::notes::Notes;
use super::scan::Item;
use super::{json, returned, shrink, surrogate};

/// Makes events of lines.
pub(super) struct Mapper {
    format: Format,
    identifier: Identifier,
    places: Places,
}

/// What a line became.
pub(super) struct Mapped {
    pub(super) event: Event,
    pub(super) identity: Identity,
    pub(super) notes: Notes,
}

/// Why a line is no event.
pub(super) enum Fault {
    /// What is wrong with it.
    Line(String),
    /// The file could not be read once more.
    File(io::Error),
}

impl From<String> for Fault {
    fn from(reason: String) -> Fault {
        Fault::Line(reason)
    }
}

impl Mapper {
    pub(super) fn new(format: Format, again: Again) -> io::Result<Mapper> {
        let sources = match &format {
            Format::Jsonl(Some(mapping)) => mapping.sources(),
            _ => Vec::new(),
        };
        let mapped = |name| sources.iter().any(|(field, _)| *field == name);
        let always = !sources.is_empty() && !mapped("id") && !mapped("occurred_at");
        Ok(Mapper {
            format,
            identifier: Identifier::default(),
            places: Places::new(again, always)?,
        })
    }

    /// SHA-256 of the file, where some line needed it.
    pub(super) fn digest(&self) -> Option<[u8; 32]> {
        self.places.digest()
    }

    /// What a rejected line is known by once it comes back.
    pub(super) fn place(&self, item: &Item) -> Option<[u8; 32]> {
        self.places.known(item)
    }

    /// The event that a line is, with its id. A line of a report of rejected lines becomes the line in it.
    pub(super) fn map(&mut self, item: &mut Item) -> Result<Mapped, Fault> {
        self.places.pass(item);
        let returned = returned::unwrap(&mut item.bytes)?;
        if let Some(reason) = &item.broken {
            return Err(Fault::Line(reason.clone()));
        }
        let text = std::str::from_utf8(&item.bytes).map_err(|error| format!("is not UTF-8: {error}"))?;
        let (text, surrogates) = surrogate::replaced(text);
        let members = json::read_object(&text)?;
        let mut notes = Notes {
            surrogates,
            ..Notes::default()
        };
        if item.replaced {
            shrink::told(&members, "", &mut notes.omitted);
        }
        let canonical = match self.format {
            Format::Jsonl(None) => String::new(), // its lines have ids
            _ => json::line_text(&members),
        };
        let mut event = self.format.event(&text, members, &mut notes)?;
        let identity = if event.id.is_some() {
            Identity::Own
        } else if notes.has_id || event.occurred_at.is_some() {
            let id = self
                .identifier
                .id(self.format.as_str(), event.occurred_at, &canonical);
            event.id = Some(id);
            Identity::Content
        } else {
            let place = match returned {
                Some(place) => place,
                None => self.places.of(item).map_err(Fault::File)?,
            };
            event.id = Some(identify::id_of_place(&place));
            Identity::Place
        };
        Ok(Mapped {
            event,
            identity,
            notes,
        })
    }
}
