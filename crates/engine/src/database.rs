//! What callers must know of the database: where it is, what state its schema is in, what it says of itself, and what went
//! wrong. And what is done with one that nobody else uses.

use store::migrate::RolledBack;
use store::place::Place;

pub use store::db::{Db, Location, Settings};
pub use store::entries::actions_from;
pub use store::vitals::Vitals;
pub use store::{Conn, Error, ErrorKind, Head, echo, migrate, schema, vitals};

/// Holds a database's place, which nobody else may use.
pub(crate) async fn hold(settings: &Settings) -> Result<Place, crate::Error> {
    Place::hold(settings).await.map_err(|error| match error.kind {
        ErrorKind::Retry => crate::Error::problem(
            error.message,
            "stop the server, and whatever else has the database open, and try again",
        ),
        _ => error.into(),
    })
}

/// Undoes the last migration of a database that nobody else uses.
pub async fn roll_back(settings: &Settings) -> Result<RolledBack, crate::Error> {
    // Whoever worked with it would go on with a schema that is no longer there.
    hold(settings).await?.give_up().await?;
    let mut conn = Db::new(settings.clone())?.writer().await?;
    Ok(migrate::roll_back(&mut conn).await?)
}
