//! The Writer's connection, what is known on it, and what came of the commands of a batch.

use std::time::Instant;

use domain::{Draft, Refusal, Reply};
use evidence::Timestamp;
use store::{Conn, ErrorKind};

use super::Signer;
use super::append::Appended;
use super::cache::Cache;
use crate::error::Error;

/// The Writer's connection, and what is known on it.
#[derive(Default)]
pub(super) struct Link {
    pub conn: Option<Conn>,
    pub cache: Cache,
}

impl Link {
    /// Gives up the connection: on another one nothing is known.
    pub fn lose(&mut self) {
        self.conn = None;
        self.cache.clear(None);
    }

    /// Forgets what is known where the head is another one by now: what others erased is not kept.
    pub fn tidy(&mut self, signer: &Signer) {
        if self
            .cache
            .head()
            .is_some_and(|head| *head != *signer.known.newest())
        {
            self.cache.clear(None);
            self.share(signer);
        }
    }

    /// Gives up the connection where the database is no longer where it was opened; whether it is.
    pub fn lose_displaced(&mut self) -> bool {
        let displaced = self.conn.as_mut().is_some_and(Conn::is_displaced);
        if displaced {
            self.lose();
        }
        displaced
    }

    /// Somebody else writes too. On SQLite whoever writes is alone all the same, and knows nothing any more.
    pub fn share(&mut self, signer: &Signer) {
        match self.conn {
            Some(Conn::Pg(_)) => self.cache.share(&signer.counters),
            _ => self.cache.clear(None),
        }
    }
}

/// The Writer's connection, or none while a batch is being committed over it: then what is not known cannot be read.
pub(super) struct Way<'a>(pub Option<&'a mut Conn>);

impl Way<'_> {
    /// The connection. The error does not leave the Writer: what needs it is decided once the batch has landed.
    pub fn conn(&mut self) -> Result<&mut Conn, Error> {
        self.0.as_deref_mut().ok_or_else(|| {
            let what = "the connection is busy with a batch that is being committed";
            Error::Store(store::Error::new(ErrorKind::Retry, what))
        })
    }
}

/// What came of one command.
pub(super) enum Verdict {
    Accepted {
        reply: Reply,
        drafts: Vec<Draft>,
    },
    Refused {
        refusal: Refusal,
        draft: Option<Box<Draft>>,
    },
}

impl Verdict {
    /// The entries that it makes.
    pub fn drafts(&mut self) -> &mut [Draft] {
        match self {
            Verdict::Accepted { drafts, .. } => drafts,
            Verdict::Refused {
                draft: Some(draft), ..
            } => std::slice::from_mut(draft),
            Verdict::Refused { draft: None, .. } => &mut [],
        }
    }
}

/// What came of the commands of a batch.
pub(super) struct Written {
    pub verdicts: Vec<Verdict>,
    pub appended: Option<Appended>,
    /// The time by which they were decided.
    pub now: Timestamp,
    /// When that began.
    pub started: Instant,
}
