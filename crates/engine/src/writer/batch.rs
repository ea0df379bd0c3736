//! One batch: load facts, decide each command, append, commit, answer. And what to do when that fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Context, Draft, Facts, Needs, Refusal, Reply, command, looks};
use evidence::Timestamp;
use store::batch::CommitError;
use store::{Conn, Db, ErrorKind, Head};
use uuid::Uuid;

use super::append::{self, Appended};
use super::cache::{self, Cache, admitted};
use super::{Answer, Job, Signer};
use crate::error::Error;
use crate::metrics::add;

/// How often a batch is tried when other transactions are in the way.
const TRIES_MAX: u32 = 12;

/// How often a command alone is tried against a constraint, such as that a row is there once.
const RACES_MAX: u32 = 3;

/// What came of one command.
enum Verdict {
    Accepted {
        reply: Reply,
        drafts: Vec<Draft>,
    },
    Refused {
        refusal: Refusal,
        draft: Option<Box<Draft>>,
    },
}

/// The Writer's connection, and what is known on it.
#[derive(Default)]
pub(super) struct Link {
    conn: Option<Conn>,
    cache: Cache,
}

impl Link {
    /// Gives up the connection: on another one nothing is known.
    fn lose(&mut self) {
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

    /// Somebody else writes too. On SQLite whoever writes is alone all the same.
    fn share(&mut self, signer: &Signer) {
        if let Some(Conn::Pg(_)) = self.conn {
            self.cache.share(&signer.counters);
        }
    }
}

/// Runs a batch and answers every job in it.
pub(super) async fn run(db: &Db, link: &mut Link, signer: &Signer, mut jobs: Vec<Job>) {
    if let Err(error) = attempt(db, link, signer, &mut jobs).await {
        let tampered = matches!(error, Error::Tampered { .. });
        if jobs.len() > 1 && (tampered || error_kind(&error) == Some(ErrorKind::Constraint)) {
            // Two processes raced, or a row was changed by hand: alone, only the commands that it concerns fail.
            for job in jobs {
                Box::pin(run(db, link, signer, vec![job])).await;
            }
            return;
        }
        signer.counters.batch_failed(&error);
        if signer.writes.failed(&error) {
            tracing::error!(%error, commands = jobs.len(), "a batch was not written");
        }
        fail(&mut jobs, &error);
    }
}

fn error_kind(error: &Error) -> Option<ErrorKind> {
    match error {
        Error::Store(error) => Some(error.kind),
        _ => None,
    }
}

/// Gives every job the same error. Only [`Error::Unknown`] may have been committed.
fn fail(jobs: &mut [Job], error: &Error) {
    for job in jobs {
        let copy = match error {
            Error::Store(error) => Error::Store(store::Error {
                kind: error.kind,
                message: error.message.clone(),
                statement: error.statement.clone(),
            }),
            Error::Problem { message, hint } => Error::problem(message.clone(), hint.clone()),
            Error::Unknown(what) => Error::Unknown(what.clone()),
            Error::Halted(halt) => Error::Halted(Arc::clone(halt)),
            Error::Tampered { table, id, what } => Error::Tampered {
                table,
                id: *id,
                what: what.clone(),
            },
            other => Error::problem(other.to_string(), "report this as a bug"),
        };
        job.answer(Err(copy));
    }
}

async fn attempt(db: &Db, link: &mut Link, signer: &Signer, jobs: &mut [Job]) -> Result<(), Error> {
    let (mut tries, mut races) = (0, 0);
    loop {
        tries += 1;
        let error = match once(db, link, signer, jobs).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let kind = error_kind(&error);
        let lost = match &mut link.conn {
            Some(conn) if kind != Some(ErrorKind::Connection) => conn.rollback().await.is_err(),
            _ => true,
        };
        if lost {
            link.lose();
        }
        // Whatever failed, it may be that something is not as it was known.
        link.cache.forget_taken();
        if kind == Some(ErrorKind::Constraint) && link.cache.look_up_ids() {
            tries -= 1;
            add(&signer.counters.retries, 1);
            continue;
        }
        let again = match kind {
            Some(ErrorKind::Moved | ErrorKind::Changed | ErrorKind::Retry) => tries < TRIES_MAX,
            // A constraint that fails for a command alone may be a race just lost: again, with fresh facts. What went before
            // does not count: the head may have moved first.
            Some(ErrorKind::Constraint) => {
                races += 1;
                jobs.len() == 1 && races < RACES_MAX
            }
            // Nothing was sent for commit, or it is known not to have happened.
            Some(ErrorKind::Connection) => tries < 3,
            _ => false,
        };
        if !again {
            return Err(error);
        }
        add(&signer.counters.retries, 1);
        match kind {
            Some(ErrorKind::Moved) => {
                add(&signer.counters.moved, 1);
                link.share(signer);
                continue;
            }
            Some(ErrorKind::Changed) => {
                add(&signer.counters.changed, 1);
                if tries == 1 {
                    continue;
                }
            }
            _ => {}
        }
        // Another transaction holds rows and waits for the head, or changes rows by hand again and again: locks hold it off.
        if matches!(kind, Some(ErrorKind::Retry | ErrorKind::Changed)) {
            link.share(signer);
        }
        tokio::time::sleep(Duration::from_millis(u64::from(tries * tries))).await;
    }
}

/// One try: everything in one transaction, then the answers.
async fn once(db: &Db, link: &mut Link, signer: &Signer, jobs: &mut [Job]) -> Result<(), Error> {
    let started = Instant::now();
    if link.conn.as_mut().is_some_and(Conn::is_displaced) {
        link.lose();
    }
    let cache = &mut link.cache;
    let conn = match &mut link.conn {
        Some(conn) => conn,
        None => link.conn.insert(db.writer().await?),
    };
    cache.begin(&signer.counters);
    let written = write(conn, cache, signer, jobs).await;
    if matches!(&written, Err(error) if error_kind(error).is_none()) && matches!(conn, Conn::Pg(_)) {
        // What was read one after the other does not fit together where another process wrote in between.
        if let Some(ground) = cache.ground() {
            store::batch::end(conn, Some(ground)).await?;
        }
    }
    let (mut verdicts, appended) = written?;
    let Some(appended) = appended else {
        store::batch::end(conn, cache.ground()).await?;
        answer(signer, jobs, verdicts, None);
        return Ok(());
    };
    match store::batch::commit(conn, &appended.batch(), cache.ground()).await {
        Ok(stamp) => {
            let drafts = verdicts.iter_mut().flat_map(Verdict::drafts);
            let rows = drafts.flat_map(|draft| std::mem::take(&mut draft.writes));
            cache.wrote(appended.head(), rows, stamp);
        }
        Err(CommitError::Failed(error)) => return Err(error.into()),
        Err(CommitError::Unknown(error)) => {
            link.lose();
            settle(db, &mut link.conn, &appended, error).await?;
        }
    }
    if link.conn.as_mut().is_some_and(Conn::is_displaced) {
        link.lose();
        let what = "another file was put in the place of the database while it was written to";
        return Err(Error::Unknown(what.to_owned()));
    }
    signer.known.remember(appended.head().clone());
    signer.writes.well();
    signer.seals.remember(appended.seals.iter().copied());
    signer.counters.batch(started.elapsed());
    add(&signer.counters.entries, appended.count());
    signer.size.send_if_modified(|size| {
        let grown = appended.size() > *size;
        *size = appended.size().max(*size);
        grown
    });
    answer(signer, jobs, verdicts, Some(&appended));
    Ok(())
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

/// Decides every command and prepares what is appended; nothing is written yet.
async fn write(
    conn: &mut Conn,
    cache: &mut Cache,
    signer: &Signer,
    jobs: &[Job],
) -> Result<(Vec<Verdict>, Option<Appended>), Error> {
    let now = signer.clock.now();
    let mut needs = Needs::at(now, &signer.rules);
    let mut own_ids = 0;
    for job in jobs {
        job.command.needs(&job.caller, &signer.rules, &mut needs);
        own_ids += job.command.own_ids();
    }
    // Only where an id comes twice in the batch must a later command see an earlier one's entries.
    let twice = own_ids > needs.count(&looks::ENTRY);
    let (mut facts, head) = begin(conn, cache, signer, &needs).await?;
    let all = |facts: &mut Facts| -> Vec<Verdict> {
        facts.rules = Arc::clone(&signer.rules);
        jobs.iter().map(|job| decide(facts, job, now, twice)).collect()
    };
    if !facts.entries.is_empty() {
        // Somebody sends again, and may go on to do so.
        cache.look_up_ids();
    }
    let mut verdicts = all(&mut facts);
    let made = |verdicts: &mut [Verdict]| -> Vec<Uuid> {
        let drafts = verdicts.iter_mut().flat_map(Verdict::drafts);
        drafts.map(|draft| draft.id).collect()
    };
    if cache.presumed_too_much(made(&mut verdicts).into_iter()) {
        cache.look_up_ids();
        facts = cache::facts(conn, cache, signer, &needs).await?;
        verdicts = all(&mut facts);
    }
    let mut drafts: Vec<&mut Draft> = verdicts.iter_mut().flat_map(Verdict::drafts).collect();
    // Also where nothing is appended: what such a batch answers must not rest on a log that is not ours.
    let head = admitted(conn, signer, head).await?;
    cache.found(&head);
    if drafts.is_empty() {
        return Ok((verdicts, None));
    }
    super::opened::count(conn, &facts, &mut drafts, now).await?;
    super::sums::fold(conn, cache, signer, facts.tally, &mut drafts).await?;
    super::days::fold(conn, cache, signer, facts.run_days, &mut drafts).await?;
    signer.clock.saw(head.at);
    let appended = append::append(&signer.key, head, drafts, now)?;
    Ok((verdicts, Some(appended)))
}

/// The facts of a batch, and the head where it is known already: from before, or locked.
async fn begin(
    conn: &mut Conn,
    cache: &mut Cache,
    signer: &Signer,
    needs: &Needs,
) -> Result<(Facts, Option<Head>), Error> {
    let newest = signer.known.newest();
    let stale = signer.known.halt().is_some() || cache.head().is_some_and(|head| *head != *newest);
    if stale && matches!(conn, Conn::Pg(_)) {
        cache.share(&signer.counters);
    }
    if cache.is_shared() {
        let (facts, head) = store::batch::begin(conn, needs)
            .await
            .map_err(|error| signer.known.explain(error))?;
        if let Some(head) = &head {
            signer.known.admit(conn, head).await?;
        }
        cache::check(conn, signer, needs, &facts, head.as_ref()).await?;
        return Ok((facts, head));
    }
    let others_wrote = store::batch::begin_known(conn)?;
    if others_wrote || stale || cache.head().is_none() {
        let head = admitted(conn, signer, None).await?;
        cache.clear(Some(head));
    }
    let facts = cache::facts(conn, cache, signer, needs).await?;
    Ok((facts, cache.head().cloned()))
}

fn decide(facts: &mut Facts, job: &Job, now: Timestamp, twice: bool) -> Verdict {
    let context = Context {
        now,
        seed: job.seed,
        origin: job.origin.clone(),
    };
    match command::decide(facts, &job.caller, &job.command, &context) {
        Ok(decision) => {
            facts.apply(&decision.drafts);
            if twice && job.command.own_ids() > 0 {
                for draft in &decision.drafts {
                    facts.entries.entry(draft.id).or_insert_with(|| draft.known());
                }
            }
            Verdict::Accepted {
                reply: decision.reply,
                drafts: decision.drafts,
            }
        }
        Err((refusal, draft)) => {
            if let Some(draft) = &draft {
                facts.refused(&refusal, draft);
            }
            Verdict::Refused { refusal, draft }
        }
    }
}

impl Verdict {
    fn drafts(&mut self) -> &mut [Draft] {
        match self {
            Verdict::Accepted { drafts, .. } => drafts,
            Verdict::Refused {
                draft: Some(draft), ..
            } => std::slice::from_mut(draft),
            Verdict::Refused { draft: None, .. } => &mut [],
        }
    }
}

/// Answers every job, in the order in which the drafts were appended.
fn answer(signer: &Signer, jobs: &mut [Job], verdicts: Vec<Verdict>, appended: Option<&Appended>) {
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
            Verdict::Refused { refusal, .. } => {
                add(&signer.counters.refusals, 1);
                job.answer(Err(Error::Refused {
                    refusal,
                    entry: first,
                }));
            }
        }
        next += count;
    }
}
