//! The Writer: one thread per process that owns the only connection that writes.
//!
//! It takes what is waiting as one batch, without a timer: while one batch is being committed the next one
//! gathers, so one caller gets low latency and a thousand share one fsync.
//!
//! What a crash leaves behind: before COMMIT, nothing; after COMMIT and before the reply, entries that the caller
//! does not know of, which the caller's own ids make safe to send again.

pub mod append;
pub mod batch;
mod cache;
mod days;
mod opened;
mod sums;

pub(crate) use sums::removed;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::identity::Rules;
use domain::{Caller, Command, Origin, Reply};
use store::Db;
use tlog::SigningKey;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::continuity::Known;
use crate::error::Error;
use crate::metrics::{Counters, add};
use crate::random;
use crate::seals::Seals;
use crate::writes::Writes;
use batch::Link;

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
}

/// The queue before the Writer. Cloning it gives another way in.
#[derive(Clone)]
pub struct Queue {
    jobs: mpsc::UnboundedSender<Job>,
    waiting: Arc<AtomicU64>,
    entries_max: u64,
    counters: Arc<Counters>,
}

/// A [`Queue`] that does not keep the Writer going.
pub struct WeakQueue {
    jobs: mpsc::WeakUnboundedSender<Job>,
    waiting: Arc<AtomicU64>,
    entries_max: u64,
    counters: Arc<Counters>,
}

impl WeakQueue {
    /// The queue, while there is another.
    pub fn upgrade(&self) -> Option<Queue> {
        Some(Queue {
            jobs: self.jobs.upgrade()?,
            waiting: Arc::clone(&self.waiting),
            entries_max: self.entries_max,
            counters: Arc::clone(&self.counters),
        })
    }
}

impl Queue {
    /// A way in that does not keep the Writer going.
    pub fn downgrade(&self) -> WeakQueue {
        WeakQueue {
            jobs: self.jobs.downgrade(),
            waiting: Arc::clone(&self.waiting),
            entries_max: self.entries_max,
            counters: Arc::clone(&self.counters),
        }
    }

    /// Hands a job over, or says at once that too much is waiting.
    pub fn push(&self, job: Job) -> Result<(), Error> {
        self.admit(job.command.weight() as u64)?;
        self.jobs.send(job).map_err(|_| stopped())
    }

    /// Hands jobs over, all or none.
    pub fn push_all(&self, jobs: Vec<Job>) -> Result<(), Error> {
        self.admit(jobs.iter().map(|job| job.command.weight() as u64).sum())?;
        for job in jobs {
            self.jobs.send(job).map_err(|_| stopped())?;
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

    /// Entries that wait.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Most entries that may wait.
    pub fn entries_max(&self) -> u64 {
        self.entries_max
    }
}

pub(crate) fn stopped() -> Error {
    Error::problem(
        "the server is shutting down",
        "send the request again, to another process or after the restart",
    )
}

/// Starts the Writer on a thread of its own; it ends when every queue is gone.
pub fn start(
    db: Db,
    signer: Signer,
    queue_entries_max: u64,
    batch_entries_max: usize,
) -> Result<Queue, Error> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicU64::new(0));
    let queue = Queue {
        jobs: sender,
        waiting: Arc::clone(&waiting),
        entries_max: queue_entries_max,
        counters: Arc::clone(&signer.counters),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Error::problem(
                format!("cannot start the writer: {error}"),
                "check the operating system's limits",
            )
        })?;
    let mut writer = Writer {
        db,
        link: Link::default(),
        signer,
        receiver,
        waiting,
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
    Ok(queue)
}

struct Writer {
    db: Db,
    link: Link,
    signer: Signer,
    receiver: mpsc::UnboundedReceiver<Job>,
    waiting: Arc<AtomicU64>,
    batch_entries_max: usize,
}

impl Writer {
    /// The next job, once there is one. Others may write meanwhile.
    async fn next(&mut self) -> Option<Job> {
        let mut size = self.signer.size.subscribe();
        loop {
            tokio::select! {
                biased;
                job = self.receiver.recv() => return job,
                _ = size.changed() => self.link.tidy(&self.signer),
            }
        }
    }

    async fn run(&mut self) {
        let mut held: Option<Job> = None;
        loop {
            let first = match held.take() {
                Some(job) => job,
                None => match self.next().await {
                    Some(job) => job,
                    None => return,
                },
            };
            let mut weight = first.command.weight();
            let mut jobs = vec![first];
            while let Ok(job) = self.receiver.try_recv() {
                if weight + job.command.weight() > self.batch_entries_max {
                    held = Some(job);
                    break;
                }
                weight += job.command.weight();
                jobs.push(job);
            }
            batch::run(&self.db, &mut self.link, &self.signer, jobs).await;
            self.waiting.fetch_sub(weight as u64, Ordering::Relaxed);
        }
    }
}
