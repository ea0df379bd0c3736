//! A change under way: rows with their images and salts, gathered into one entry.

use evidence::json::StrictObject;
use evidence::payload::Payload;
use serde_json::Value;
use uuid::Uuid;

use crate::act::By;
use crate::context::Context;
use crate::decision::Draft;
use crate::record::{self, Record, Sealed};
use crate::tables::RowWrite;

/// The rows that one command writes, and what its entry says of them.
pub struct Change<'a> {
    by: By<'a>,
    ctx: &'a Context,
    payload: Payload,
    /// Images of the rows as canonical JSON, without the brackets of the list.
    images: String,
    writes: Vec<RowWrite>,
}

impl<'a> Change<'a> {
    /// No rows yet.
    pub fn new(by: &By<'a>, ctx: &'a Context) -> Change<'a> {
        Change {
            by: *by,
            ctx,
            payload: by.who.payload(ctx),
            images: String::new(),
            writes: Vec::new(),
        }
    }

    /// Adds a member to the entry's details.
    pub fn detail(&mut self, name: &str, value: impl Into<Value>) {
        let details = self.payload.details.get_or_insert_with(StrictObject::default);
        details.0.insert(name.to_owned(), value.into());
    }

    fn write<T: Record>(&mut self, before: Option<&T>, row: T, version: u64, brief: bool)
    where
        RowWrite: From<Sealed<T>>,
    {
        // Salt 0 is the payload's.
        let number = u32::try_from(self.writes.len()).unwrap_or(u32::MAX - 2) + 1;
        if !self.images.is_empty() {
            self.images.push(',');
        }
        debug_assert!(
            before.is_none_or(|before| record::keeps_fixed(before, &row)),
            "a fixed column changes"
        );
        record::write_images(before, &row, brief, &mut self.images);
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
        self.write(None, row, 1, false);
    }

    /// Changes a row.
    pub fn update<T: Record>(&mut self, before: &Sealed<T>, after: T)
    where
        RowWrite: From<Sealed<T>>,
    {
        self.write(Some(&before.row), after, before.version + 1, false);
    }

    /// Changes a row; the entry shows only what differs. For rows that change often, and whose other columns never do.
    pub fn alter<T: Record>(&mut self, before: &Sealed<T>, after: T)
    where
        RowWrite: From<Sealed<T>>,
    {
        self.write(Some(&before.row), after, before.version + 1, true);
    }

    /// Changes a row whose former contents shall not be kept.
    pub fn overwrite<T: Record>(&mut self, before: &Sealed<T>, after: T)
    where
        RowWrite: From<Sealed<T>>,
    {
        self.write(None, after, before.version + 1, false);
    }

    /// The entry, about nothing in particular.
    pub fn untargeted(self, action: &'static str) -> Draft {
        let ctx = self.ctx;
        let images = (!self.images.is_empty()).then(|| format!("[{}]", self.images));
        let mut draft = Draft::with_images(
            ctx.id(0),
            self.by.who,
            self.by.authority,
            action,
            ctx.salt(0),
            &self.payload,
            images.as_deref(),
        );
        draft.writes = self.writes;
        draft
    }

    /// The entry, about something that Probity made.
    pub fn draft(self, action: &'static str, target_kind: &'static str, target: Uuid) -> Draft {
        self.untargeted(action).on(target_kind, target)
    }
}
