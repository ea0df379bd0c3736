//! One batch: load facts, decide each command, append, commit, answer. And what to do when that fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Context, Draft, Facts, Needs, command, looks};
use evidence::Timestamp;
use futures_util::FutureExt;
use store::{Conn, Db, ErrorKind, Head};
use uuid::Uuid;

use super::append;
use super::cache::Cache;
use super::flight::{self, Prepared};
use super::link::{Link, Verdict, Way, Written};
use super::needed::{self, admitted};
use super::{Job, Signer};
use crate::error::Error;
use crate::metrics::add;

/// How often a batch is tried when other transactions are in the way.
const TRIES_MAX: u32 = 12;

/// How often a command alone is tried against a constraint, such as that a row is there once.
const RACES_MAX: u32 = 3;

/// Runs a batch to its end and answers every job in it: one that failed when it was first tried, where there is an error.
pub(super) async fn run(db: &Db, link: &mut Link, signer: &Signer, mut jobs: Vec<Job>, first: Option<Error>) {
    if let Err(error) = attempt(db, link, signer, &mut jobs, first).await {
        if jobs.len() > 1 && (error.is_tampered() || error_kind(&error) == Some(ErrorKind::Constraint)) {
            // Two processes raced, or a row was changed by hand. By halves the commands that it concerns are soon alone, and
            // only they fail; the others are still written together.
            let rest = jobs.split_off(jobs.len() / 2);
            for half in [jobs, rest] {
                Box::pin(run(db, link, signer, half, None)).await;
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
            Error::EntryTampered { entry, what } => Error::EntryTampered {
                entry: *entry,
                what: what.clone(),
            },
            other => Error::problem(other.to_string(), "report this as a bug"),
        };
        job.answer(Err(copy));
    }
}

async fn attempt(
    db: &Db,
    link: &mut Link,
    signer: &Signer,
    jobs: &mut Vec<Job>,
    mut first: Option<Error>,
) -> Result<(), Error> {
    let (mut tries, mut races) = (0, 0);
    loop {
        tries += 1;
        let error = match first.take() {
            Some(error) => error,
            None => match once(db, link, signer, jobs).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
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
async fn once(db: &Db, link: &mut Link, signer: &Signer, jobs: &mut Vec<Job>) -> Result<(), Error> {
    let prepared = prepare(db, link, signer, std::mem::take(jobs)).await;
    let landed = match prepared {
        Ok(prepared) => flight::run(db, link, signer, prepared).await,
        Err(failed) => Err(failed),
    };
    match landed {
        Ok(done) => {
            done.answer(signer);
            Ok(())
        }
        Err((back, error)) => {
            *jobs = back;
            Err(error)
        }
    }
}

/// Decides a batch; what is not known is read. The jobs come back with the error.
pub(super) async fn prepare(
    db: &Db,
    link: &mut Link,
    signer: &Signer,
    mut jobs: Vec<Job>,
) -> Result<Prepared, (Vec<Job>, Error)> {
    match read_and_write(db, link, signer, &mut jobs).await {
        Ok(written) => Ok(Prepared::new(&mut link.cache, jobs, written)),
        Err(error) => Err((jobs, error)),
    }
}

async fn read_and_write(
    db: &Db,
    link: &mut Link,
    signer: &Signer,
    jobs: &mut Vec<Job>,
) -> Result<Written, Error> {
    link.lose_displaced();
    let cache = &mut link.cache;
    let conn = match &mut link.conn {
        Some(conn) => conn,
        None => link.conn.insert(db.writer().await?),
    };
    cache.begin(&signer.counters);
    let written = write(&mut Way(Some(conn)), cache, signer, jobs).await;
    if matches!(&written, Err(error) if error_kind(error).is_none()) && matches!(conn, Conn::Pg(_)) {
        // What was read one after the other does not fit together where another process wrote in between.
        let basis = cache.decided();
        let ends = match basis.ground() {
            Some(ground) => store::batch::end(conn, Some(ground)).await,
            None => Ok(()),
        };
        cache.fall(basis);
        ends?;
    }
    written
}

/// Decides a batch while another one is being committed, on what is known then; the jobs come back where that is not enough.
pub(super) fn ahead(link: &mut Link, signer: &Signer, mut jobs: Vec<Job>) -> Result<Prepared, Vec<Job>> {
    if link.cache.is_shared() {
        return Err(jobs);
    }
    link.cache.begin(&signer.counters);
    let written = write(&mut Way(None), &mut link.cache, signer, &mut jobs).now_or_never();
    match written {
        Some(Ok(written)) => Ok(Prepared::new(&mut link.cache, jobs, written)),
        _ => Err(jobs),
    }
}

/// Decides every command and prepares what is appended; nothing is written yet.
async fn write(
    way: &mut Way<'_>,
    cache: &mut Cache,
    signer: &Signer,
    jobs: &mut Vec<Job>,
) -> Result<Written, Error> {
    let (now, started) = (signer.clock.now(), Instant::now());
    let mut needs = Needs::at(now, &signer.rules);
    let mut own_ids = 0;
    for job in &*jobs {
        job.command.needs(&job.caller, &signer.rules, &mut needs);
        own_ids += job.command.own_ids();
    }
    // Only where an id comes twice in the batch must a later command see an earlier one's entries.
    let twice = own_ids > needs.count(&looks::ENTRY);
    let (mut facts, head) = begin(way, cache, signer, &needs).await?;
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
        facts = needed::facts(way, cache, signer, &needs).await?;
        verdicts = all(&mut facts);
    }
    // Also where nothing is appended: what such a batch answers must not rest on a log that is not ours.
    let head = match head {
        Some(head) => head,
        None => admitted(way.conn()?, signer, None).await?,
    };
    cache.found(&head);
    if verdicts.iter_mut().any(|verdict| !verdict.drafts().is_empty())
        && let Some(job) = super::rules::other(way, signer, &head, jobs).await?
    {
        verdicts.insert(0, decide(&mut facts, &job, now, false));
        jobs.insert(0, job);
    }
    let mut drafts: Vec<&mut Draft> = verdicts.iter_mut().flat_map(Verdict::drafts).collect();
    if drafts.is_empty() {
        return Ok(Written {
            verdicts,
            appended: None,
            now,
            started,
        });
    }
    super::opened::count(way, &facts, &mut drafts, now).await?;
    super::sums::fold(way, cache, signer, facts.tally, &mut drafts).await?;
    super::days::fold(way, cache, signer, facts.run_days, &mut drafts).await?;
    signer.clock.saw(head.at);
    let appended = append::append(&signer.key, head, drafts, now)?;
    Ok(Written {
        verdicts,
        appended: Some(appended),
        now,
        started,
    })
}

/// The facts of a batch, and the head where it is known already: from before, or locked.
async fn begin(
    way: &mut Way<'_>,
    cache: &mut Cache,
    signer: &Signer,
    needs: &Needs,
) -> Result<(Facts, Option<Head>), Error> {
    let newest = signer.known.newest();
    let stale = signer.known.halt().is_some() || cache.head().is_some_and(|head| *head != *newest);
    if way.0.is_none() && !stale {
        // The batch that is being committed has begun, and what it rests on is proven with it.
        let facts = needed::facts(way, cache, signer, needs).await?;
        return Ok((facts, cache.newest().cloned()));
    }
    let conn = way.conn()?;
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
        needed::check(conn, signer, needs, &facts, head.as_ref()).await?;
        return Ok((facts, head));
    }
    let others_wrote = store::batch::begin_known(conn)?;
    if others_wrote || stale || cache.head().is_none() {
        // It is told only once that somebody else wrote. So what fails from here on must leave nothing known.
        cache.clear(None);
        let head = admitted(conn, signer, None).await?;
        cache.clear(Some(head));
    }
    let facts = needed::facts(way, cache, signer, needs).await?;
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
