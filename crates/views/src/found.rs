//! What is found by a part of its id, or by a name that is not its own: by indexes alone, and never many.

use domain::identity::Permission;
use domain::record::Record;
use engine::identity::{key_called, key_shown, user_called};
use engine::list::Condition;
use engine::{Engine, Error};
use evidence::Entry;
use uuid::Uuid;

use crate::noun::Noun;
use crate::rows::own;
use crate::viewer::Viewer;
use crate::{
    Agent, ApiKey, Approval, Asset, Balance, Conversation, Destination, Execution, ExecutionStep, KycRecord,
    LegalHold, Metric, Operation, User,
};

/// Digits of an id that it takes at least: those that pages show of its begin.
const BEGIN_LEN: usize = 8;
/// Digits of a whole id.
const ID_LEN: usize = 32;
/// Most rows that are looked at for the end of an id, where only its begin is in the index.
const LOOKED_AT: u32 = 500;
/// What an API key begins with, and characters of it that may be shown.
const KEY_BEGINS: &str = "prb_";
const KEY_SHOWN: usize = 10;

/// A part of an id: its begin, and its end where that is given too, as pages shorten ids: `018f3c6a…9d0e1f2a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartOfId {
    from: Uuid,
    to: Uuid,
    /// The last digits, and how many they are.
    end: (u128, usize),
}

/// The number that hexadecimal digits are, and how many there are. Hyphens do not count.
fn digits(text: &str) -> Option<(u128, usize)> {
    let plain: String = text.chars().filter(|sign| *sign != '-').collect();
    if plain.is_empty() {
        return Some((0, 0));
    }
    let good = plain.len() <= ID_LEN && plain.bytes().all(|digit| digit.is_ascii_hexdigit());
    let number = u128::from_str_radix(&plain, 16).ok().filter(|_| good)?;
    Some((number, plain.len()))
}

/// The number whose last digits are ones.
fn ones(digits: usize) -> u128 {
    u128::MAX
        .checked_shr(128 - 4 * u32::try_from(digits).unwrap_or_default())
        .unwrap_or(0)
}

impl PartOfId {
    /// Reads one: eight digits of its begin at least, and not all of them.
    pub fn parse(text: &str) -> Option<PartOfId> {
        let (begin, end) = text
            .split_once('…')
            .or_else(|| text.split_once(".."))
            .unwrap_or((text, ""));
        let (number, length) = digits(begin)?;
        let end = digits(end.trim_start_matches('.'))?;
        if !(BEGIN_LEN..ID_LEN).contains(&length) || end.1 + length > ID_LEN {
            return None;
        }
        let rest = ID_LEN - length;
        let from = number << (4 * rest);
        Some(PartOfId {
            from: Uuid::from_u128(from),
            to: Uuid::from_u128(from | ones(rest)),
            end,
        })
    }

    fn fits(&self, id: Uuid) -> bool {
        let (number, length) = self.end;
        id.as_u128() & ones(length) == number
    }

    /// How many rows are looked at to find so many.
    fn looks_at(&self, most: u32) -> u32 {
        if self.end.1 == 0 { most } else { LOOKED_AT }
    }

    async fn of<N: Noun + Record>(
        &self,
        engine: &Engine,
        viewer: Viewer<'_>,
        most: u32,
    ) -> Result<Vec<Uuid>, Error> {
        let mut conditions = vec![
            Condition::From("id", self.from.into()),
            Condition::Until("id", self.to.into()),
        ];
        conditions.extend(of_own::<N>(viewer));
        let (rows, _) = engine
            .select::<N>(&conditions, None, Some(self.looks_at(most)))
            .await?;
        let ids = rows.iter().map(|sealed| sealed.row.id());
        Ok(ids.filter(|id| self.fits(*id)).collect())
    }

    /// What names those of a list, by its [`Noun::KEY`], whose ids have this part: at most so many. Whether the viewer may see
    /// each is for who shows it to check.
    pub async fn names(
        &self,
        engine: &Engine,
        viewer: Viewer<'_>,
        key: &str,
        most: u32,
    ) -> Result<Vec<String>, Error> {
        macro_rules! of {
            ($($noun:ident)*) => {
                match key {
                    $(<$noun as Noun>::KEY => self.of::<$noun>(engine, viewer, most).await?,)*
                    _ => Vec::new(),
                }
            };
        }
        if key == Entry::KEY {
            let found = engine
                .entries_of_ids((self.from, self.to), self.looks_at(most))
                .await?;
            let found = found.into_iter().filter(|(_, id)| self.fits(*id));
            return Ok(found
                .map(|(index, _)| index.to_string())
                .take(most as usize)
                .collect());
        }
        let ids = of!(Agent ApiKey Approval Asset Balance Conversation Destination Execution ExecutionStep KycRecord LegalHold Metric
            Operation User);
        Ok(ids
            .into_iter()
            .map(|id| id.to_string())
            .take(most as usize)
            .collect())
    }
}

/// The characters of an API key that may be shown, by which whoever pastes a whole one finds it too: by itself, in quotes, or as
/// it stands in a header.
pub fn shown_of_key(text: &str) -> Option<&str> {
    let key = &text[text.find(KEY_BEGINS)?..];
    key.get(..KEY_SHOWN)
}

/// That a row is the viewer's own, where one column says so and they may not read all.
fn of_own<N: Noun>(viewer: Viewer<'_>) -> Option<Condition> {
    let (column, id) = own::<N>(viewer, false)?;
    (!column.is_empty()).then(|| Condition::Is(column, id.into()))
}

/// The ids of users of this full name, and of API keys of this name or begin, for who may read them: by the key of their list.
/// At most so many of each.
pub async fn called(
    engine: &Engine,
    viewer: Viewer<'_>,
    key: &str,
    text: &str,
    most: u32,
) -> Result<Vec<Uuid>, Error> {
    match key {
        User::KEY if viewer.holds(Permission::UsersRead) => {
            let (found, _) = engine
                .select::<User>(&user_called(text), None, Some(most))
                .await?;
            let there = found.iter().filter(|sealed| sealed.row.erased_at.is_none());
            Ok(there.map(|sealed| sealed.row.id).collect())
        }
        ApiKey::KEY => {
            let mut conditions = vec![match shown_of_key(text) {
                Some(shown) => key_shown(shown),
                None => key_called(text),
            }];
            conditions.extend(of_own::<ApiKey>(viewer));
            let (found, _) = engine.select::<ApiKey>(&conditions, None, Some(most)).await?;
            Ok(found.iter().map(|sealed| sealed.row.id).collect())
        }
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_ids_are_their_begin_and_their_end() {
        let id = Uuid::from_u128(0x018f_3c6a_1b2c_7d3e_8f4a_5b6c_9d0e_1f2a);
        let within = |text: &str| {
            let part = PartOfId::parse(text)?;
            Some(part.from <= id && id <= part.to && part.fits(id))
        };
        for (text, expected) in [
            ("018f3c6a", Some(true)),
            ("018F3C6A-1b2c", Some(true)),
            ("018f3c6a-1b2c-7d3e-8f4a-5b6c9d0e1f2", Some(true)),
            ("018f3c6a…9d0e1f2a", Some(true)),
            ("018f3c6a...9d0e1f2a", Some(true)),
            ("018f3c6a…9d0e1f2b", Some(false)),
            ("018f3c6b", Some(false)),
            ("018f3c6", None),
            ("018f3c6a-1b2c-7d3e-8f4a-5b6c9d0e1f2a", None),
            ("018f3c6g", None),
            ("", None),
            ("…9d0e1f2a", None),
            ("018f3c6a-1b2c-7d3e…018f3c6a-1b2c-7d3e-9", None),
        ] {
            assert_eq!(within(text), expected, "{text}");
        }
        assert_eq!((ones(0), ones(1), ones(32)), (0, 0xf, u128::MAX));
    }
}
