//! The place of a database: held while another one is made for it, so that nobody writes what would be lost, and taken
//! once that one is whole. Whoever is killed meanwhile leaves the old database or the new one there.

use crate::conn::Conn;
use crate::db::{Location, Settings};
use crate::error::{Error, ErrorKind};
use crate::head::Head;
use crate::{migrate, pg, schema, sqlite};

pub use crate::sqlite::place::own;

/// A place that is held until this is dropped.
pub struct Place {
    settings: Settings,
    held: Held,
}

enum Held {
    Sqlite(sqlite::place::Held),
    Pg(pg::place::Held),
}

/// What a place holds.
#[derive(Debug)]
pub enum Found {
    /// Nothing, or a log without entries.
    Nothing,
    /// A log with this head.
    Log(Box<Head>),
    /// Something that does not read as a log; how.
    Unreadable(String),
    /// A table or view of another program: its kind and name.
    Foreign(String),
}

impl Place {
    /// Holds the place, unless somebody uses what is there, which is an [`ErrorKind::Retry`]. What a restore left that was broken off is removed.
    pub async fn hold(settings: &Settings) -> Result<Place, Error> {
        let held = match &settings.location {
            Location::Sqlite(path) => Held::Sqlite(sqlite::place::hold(path)?),
            Location::Postgres(_) => Held::Pg(pg::place::hold(settings.connect(false, true).await?).await?),
        };
        Ok(Place {
            settings: settings.clone(),
            held,
        })
    }

    /// What is there.
    pub async fn found(&mut self) -> Result<Found, Error> {
        let conn = match &mut self.held {
            Held::Sqlite(held) if !held.is_there => return Ok(Found::Nothing),
            _ => match self.conn() {
                Some(conn) => conn,
                None => return Ok(Found::Unreadable("the file is not a database".to_owned())),
            },
        };
        let exists = migrate::exists(conn).await?;
        if let Some(part) = foreign(conn, exists).await? {
            return Ok(Found::Foreign(part));
        }
        if !exists {
            return Ok(Found::Nothing);
        }
        match Head::load(conn).await {
            Ok(Some(head)) if head.edge.size() > 0 => Ok(Found::Log(Box::new(head))),
            Ok(_) => Ok(Found::Nothing),
            Err(error) if error.kind == ErrorKind::Connection => Err(error),
            Err(error) => Ok(Found::Unreadable(error.message)),
        }
    }

    /// A connection to what is there, where it is a database.
    pub fn conn(&mut self) -> Option<&mut Conn> {
        match &mut self.held {
            Held::Sqlite(held) => held.conn.as_mut(),
            Held::Pg(held) => Some(&mut held.conn),
        }
    }

    /// Where the new database is made: beside the old one.
    pub fn aside(&self) -> Settings {
        let mut aside = self.settings.clone();
        match &self.held {
            Held::Sqlite(held) => aside.location = Location::Sqlite(held.aside()),
            Held::Pg(held) => aside.schema = Some(held.aside()),
        }
        aside
    }

    /// Removes what was made.
    pub async fn give_up(self) -> Result<(), Error> {
        match self.held {
            Held::Sqlite(held) => held.clear(),
            Held::Pg(mut held) => held.clear().await,
        }
    }

    /// Removes the database that is there.
    pub async fn empty(self) -> Result<(), Error> {
        match self.held {
            Held::Sqlite(held) => held.empty(),
            Held::Pg(held) => held.empty().await,
        }
    }

    /// Puts the new database in the place of the old one, which is kept with `stamp` in its name; gives that name where
    /// there was one. Nobody may use the new one.
    pub async fn take(self, stamp: &str) -> Result<Option<String>, Error> {
        match self.held {
            Held::Sqlite(held) => held.take(stamp),
            Held::Pg(held) => held.take(stamp).await,
        }
    }
}

/// A table or view that is none of ours. Where our migrations never ran, one that is called as ours is not ours either.
async fn foreign(conn: &mut Conn, migrated: bool) -> Result<Option<String>, Error> {
    let names = if migrated {
        schema::compare(conn).await?.unknown
    } else {
        schema::found(conn).await?.into_keys().collect()
    };
    let mut names = names.into_iter();
    Ok(names.find(|name| name.starts_with("table ") || name.starts_with("view ")))
}
