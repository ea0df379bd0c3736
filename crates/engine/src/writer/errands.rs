//! What is written to the side tables over the Writer's connection, between two batches (SQLite).
//!
//! Whatever another connection writes there makes this one forget its pages, and the Writer what it knows of rows.

use store::db::Location;
use store::side::Write;
use store::{Db, ErrorKind};
use tokio::sync::{mpsc, oneshot};

use super::link::Link;

type Totals = Result<Vec<u64>, store::Error>;

/// Something to be written, and who waits for it.
pub(super) struct Errand {
    write: Write,
    reply: oneshot::Sender<Totals>,
}

/// The way to the Writer's connection. It does not keep the Writer going.
#[derive(Clone)]
pub(crate) struct Errands(mpsc::UnboundedSender<Errand>);

/// A way, where it is to be used with this database, and its end.
pub(super) fn way(db: &Db) -> (Option<Errands>, mpsc::UnboundedReceiver<Errand>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let is_wanted = matches!(db.settings().location, Location::Sqlite(_));
    (is_wanted.then(|| Errands(sender)), receiver)
}

impl Errands {
    /// Writes this once the Writer comes to it.
    pub async fn run(&self, write: Write) -> Totals {
        let (reply, answer) = oneshot::channel();
        let gone = || store::Error::new(ErrorKind::Connection, "the writer has ended");
        self.0.send(Errand { write, reply }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Link {
    /// Writes what somebody still waits for. No transaction is open.
    pub(super) async fn run(&mut self, db: &Db, errand: Errand) {
        if errand.reply.is_closed() {
            return;
        }
        self.lose_displaced();
        let conn = match &mut self.conn {
            Some(conn) => Ok(conn),
            None => db.writer().await.map(|conn| self.conn.insert(conn)),
        };
        let done = match conn {
            Ok(conn) => errand.write.run(conn).await,
            Err(error) => Err(error),
        };
        let _ = errand.reply.send(done);
    }
}
