//! A batch on its way: it is sent for commit, and the next one is decided meanwhile. One is in flight, one is open.
//!
//! The open one rests on what the one in flight writes. So it is sent only once that has landed, and decided again where it
//! has not, or where it waited for long: what runs out in the meantime must not get through.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Instant;

use domain::Reply;
use evidence::Timestamp;
use store::batch::CommitError;
use store::row::Stamp;
use store::{Conn, Db, Head};

use super::append::{self, Appended};
use super::cache::{Basis, Cache};
use super::link::{Link, Verdict, Written};
use super::{Answer, Job, Signer};
use crate::error::Error;
use crate::metrics::add;

/// For how long a decided batch may wait, in seconds.
const WAITS_S: i64 = 1;

/// A batch that is decided, and not yet sent.
pub(super) struct Prepared {
    answers: Answers,
    cargo: Cargo,
    now: Timestamp,
}

/// Who waits, and for what.
struct Answers {
    jobs: Vec<Job>,
    verdicts: Vec<Verdict>,
    started: Instant,
}

/// What goes with a commit, and comes back.
struct Cargo {
    appended: Option<Appended>,
    basis: Basis,
}

impl Cargo {
    /// Whether it is entries alone. Deciding the next batch takes less time then than handing a commit on SQLite to another
    /// thread and back.
    fn is_light(&self) -> bool {
        !self.appended.as_ref().is_some_and(Appended::writes_rows)
    }
}

/// What comes back of a commit: the transaction's number, where it wrote anything.
struct Landed {
    conn: Conn,
    cargo: Cargo,
    result: Result<Option<Stamp>, CommitError>,
}

/// A batch that is being committed.
pub(super) struct Flight {
    answers: Answers,
    landing: Pin<Box<dyn Future<Output = Landed>>>,
    landed: Option<Landed>,
}

/// A batch that is written, and not yet answered.
pub(super) struct Done {
    answers: Answers,
    appended: Option<Appended>,
}

impl Prepared {
    /// A batch that was just decided.
    pub fn new(cache: &mut Cache, jobs: Vec<Job>, written: Written) -> Prepared {
        let Written {
            verdicts,
            appended,
            now,
            started,
        } = written;
        Prepared {
            answers: Answers {
                jobs,
                verdicts,
                started,
            },
            cargo: Cargo {
                appended,
                basis: cache.decided(),
            },
            now,
        }
    }

    /// Whether it may be sent as it is.
    pub fn holds(&self, link: &Link, signer: &Signer) -> bool {
        let decided_at = self.cargo.basis.head();
        let waited = signer.clock.now() > self.now.plus_seconds(WAITS_S);
        !waited && !link.cache.is_shared() && decided_at.is_some() && decided_at == link.cache.head()
    }

    /// Whether its commit blocks the Writer's thread, so that nothing can be done meanwhile.
    pub fn blocks(&self, link: &Link) -> bool {
        matches!(&link.conn, Some(Conn::Sqlite(_))) && self.cargo.is_light()
    }

    /// Its jobs, to be decided again.
    pub fn into_jobs(self) -> Vec<Job> {
        self.answers.jobs
    }
}

/// Commits over this connection. On SQLite it blocks the thread.
async fn fly(mut conn: Conn, cargo: Cargo) -> Landed {
    let ground = cargo.basis.ground();
    let result = match &cargo.appended {
        Some(appended) => store::batch::commit(&mut conn, &appended.batch(), ground)
            .await
            .map(Some),
        None => store::batch::end(&mut conn, ground)
            .await
            .map(|()| None)
            .map_err(CommitError::Failed),
    };
    Landed { conn, cargo, result }
}

impl Flight {
    /// Sends a batch for commit. Its jobs come back where there is no connection; there is one for what was decided just now.
    pub fn launch(link: &mut Link, prepared: Prepared) -> Result<Flight, Vec<Job>> {
        let Prepared {
            mut answers, cargo, ..
        } = prepared;
        let Some(conn) = link.conn.take() else {
            return Err(answers.jobs);
        };
        if let Some(appended) = &cargo.appended {
            let mut made = HashSet::new();
            let mut rows = Vec::new();
            for draft in answers.verdicts.iter_mut().flat_map(Verdict::drafts) {
                made.insert(draft.id);
                rows.append(&mut draft.writes);
            }
            link.cache
                .take_off(appended.head().clone(), rows.into_iter(), made);
        }
        let landing: Pin<Box<dyn Future<Output = Landed>>> = match conn {
            Conn::Sqlite(_) if !cargo.is_light() => {
                let here = tokio::runtime::Handle::current();
                let there = tokio::task::spawn_blocking(move || here.block_on(fly(conn, cargo)));
                Box::pin(async move {
                    match there.await {
                        Ok(landed) => landed,
                        Err(error) => std::panic::resume_unwind(error.into_panic()),
                    }
                })
            }
            Conn::Sqlite(_) | Conn::Pg(_) => Box::pin(fly(conn, cargo)),
        };
        Ok(Flight {
            answers,
            landing,
            landed: None,
        })
    }

    /// Sees it off: what is to be sent is sent.
    pub async fn depart(&mut self) {
        tokio::select! {
            biased;
            landed = &mut self.landing => self.landed = Some(landed),
            () = tokio::task::yield_now() => {}
        }
    }

    /// Waits until it has landed, or until this happens.
    pub async fn wait_or(&mut self, event: impl Future<Output = ()>) {
        if self.landed.is_none() {
            tokio::select! {
                biased;
                landed = &mut self.landing => self.landed = Some(landed),
                () = event => {}
            }
        }
    }

    /// Whether it has landed.
    pub fn has_landed(&self) -> bool {
        self.landed.is_some()
    }

    /// What came of it. What was decided on it rests on the rows that it wrote.
    pub async fn land(
        self,
        db: &Db,
        link: &mut Link,
        signer: &Signer,
        next: Option<&mut Prepared>,
    ) -> Result<Done, (Vec<Job>, Error)> {
        let landed = match self.landed {
            Some(landed) => landed,
            None => self.landing.await,
        };
        let Landed { conn, cargo, result } = landed;
        let Cargo { appended, basis } = cargo;
        link.conn = Some(conn);
        let error = match result {
            Ok(stamp) => {
                link.cache
                    .land(stamp.unwrap_or_default(), next.map(|next| &mut next.cargo.basis));
                None
            }
            Err(CommitError::Failed(error)) => {
                link.cache.fall(basis);
                Some(error.into())
            }
            Err(CommitError::Unknown(error)) => {
                link.lose();
                match &appended {
                    Some(appended) => settle(db, &mut link.conn, appended, error).await.err(),
                    None => Some(error.into()),
                }
            }
        };
        if let Some(error) = error {
            return Err((self.answers.jobs, error));
        }
        if appended.is_some() && link.lose_displaced() {
            let what = "another file was put in the place of the database while it was written to";
            return Err((self.answers.jobs, Error::Unknown(what.to_owned())));
        }
        if let Some(appended) = &appended {
            note(signer, appended, self.answers.started);
        }
        Ok(Done {
            answers: self.answers,
            appended,
        })
    }
}

/// Sends a batch and waits for it.
pub(super) async fn run(
    db: &Db,
    link: &mut Link,
    signer: &Signer,
    prepared: Prepared,
) -> Result<Done, (Vec<Job>, Error)> {
    match Flight::launch(link, prepared) {
        Ok(flight) => flight.land(db, link, signer, None).await,
        Err(jobs) => Err((jobs, super::stopped())),
    }
}

/// A batch is written: what follows from it for others.
fn note(signer: &Signer, appended: &Appended, started: Instant) {
    signer.known.remember(appended.head().clone());
    signer.told.store(appended.size(), Ordering::Relaxed);
    signer.writes.well();
    signer.seals.remember(appended.seals.iter().copied());
    signer.counters.batch(started.elapsed());
    add(&signer.counters.entries, appended.count());
    signer
        .waits
        .written(appended.seals.iter().map(|(table, id, _)| (*table, *id)));
    signer.size.send_if_modified(|size| {
        let grown = appended.size() > *size;
        *size = appended.size().max(*size);
        grown
    });
}

/// Finds out whether a commit whose connection broke took place: `Ok` when it did, the connection's error when not.
///
/// The head's lock comes first: a commit that the server is still carrying out holds it, so once we have it, that
/// commit has either happened or never will. The entry must be in our place and have our leaf: an entry of the same id may
/// be one from before, where somebody sends again an id that was taken for new.
async fn settle(
    db: &Db,
    slot: &mut Option<Conn>,
    appended: &Appended,
    lost: store::Error,
) -> Result<(), Error> {
    let unknown = |error: store::Error| Error::Unknown(format!("{lost}; then: {error}"));
    let conn = slot.insert(db.writer().await.map_err(unknown)?);
    conn.begin().await.map_err(unknown)?;
    Head::lock(conn).await.map_err(unknown)?;
    let found = store::query::by_index(conn, appended.first)
        .await
        .map_err(unknown)?;
    conn.rollback().await.map_err(unknown)?;
    if found.is_some_and(|entry| appended.begins_with(&entry)) {
        Ok(())
    } else {
        Err(lost.into())
    }
}

impl Done {
    /// How many commands it is of.
    pub fn commands(&self) -> usize {
        self.answers.jobs.len()
    }

    /// How many entries its jobs weighed in the queue.
    pub fn weight(&self) -> u64 {
        super::weight(&self.answers.jobs)
    }

    /// Answers every job, in the order in which the drafts were appended.
    pub fn answer(self, signer: &Signer) {
        let Answers {
            mut jobs, verdicts, ..
        } = self.answers;
        let appended = self.appended.as_ref();
        add(&signer.counters.commands, jobs.len() as u64);
        let mut next = appended.map_or(0, |appended| appended.first);
        for (job, mut verdict) in jobs.iter_mut().zip(verdicts) {
            let count = verdict.drafts().len() as u64;
            let first = (count > 0).then_some(next);
            match verdict {
                Verdict::Accepted { mut reply, .. } => {
                    if let Reply::Recorded(recorded) = &mut reply {
                        append::fill_places(recorded, next, appended);
                    }
                    job.answer(Ok(Answer { reply, entry: first }));
                }
                Verdict::Refused { mut refusal, .. } => {
                    add(&signer.counters.refusals, 1);
                    let before = refusal.before.as_mut().map(|before| {
                        append::fill_places(std::slice::from_mut(&mut **before), next, appended);
                        before.place.map(|place| place.index)
                    });
                    let entry = before.unwrap_or(first);
                    job.answer(Err(Error::Refused { refusal, entry }));
                }
            }
            next += count;
        }
    }
}
