//! The legal holds that are active, for readers that choose what to erase or prune.

use domain::audit::hold::{self, Holds};
use store::Conn;

use crate::engine::Engine;
use crate::error::Error;

impl Engine {
    /// The holds that are active now. A command decides anew, on those that are active then.
    pub async fn holds(&self) -> Result<Holds, Error> {
        let mut conn = self.db().reader().await?;
        Ok(read(&mut conn).await?)
    }
}

/// The holds that are active in the state that is read.
pub(crate) async fn read(conn: &mut Conn) -> Result<Holds, store::Error> {
    let facts = store::facts::load(conn, &hold::needed(), false).await?;
    Ok(Holds::of(&facts))
}
