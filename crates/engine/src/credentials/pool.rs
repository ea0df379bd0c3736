//! Threads that hash passwords, so that no other work waits for it.
//!
//! A hash takes tens of milliseconds of a core and 19 MiB. Both are bounded here: as many hashes run as there are
//! threads, as many wait as the queue holds, and whoever comes then is told to come again. The threads run at a
//! lower priority than the rest of the process, so that a flood of logins slows other requests little.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::argon::{self, Memory, Verified};
use crate::error::Error;

/// How long a job waits for idle time, before it is taken at a low priority.
const LATE: Duration = Duration::from_secs(1);

/// Threads that hash and verify passwords. Clones share them; they end when the last clone is dropped.
#[derive(Clone)]
pub struct HashPool(Arc<Owner>);

/// Its drop ends the threads, which hold the queue themselves.
struct Owner(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// Wakes one thread for a new job, and all at the end.
    wake: Condvar,
    /// Wakes the thread for late jobs when there is a first one, and at the end.
    wake_late: Condvar,
    waiting_max: usize,
}

#[derive(Default)]
struct Queue {
    /// Jobs, and since when they wait.
    jobs: VecDeque<(Instant, Job)>,
    /// Threads that wait for a job.
    idle: usize,
    ended: bool,
}

enum Job {
    Hash {
        password: Zeroizing<String>,
        answer: oneshot::Sender<Result<String, Error>>,
    },
    Verify {
        password: Zeroizing<String>,
        stored: Option<String>,
        answer: oneshot::Sender<Result<Verified, Error>>,
    },
}

impl HashPool {
    /// Starts `threads` threads that let `waiting_max` callers wait; 0: one for two cores, since hashing takes the
    /// bandwidth of the memory from all of them.
    ///
    /// Beside them one thread takes jobs that have waited for a second, see [`LATE`].
    ///
    /// Memory: 19 MiB per thread, kept from its first hash on; and once, for a moment, that of an imported hash
    /// which names more (at most 256 MiB).
    pub fn start(threads: usize, waiting_max: usize) -> Result<HashPool, Error> {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, |cores| usize::from(cores).div_ceil(2)),
            threads => threads,
        };
        let pool = HashPool::without_threads(waiting_max);
        for number in 0..threads {
            pool.start_thread(format!("hash-{number}"), |shared| {
                only_when_idle();
                work(|| shared.next());
            })?;
        }
        pool.start_thread("hash-late".to_owned(), |shared| {
            lower_priority();
            work(|| shared.next_late());
        })?;
        Ok(pool)
    }

    fn without_threads(waiting_max: usize) -> HashPool {
        HashPool(Arc::new(Owner(Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            wake_late: Condvar::new(),
            waiting_max,
        }))))
    }

    fn start_thread(&self, name: String, run: impl FnOnce(&Shared) + Send + 'static) -> Result<(), Error> {
        let shared = Arc::clone(&self.0.0);
        let started = thread::Builder::new().name(name).spawn(move || run(&shared));
        started.map(drop).map_err(|error| {
            Error::problem(
                format!("cannot start a thread: {error}"),
                "check the limit of threads",
            )
        })
    }

    /// An Argon2id hash of the password with a new salt (19 MiB, two passes, one lane), in PHC form.
    ///
    /// [`Error::Overloaded`] when too many wait.
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        let password = Zeroizing::new(password);
        let (answer, answered) = oneshot::channel();
        self.push(Job::Hash { password, answer })?;
        answered.await.unwrap_or_else(|_| Err(died()))
    }

    /// Whether the password is that of the stored hash (of a form that
    /// [`importable`](domain::identity::password::importable) takes).
    ///
    /// Without a stored hash it works as long as with one of ours and says no, so that time does not tell whether
    /// there is such a user. A user with an imported hash of another cost takes another time until the first login
    /// replaces it. bcrypt reads a part of some passwords: see [`Verified::InPart`].
    ///
    /// [`Error::Overloaded`] when too many wait.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<Verified, Error> {
        let password = Zeroizing::new(password);
        let (answer, answered) = oneshot::channel();
        self.push(Job::Verify {
            password,
            stored,
            answer,
        })?;
        answered.await.unwrap_or_else(|_| Err(died()))
    }

    fn push(&self, job: Job) -> Result<(), Error> {
        let shared = &self.0.0;
        let mut queue = shared.queue();
        // Jobs that idle threads are about to take do not wait.
        let room = shared.waiting_max + queue.idle;
        if queue.jobs.len() >= room {
            // Whoever hung up keeps no place.
            queue.jobs.retain(|(_, job)| !job.is_given_up());
        }
        if queue.jobs.len() >= room {
            return Err(Error::Overloaded {
                retry_after_seconds: 1,
            });
        }
        queue.jobs.push_back((Instant::now(), job));
        let first = queue.jobs.len() == 1;
        drop(queue);
        shared.wake.notify_one();
        if first {
            shared.wake_late.notify_one();
        }
        Ok(())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.queue().ended = true;
        self.0.wake.notify_all();
        self.0.wake_late.notify_all();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; `None` at the end.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        queue.idle += 1;
        let mut queue = self
            .wake
            .wait_while(queue, |queue| queue.jobs.is_empty() && !queue.ended)
            .unwrap_or_else(PoisonError::into_inner);
        queue.idle -= 1;
        if queue.ended {
            return None;
        }
        queue.jobs.pop_front().map(|(_, job)| job)
    }

    /// The next job that has waited for [`LATE`]; `None` at the end.
    fn next_late(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if queue.ended {
                return None;
            }
            let left = queue
                .jobs
                .front()
                .map(|(since, _)| LATE.saturating_sub(since.elapsed()));
            queue = match left {
                Some(Duration::ZERO) => return queue.jobs.pop_front().map(|(_, job)| job),
                Some(left) => {
                    let waited = self.wake_late.wait_timeout(queue, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.wake_late.wait(queue);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}

impl Job {
    fn is_given_up(&self) -> bool {
        match self {
            Job::Hash { answer, .. } => answer.is_closed(),
            Job::Verify { answer, .. } => answer.is_closed(),
        }
    }

    fn run(self, memory: &mut Memory) {
        // Nobody may be there to take the answer, which is no fault.
        match self {
            Job::Hash { password, answer } => drop(answer.send(argon::hash(&password, memory))),
            Job::Verify {
                password,
                stored,
                answer,
            } => drop(answer.send(argon::verify(&password, stored.as_deref(), memory))),
        }
    }
}

fn work(next: impl Fn() -> Option<Job>) {
    let mut memory = Memory::default();
    while let Some(job) = next() {
        if job.is_given_up() {
            continue;
        }
        // A panic would be a bug; it costs its caller the answer, which `died` tells, and not the thread.
        if catch_unwind(AssertUnwindSafe(|| job.run(&mut memory))).is_err() {
            memory = Memory::default();
        }
    }
}

/// Sets the calling thread, and it alone, to nice 15.
///
/// POSIX has one nice value per process, Linux one per thread: there, who = 0 means the calling thread
/// (setpriority(2), "C library/kernel differences"). Left as it is when it is higher already or may not be set:
/// the work is done all the same.
#[cfg(target_os = "linux")]
pub fn lower_priority() {
    const NICE: i32 = 15;
    let set = rustix::process::getpriority_process(None).and_then(|now| {
        if now < NICE {
            rustix::process::setpriority_process(None, NICE)
        } else {
            Ok(())
        }
    });
    if let Err(error) = set {
        tracing::debug!(%error, "the priority of a thread stays as it is");
    }
}

/// Gives the calling thread the policy SCHED_IDLE (sched(7)): it runs while its core has nothing else to do.
#[cfg(target_os = "linux")]
fn only_when_idle() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy) {
        tracing::debug!(?error, "the policy of a hash thread stays as it is");
    }
}

/// Other systems keep one priority for the whole process, which must not be lowered.
#[cfg(not(target_os = "linux"))]
pub fn lower_priority() {}

/// The same.
#[cfg(not(target_os = "linux"))]
fn only_when_idle() {}

fn died() -> Error {
    Error::problem(
        "a hash thread panicked",
        "report this as a bug with the log's last lines",
    )
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
