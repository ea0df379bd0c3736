//! A change under way: rows with their images and salts, gathered into one entry.

use evidence::json::StrictObject;
use evidence::payload::{Payload, RowImages};
use serde_json::Value;
use uuid::Uuid;

use crate::context::Context;
use crate::decision::Draft;
use crate::facts::RowWrite;
use crate::identity::{Authority, Principal};
use crate::record::{Record, Sealed};

/// The rows that one command writes, and what its entry says of them.
pub struct Change<'a> {
    who: &'a Principal,
    authority: &'a Authority,
    ctx: &'a Context,
    payload: Payload,
    writes: Vec<RowWrite>,
}

impl<'a> Change<'a> {
    /// No rows yet.
    pub fn new(who: &'a Principal, authority: &'a Authority, ctx: &'a Context) -> Change<'a> {
        Change {
            who,
            authority,
            ctx,
            payload: who.payload(ctx),
            writes: Vec::new(),
        }
    }

    /// Adds a member to the entry's details.
    pub fn detail(&mut self, name: &str, value: impl Into<Value>) {
        let details = self.payload.details.get_or_insert_with(StrictObject::default);
        details.0.insert(name.to_owned(), value.into());
    }

    fn write<T: Record>(&mut self, row: T, version: u64, images: RowImages)
    where
        RowWrite: From<Sealed<T>>,
    {
        // Salt 0 is the payload's.
        let number = u32::try_from(self.writes.len()).unwrap_or(u32::MAX - 2) + 1;
        self.payload.changes.push(images);
        self.writes.push(RowWrite::from(Sealed {
            row,
            version,
            entry: 0,
            salt: self.ctx.salt(number),
        }));
    }

    /// Makes a row.
    pub fn insert<T: Record>(&mut self, row: T)
    where
        RowWrite: From<Sealed<T>>,
    {
        let after = Some(row.image());
        self.write(row, 1, RowImages { before: None, after });
    }

    /// Changes a row.
    pub fn update<T: Record>(&mut self, before: &Sealed<T>, after: T)
    where
        RowWrite: From<Sealed<T>>,
    {
        let images = RowImages {
            before: Some(before.row.image()),
            after: Some(after.image()),
        };
        self.write(after, before.version + 1, images);
    }

    /// Changes a row; the entry shows only what differs. For rows that change often, and whose other columns never do.
    pub fn alter<T: Record>(&mut self, before: &Sealed<T>, after: T)
    where
        RowWrite: From<Sealed<T>>,
    {
        let (old, new) = before.row.difference(&after);
        let images = RowImages {
            before: Some(old),
            after: Some(new),
        };
        self.write(after, before.version + 1, images);
    }

    /// Changes a row whose former contents shall not be kept.
    pub fn overwrite<T: Record>(&mut self, before: &Sealed<T>, after: T)
    where
        RowWrite: From<Sealed<T>>,
    {
        let after_image = Some(after.image());
        let images = RowImages {
            before: None,
            after: after_image,
        };
        self.write(after, before.version + 1, images);
    }

    /// The entry, about something that Probity made.
    pub fn draft(self, action: &'static str, target_kind: &'static str, target: Uuid) -> Draft {
        let ctx = self.ctx;
        let mut draft = Draft::new(
            ctx.id(0),
            self.who,
            self.authority,
            action,
            ctx.salt(0),
            &self.payload,
        )
        .on(target_kind, target);
        draft.writes = self.writes;
        draft
    }
}
