//! The Writer: one thread per process that owns the only connection that writes.
//!
//! It takes what is waiting as one batch, without a timer: while one batch is being committed the next one
//! gathers, so one caller gets low latency and a thousand share one fsync. Once enough wait, the next one is decided while
//! the one before is still on its way to the disk ([`flight`]).
//!
//! What a crash leaves behind: before COMMIT, nothing; after COMMIT and before the reply, entries that the caller
//! does not know of, which the caller's own ids make safe to send again.

pub mod append;
pub mod batch;
mod cache;
mod days;
pub(crate) mod errands;
mod flight;
mod link;
mod needed;
mod opened;
mod pulse;
mod rules;
mod sums;

pub(crate) use sums::removed;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::identity::Rules;
use domain::{Caller, Command, Origin, Reply};
use store::Db;
use tlog::SigningKey;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::continuity::Known;
use crate::error::Error;
use crate::metrics::{Counters, add};
use crate::random;
use crate::seals::Seals;
use crate::waits::Waits;
use crate::writes::Writes;
use errands::{Errand, Errands};
use flight::{Done, Flight, Prepared};
use link::Link;
use pulse::Pulse;

/// How many commands must wait, at least, for a batch to be decided while another one is in flight. Being woken for each would
/// cost more than it gains; fewer wait until it has landed.
const AHEAD_MIN: usize = 24;

/// How many commands must wait for a batch to be decided beside a flight, where so many may come until it lands: three quarters
/// of them. A batch that is closed too early leaves ever more small ones; one that waits for all is decided too late.
fn ahead_at(may_come: usize) -> usize {
    AHEAD_MIN.max(may_come - may_come / 4)
}

/// The answer to a command that was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T = Reply> {
    /// What the command gives back; recorded entries have their place.
    pub reply: T,
    /// Index of the command's first new entry; none when nothing was recorded.
    pub entry: Option<u64>,
}

impl Answer {
    /// The same of the type that the command gives back.
    pub fn typed<T: TryFrom<Reply, Error = Reply>>(self) -> Result<Answer<T>, Error> {
        Ok(Answer {
            reply: T::try_from(self.reply).map_err(|other| Error::unexpected(&other))?,
            entry: self.entry,
        })
    }
}

/// A command that waits for the Writer.
pub struct Job {
    /// Who calls.
    pub caller: Caller,
    /// From where.
    pub origin: Origin,
    /// What is asked for.
    pub command: Command,
    /// Randomness for its ids and salts.
    pub seed: [u8; 32],
    reply: Option<oneshot::Sender<Result<Answer, Error>>>,
}

impl Job {
    /// A job, and where its answer will come.
    pub fn new(
        caller: Caller,
        origin: Origin,
        command: Command,
    ) -> Result<(Job, oneshot::Receiver<Result<Answer, Error>>), Error> {
        let (sender, receiver) = oneshot::channel();
        let seed = random::array()?;
        Ok((
            Job {
                caller,
                origin,
                command,
                seed,
                reply: Some(sender),
            },
            receiver,
        ))
    }

    /// A job of the Writer's own, whose answer nobody waits for.
    fn own(part: &'static str, command: Command) -> Result<Job, Error> {
        let (job, _) = Job::new(Caller::System { part }, Origin::default(), command)?;
        Ok(Job { reply: None, ..job })
    }

    /// Answers; a caller that is gone does not matter.
    pub(crate) fn answer(&mut self, answer: Result<Answer, Error>) {
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(answer);
        }
    }
}

/// What the Writer needs beside its connection.
pub struct Signer {
    /// Signs checkpoints.
    pub key: SigningKey,
    /// From which head the log may be continued.
    pub(crate) known: Arc<Known>,
    /// What is counted for the metrics.
    pub(crate) counters: Arc<Counters>,
    /// Size of the log and its newest checkpoint, for those who wait for new entries.
    pub(crate) size: watch::Sender<u64>,
    /// The rules that decisions follow.
    pub rules: Arc<Rules>,
    /// The clock that entries get their time from.
    pub(crate) clock: Clock,
    /// Seals of rows that were checked.
    pub(crate) seals: Arc<Seals>,
    /// Whether batches are written.
    pub(crate) writes: Arc<Writes>,
    /// The size of the log up to which it says that this process's rules are in force; `u64::MAX` until that is known.
    pub(crate) told: Arc<AtomicU64>,
    /// Who waits for approvals.
    pub(crate) waits: Arc<Waits>,
}

/// Says when so many commands are in the queue that a batch is decided ahead.
#[derive(Default)]
struct Enough {
    queued: AtomicUsize,
    /// How many are enough.
    wanted: AtomicUsize,
    reached: Notify,
}

impl Enough {
    /// So many commands are put into the queue now. Gives whether that makes enough.
    fn add(&self, jobs: usize) -> bool {
        // The Writer says how many it wants before it looks how many there are: one of both sees the other.
        let before = self.queued.fetch_add(jobs, Ordering::SeqCst);
        let wanted = self.wanted.load(Ordering::SeqCst);
        before < wanted && before + jobs >= wanted
    }
}

/// The queue before the Writer. Cloning it gives another way in.
#[derive(Clone)]
pub struct Queue {
    jobs: mpsc::UnboundedSender<Job>,
    waiting: Arc<AtomicU64>,
    enough: Arc<Enough>,
    entries_max: u64,
    counters: Arc<Counters>,
    pulse: Pulse,
}

/// A [`Queue`] that does not keep the Writer going.
pub struct WeakQueue {
    jobs: mpsc::WeakUnboundedSender<Job>,
    waiting: Arc<AtomicU64>,
    enough: Arc<Enough>,
    entries_max: u64,
    counters: Arc<Counters>,
    pulse: Pulse,
}

impl WeakQueue {
    /// The queue, while there is another.
    pub fn upgrade(&self) -> Option<Queue> {
        Some(Queue {
            jobs: self.jobs.upgrade()?,
            waiting: Arc::clone(&self.waiting),
            enough: Arc::clone(&self.enough),
            entries_max: self.entries_max,
            counters: Arc::clone(&self.counters),
            pulse: self.pulse.clone(),
        })
    }
}

impl Queue {
    /// A way in that does not keep the Writer going.
    pub fn downgrade(&self) -> WeakQueue {
        WeakQueue {
            jobs: self.jobs.downgrade(),
            waiting: Arc::clone(&self.waiting),
            enough: Arc::clone(&self.enough),
            entries_max: self.entries_max,
            counters: Arc::clone(&self.counters),
            pulse: self.pulse.clone(),
        }
    }

    /// Hands a job over, or says at once that too much is waiting.
    pub fn push(&self, job: Job) -> Result<(), Error> {
        self.push_all(vec![job])
    }

    /// Hands jobs over, all or none.
    pub fn push_all(&self, jobs: Vec<Job>) -> Result<(), Error> {
        self.admit(weight(&jobs))?;
        let enough = self.enough.add(jobs.len());
        for job in jobs {
            self.jobs.send(job).map_err(|_| stopped())?;
        }
        if enough {
            self.enough.reached.notify_one();
        }
        Ok(())
    }

    fn admit(&self, weight: u64) -> Result<(), Error> {
        let before = self.waiting.fetch_add(weight, Ordering::Relaxed);
        // What finds the queue empty is taken whatever its size.
        if before > 0 && before + weight > self.entries_max {
            self.waiting.fetch_sub(weight, Ordering::Relaxed);
            add(&self.counters.overloaded, 1);
            return Err(Error::Overloaded {
                retry_after_seconds: 1,
            });
        }
        Ok(())
    }

    /// Whether the Writer's thread lives.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Entries that wait.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Most entries that may wait.
    pub fn entries_max(&self) -> u64 {
        self.entries_max
    }
}

/// What jobs weigh in the queue, in which the Writer's own never were.
fn weight(jobs: &[Job]) -> u64 {
    let queued = jobs.iter().filter(|job| job.reply.is_some());
    queued.map(|job| job.command.weight() as u64).sum()
}

pub(crate) fn stopped() -> Error {
    Error::problem(
        "the server is shutting down",
        "send the request again, to another process or after the restart",
    )
}

/// Starts the Writer on a thread of its own; it ends when every queue is gone.
pub(crate) fn start(
    db: Db,
    signer: Signer,
    queue_entries_max: u64,
    batch_entries_max: usize,
) -> Result<(Queue, Option<Errands>), Error> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (way, errands) = errands::way(&db);
    let waiting = Arc::new(AtomicU64::new(0));
    let enough = Arc::new(Enough::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Error::problem(
                format!("cannot start the writer: {error}"),
                "check the operating system's limits",
            )
        })?;
    let queue = Queue {
        jobs: sender,
        waiting: Arc::clone(&waiting),
        enough: Arc::clone(&enough),
        entries_max: queue_entries_max,
        counters: Arc::clone(&signer.counters),
        pulse: Pulse::of(&runtime),
    };
    let mut writer = Writer {
        db,
        link: Link::default(),
        signer,
        receiver,
        errands,
        held: VecDeque::new(),
        free_since: None,
        waiting,
        enough,
        batch_entries_max,
    };
    std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || runtime.block_on(writer.run()))
        .map_err(|error| {
            Error::problem(
                format!("cannot start the writer: {error}"),
                "check the operating system's limits",
            )
        })?;
    Ok((queue, way))
}

struct Writer {
    db: Db,
    link: Link,
    signer: Signer,
    receiver: mpsc::UnboundedReceiver<Job>,
    errands: mpsc::UnboundedReceiver<Errand>,
    /// Jobs that were taken from the queue, and wait again.
    held: VecDeque<Job>,
    /// Since when nothing is in flight while something waits.
    free_since: Option<Instant>,
    waiting: Arc<AtomicU64>,
    enough: Arc<Enough>,
    batch_entries_max: usize,
}

impl Writer {
    /// The next job, once there is one. Others may write meanwhile.
    async fn next(&mut self) -> Option<Job> {
        if let Some(job) = self.held.pop_front() {
            return Some(job);
        }
        let mut size = self.signer.size.subscribe();
        loop {
            tokio::select! {
                biased;
                job = self.receiver.recv() => {
                    self.enough.queued.fetch_sub(usize::from(job.is_some()), Ordering::SeqCst);
                    return job;
                }
                Some(errand) = self.errands.recv() => self.link.run(&self.db, errand).await,
                _ = size.changed() => self.link.tidy(&self.signer),
            }
        }
    }

    /// How many jobs wait.
    fn waiting(&self) -> usize {
        self.held.len() + self.receiver.len()
    }

    /// A job that waits.
    fn waits(&mut self) -> Option<Job> {
        self.held.pop_front().or_else(|| {
            let job = self.receiver.try_recv().ok()?;
            self.enough.queued.fetch_sub(1, Ordering::SeqCst);
            Some(job)
        })
    }

    /// What waits, after the first one, as far as it goes into one batch.
    fn gather(&mut self, first: Option<Job>) -> Vec<Job> {
        let mut jobs: Vec<Job> = first.into_iter().collect();
        let mut sum = jobs.iter().map(|job| job.command.weight()).sum::<usize>();
        while let Some(job) = self.waits() {
            sum += job.command.weight();
            if sum > self.batch_entries_max && !jobs.is_empty() {
                self.held.push_front(job);
                break;
            }
            jobs.push(job);
        }
        jobs
    }

    /// These jobs wait again, before all others.
    fn put_back(&mut self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            self.held.push_front(job);
        }
    }

    async fn run(&mut self) {
        let (mut done, mut ahead): (Option<Done>, Option<Prepared>) = (None, None);
        loop {
            while let Ok(errand) = self.errands.try_recv() {
                self.link.run(&self.db, errand).await;
            }
            let prepared = match ahead.take() {
                Some(ahead) if ahead.holds(&self.link, &self.signer) => ahead,
                old => {
                    self.put_back(old.map_or_else(Vec::new, Prepared::into_jobs));
                    self.answer(done.take());
                    if self.waiting() == 0 {
                        self.free_since = None;
                    }
                    let Some(first) = self.next().await else { return };
                    let jobs = self.gather(Some(first));
                    match batch::prepare(&self.db, &mut self.link, &self.signer, jobs).await {
                        Ok(prepared) => prepared,
                        Err(failed) => {
                            self.again(failed).await;
                            continue;
                        }
                    }
                }
            };
            (done, ahead) = self.fly(prepared, done.take()).await;
        }
    }

    /// Sends a batch, answers the one before, and decides the next one meanwhile, once enough waits.
    async fn fly(
        &mut self,
        prepared: Prepared,
        mut before: Option<Done>,
    ) -> (Option<Done>, Option<Prepared>) {
        // Who waits, and whoever is answered now, if they ask again.
        let enough = ahead_at(self.waiting() + before.as_ref().map_or(0, Done::commands));
        if prepared.blocks(&self.link) {
            self.answer(before.take());
        }
        self.enough.wanted.store(enough, Ordering::SeqCst);
        let launched = Instant::now();
        let pause = self.free_since.map_or(Duration::ZERO, |since| since.elapsed());
        let mut flight = match Flight::launch(&mut self.link, prepared) {
            Ok(flight) => flight,
            Err(jobs) => {
                self.put_back(jobs);
                return (before, None);
            }
        };
        flight.depart().await;
        self.answer(before);
        let (mut ahead, mut tried) = (None, false);
        while !flight.has_landed() {
            if tried {
                flight.wait_or(std::future::pending()).await;
            } else if self.waiting() < enough {
                flight.wait_or(self.enough.reached.notified()).await;
            } else {
                tried = true;
                let jobs = self.gather(None);
                match batch::ahead(&mut self.link, &self.signer, jobs) {
                    Ok(prepared) => {
                        add(&self.signer.counters.ahead, 1);
                        ahead = Some(prepared);
                    }
                    Err(jobs) => self.put_back(jobs),
                }
            }
        }
        self.signer.counters.flight(launched.elapsed(), pause);
        self.free_since = Some(Instant::now());
        let landed = flight.land(&self.db, &mut self.link, &self.signer, ahead.as_mut());
        match landed.await {
            Ok(done) => (Some(done), ahead),
            Err(failed) => {
                // What was decided on it is decided again.
                self.put_back(ahead.map_or_else(Vec::new, Prepared::into_jobs));
                self.again(failed).await;
                (None, None)
            }
        }
    }

    /// Tries a batch again that was not written, until there is an answer.
    async fn again(&mut self, (jobs, error): (Vec<Job>, Error)) {
        let weight = weight(&jobs);
        let tried = batch::run(&self.db, &mut self.link, &self.signer, jobs, Some(error));
        Box::pin(tried).await;
        self.waiting.fetch_sub(weight, Ordering::Relaxed);
    }

    fn answer(&self, done: Option<Done>) {
        if let Some(done) = done {
            let weight = done.weight();
            done.answer(&self.signer);
            self.waiting.fetch_sub(weight, Ordering::Relaxed);
        }
    }
}
