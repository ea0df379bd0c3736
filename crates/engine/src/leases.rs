//! Until when leases were renewed. Each step of an execution asks for it; what asks at the same time is one question to the
//! database.

use std::collections::HashMap;
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::workflow::execution::Renewed;
use store::side::{self, SeenKind};
use store::{Conn, Db};
use tokio::sync::oneshot::{Sender, channel, error::TryRecvError};
use uuid::Uuid;

use crate::error::Error;

/// These executions with until when their leases were renewed.
pub(crate) async fn leases(conn: &mut Conn, ids: Vec<Uuid>) -> Result<Vec<(Uuid, Renewed)>, Error> {
    let seen = side::seen(conn, SeenKind::Lease, &ids).await?;
    let renewed: HashMap<_, _> = seen.into_iter().collect();
    let lease = |id| (id, renewed.get(&id).copied());
    Ok(ids.into_iter().map(lease).collect())
}

/// Who asks for a lease. The one whose turn it is looks for all who wait, so each is answered by a look that began after it
/// asked.
#[derive(Default)]
pub(crate) struct Leases {
    waiting: Mutex<Vec<(Uuid, Sender<Renewed>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl Leases {
    /// Until when the lease of an execution was renewed.
    pub async fn renewed(&self, db: &Db, id: Uuid) -> Result<Renewed, Error> {
        loop {
            let (answer, mut answered) = channel();
            self.waiting().push((id, answer));
            let _turn = self.turn.lock().await;
            match answered.try_recv() {
                Ok(renewed) => return Ok(renewed),
                Err(TryRecvError::Empty) => return self.look(db, id).await,
                // Who looked for it failed, or was given up.
                Err(TryRecvError::Closed) => {}
            }
        }
    }

    /// Looks for all who wait, and answers them; gives the one of this execution, whose turn it is.
    async fn look(&self, db: &Db, own: Uuid) -> Result<Renewed, Error> {
        let (ids, answers): (Vec<_>, Vec<_>) = take(&mut *self.waiting()).into_iter().unzip();
        let mut conn = db.reader().await?;
        let mut renewed = None;
        for ((id, lease), answer) in leases(&mut conn, ids).await?.into_iter().zip(answers) {
            if id == own {
                renewed = lease;
            }
            // Whoever does not listen any more needs none.
            let _ = answer.send(lease);
        }
        Ok(renewed)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(Uuid, Sender<Renewed>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
