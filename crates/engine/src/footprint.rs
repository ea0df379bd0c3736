//! What the log takes of the machine, and what is left, for the metrics.

use store::{migrate, vitals};

use crate::disk::{self, Room};
use crate::engine::Engine;
use crate::error::Error;
use crate::health::PATIENCE;

/// What the log takes of the machine, and what is left. What could not be found out is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// The last migration of the database's schema.
    pub schema: Option<i64>,
    /// How large the database is, in bytes.
    pub database_bytes: Option<u64>,
    /// How large SQLite's log of changes is, in bytes.
    pub wal_bytes: Option<u64>,
    /// The room where the database is on this machine, else where the data folder is.
    pub room: Option<Room>,
}

impl Engine {
    /// What the log takes of the machine, and what is left. A database that does not answer soon says nothing.
    pub async fn footprint(&self) -> Footprint {
        let asked = tokio::time::timeout(PATIENCE, Box::pin(self.asked())).await;
        let (schema, bytes) = asked.ok().and_then(Result::ok).unzip();
        let options = self.options();
        let location = &options.database.location;
        Footprint {
            schema,
            database_bytes: bytes,
            wal_bytes: disk::wal_bytes(location),
            room: disk::room(disk::path_of(location, &options.data_dir)),
        }
    }

    /// Schema and size, as the database says.
    async fn asked(&self) -> Result<(i64, u64), Error> {
        let mut conn = self.db().reader().await?;
        let schema = migrate::state(&mut conn).await?.applied;
        Ok((schema, vitals::read(&mut conn).await?.bytes))
    }
}
