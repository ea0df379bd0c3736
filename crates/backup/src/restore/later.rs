//! What was erased since a backup: told by files beside the backups and by the database that is replaced, and taken from
//! neither without what proves it.

use store::place::Place as Held;
use tlog::VerifierKey;

use crate::erased;
use crate::error::Error;
use crate::fault::Fault;
use crate::format::{self, ERASED_FORMAT, ErasedLater};
use crate::place::{Place, document};

/// What is done with what nothing proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// It is erased all the same.
    Erase,
    /// It is passed over.
    Skip,
}

/// What somebody says was erased.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Who: the file, or the old database.
    by: String,
    erased: ErasedLater,
    /// Why it does not prove itself.
    wrong: Option<String>,
}

impl Told {
    fn new(by: String, erased: ErasedLater, key: &VerifierKey) -> Told {
        let wrong = erased::check(&erased, key).err();
        Told { by, erased, wrong }
    }
}

/// What was erased of a log, as these places know.
pub(super) fn of_places(places: [Option<&dyn Place>; 2], key: &VerifierKey) -> Result<Vec<Told>, Error> {
    let (mut told, origin) = (Vec::new(), key.name());
    for place in places.into_iter().flatten() {
        let names = place.names()?;
        for name in names.iter().filter(|name| format::is_erased_name(origin, name)) {
            let erased: ErasedLater = document(place, name)?;
            if erased.format > ERASED_FORMAT {
                let expected = format!("format {ERASED_FORMAT} at most");
                return Err(Fault::new(name, expected, format!("format {}", erased.format)).into());
            }
            if erased.origin == origin {
                told.push(Told::new(format!("{}/{name}", place.shown()), erased, key));
            }
        }
    }
    Ok(told)
}

/// What the log that is replaced erased itself, from an entry on.
pub(super) async fn of_old(held: &mut Held, key: &VerifierKey, from: u64) -> Result<Vec<Told>, Error> {
    let Some(conn) = held.conn() else {
        return Ok(Vec::new());
    };
    let erased = erased::of_log(conn, key, from).await?;
    let told =
        |erased: ErasedLater| Told::new(format!("entry {} of the old database", erased.entry), erased, key);
    Ok(erased.into_iter().map(told).collect())
}

/// What is to be erased again after a backup of so many entries, and who told what nothing proves.
pub(super) fn to_erase(
    told: &[Told],
    entries: u64,
    unproven: Option<Unproven>,
) -> Result<(Vec<ErasedLater>, Vec<String>), Error> {
    let later = || told.iter().filter(|told| told.erased.entry >= entries);
    let (mut erased, mut doubtful) = (Vec::<ErasedLater>::new(), Vec::<&Told>::new());
    // A place may be a copy of the other one, and what is told by several is proved by one.
    for told in later()
        .filter(|told| told.wrong.is_none())
        .chain(later().filter(|told| told.wrong.is_some()))
    {
        if erased
            .iter()
            .chain(doubtful.iter().map(|told| &told.erased))
            .any(|one| one.says_the_same(&told.erased))
        {
            continue;
        }
        match told.wrong {
            None => erased.push(told.erased.clone()),
            Some(_) => doubtful.push(told),
        }
    }
    if let (Some(first), None) = (doubtful.first(), unproven) {
        let more = match doubtful.len() {
            1 => String::new(),
            count => format!("; and {} more", count - 1),
        };
        let wrong = first.wrong.as_deref().unwrap_or_default();
        return Err(Error::refused(
            "unproven_erasure",
            format!(
                "{} says what was erased, and the log does not prove it: {wrong}{more}",
                first.by
            ),
            "look who may write there; then say --unproven skip to pass it over, or --unproven erase to erase it all the same \
             (files of earlier programs prove nothing)",
        ));
    }
    if unproven == Some(Unproven::Erase) {
        erased.extend(doubtful.iter().map(|told| told.erased.clone()));
    }
    erased.sort_unstable_by_key(|erased| (erased.entry, erased.at));
    Ok((erased, doubtful.into_iter().map(|told| told.by.clone()).collect()))
}
