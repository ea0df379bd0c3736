//! The log is continued only from a head that this process knows.
//!
//! Whoever writes to the database without the log's key can make a log that is sound in itself: rewrite an entry with its
//! leaf, and compute edge and root anew; or put back what the database was yesterday. Only memory outside the database
//! can tell. This is the memory of a process that runs; [`crate::guard`] is what outlives it.
//!
//! The Writer asks for each batch, while it holds the head's lock; the watcher asks twice a second, and it alone writes
//! the guard's file, writes down what it knows, and takes over a restore that somebody acknowledged.

pub(crate) mod check;
mod halt;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{Conn, ErrorKind, Head};
use tlog::VerifierKey;

use crate::error::Error;
use crate::random;
pub use halt::{Fault, Halt};

impl Halt {
    /// What a process finds before it has started.
    pub(crate) fn found_at_start(fault: Fault, reason: impl Into<String>) -> Arc<Halt> {
        Arc::new(Halt {
            fault,
            reason: reason.into(),
            since: random::now(),
            known: None,
            found: None,
        })
    }

    /// The error of a process that does not even start.
    pub(crate) fn at_start(fault: Fault, reason: impl Into<String>) -> Error {
        Error::Halted(Halt::found_at_start(fault, reason))
    }
}

/// A head that does not continue the log, before anybody acts on it.
pub(crate) type Breach = (Fault, String);

struct State {
    head: Arc<Head>,
    halt: Option<Stopped>,
}

/// A halt, and the head that it was found with.
struct Stopped {
    halt: Arc<Halt>,
    found: Option<Head>,
}

impl State {
    fn go_on(&mut self) {
        if self.halt.take().is_some() {
            tracing::warn!(size = self.head.edge.size(), "the log continues: writing goes on");
        }
    }
}

/// The newest head that this process committed or saw, and why nothing is written.
pub(crate) struct Known {
    state: Mutex<State>,
    verifier: VerifierKey,
}

impl Known {
    /// Begins with a head that was checked.
    pub fn new(head: Head, verifier: VerifierKey) -> Known {
        let state = State {
            head: Arc::new(head),
            halt: None,
        };
        Known {
            state: Mutex::new(state),
            verifier,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest head.
    pub fn newest(&self) -> Arc<Head> {
        Arc::clone(&self.state().head)
    }

    /// Why nothing is written; none when all is well.
    pub fn halt(&self) -> Option<Arc<Halt>> {
        let state = self.state();
        state.halt.as_ref().map(|stopped| Arc::clone(&stopped.halt))
    }

    /// Remembers a head that the Writer committed, or that was checked to extend the newest one.
    pub fn remember(&self, head: Head) {
        let mut state = self.state();
        // The watcher may have seen another process's commit after ours already.
        if head.edge.size() >= state.head.edge.size() {
            state.head = Arc::new(head);
        }
        state.go_on();
    }

    /// Takes over a head that does not extend the newest one: its restore was acknowledged.
    pub fn take_over(&self, head: Head) {
        let mut state = self.state();
        state.head = Arc::new(head);
        state.go_on();
    }

    /// Writes nothing on this head, which was found like that.
    pub fn stand_still(&self, halt: Arc<Halt>, head: Head) {
        self.state().halt = Some(Stopped {
            halt,
            found: Some(head),
        });
    }

    /// Writes nothing from now on. Says so once.
    pub fn stop(&self, (fault, reason): Breach, found: Option<&Head>) -> Arc<Halt> {
        let mut state = self.state();
        if let Some(stopped) = &state.halt
            && stopped.halt.fault == fault
            && stopped.found.as_ref() == found
        {
            return Arc::clone(&stopped.halt);
        }
        let before = state.halt.as_ref();
        let since = before.map_or_else(random::now, |stopped| stopped.halt.since);
        let halt = Arc::new(Halt {
            fault,
            reason,
            since,
            known: Some(state.head.checkpoint.clone()),
            found: found.map(|head| head.checkpoint.clone()),
        });
        tracing::error!(
            code = fault.code(),
            reason = %halt.reason,
            known = ?state.head.checkpoint,
            found = ?halt.found.as_deref().unwrap_or("the head row cannot be read"),
            "nothing is written: the log does not continue the one that this process knows"
        );
        state.halt = Some(Stopped {
            halt: Arc::clone(&halt),
            found: found.cloned(),
        });
        halt
    }

    /// For the Writer, which holds the head's lock: whether the log may be continued from this head.
    pub async fn admit(&self, conn: &mut Conn, found: &Head) -> Result<(), Error> {
        let known = {
            let mut state = self.state();
            if let Some(stopped) = &state.halt
                && stopped.found.as_ref() == Some(found)
            {
                // Looked at already. The watcher looks again, and finds a restore that was acknowledged.
                return Err(Error::Halted(Arc::clone(&stopped.halt)));
            }
            if *state.head == *found {
                state.go_on();
                return Ok(());
            }
            Arc::clone(&state.head)
        };
        match check::continues(conn, &known, found, &self.verifier).await? {
            None => {
                self.remember(found.clone());
                Ok(())
            }
            Some(breach) => Err(Error::Halted(self.stop(breach, Some(found)))),
        }
    }

    /// The key that checks checkpoints.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// What an error of the database means for the log: a head row that does not fit together stops it.
    pub fn explain(&self, error: store::Error) -> Error {
        if error.kind == ErrorKind::Head {
            Error::Halted(self.stop((Fault::Tampered, error.message), None))
        } else {
            error.into()
        }
    }
}
