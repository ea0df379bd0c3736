//! The load loop: one thread, one epoll, many connections.
//!
//! Closed loop: each connection sends its next request when the last answer came. Open loop: requests are due at
//! a fixed rate whatever the server does, and latency counts from when a request was due, so that a stall is
//! seen by every request that it delayed (no coordinated omission).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::fd::OwnedFd;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use crate::connection::{Connection, Failure};
use crate::error::Error;
use crate::latency::Latencies;
use crate::response::Response;
use crate::workload::Workload;

const TIMER: Token = Token(usize::MAX);
/// The open loop wakes up at least this far apart; requests due in between are sent together.
const TICK_MIN: Duration = Duration::from_micros(50);
/// A server that answers nothing for so long has failed.
const SILENCE_MAX: Duration = Duration::from_mins(1);
/// Broken connections are replaced this often in a run, not for ever.
const RECONNECTS_MAX: u64 = 1_000;

/// When to send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// When the last answer came.
    Closed,
    /// This many requests a second.
    Open(f64),
}

/// When to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// After a warm-up and then this time.
    Time {
        /// Not counted.
        warmup: Duration,
        /// Counted.
        measure: Duration,
    },
    /// After so many requests, all counted.
    Requests(u64),
}

/// A load to put on a server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Connections, all open from the beginning.
    pub connections: usize,
    pub pace: Pace,
    pub limit: Limit,
    /// Another server, to which every second connection goes.
    pub also: Option<SocketAddr>,
    /// Whether TLS is spoken.
    pub tls: bool,
}

impl Plan {
    /// Where a connection goes.
    fn server(&self, first: SocketAddr, number: usize) -> SocketAddr {
        self.also.filter(|_| number % 2 == 1).unwrap_or(first)
    }
}

/// The beginning and the end of the time that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The warm-up is over.
    Start,
    /// What is sent from here on does not count.
    End,
}

/// What came of a load.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The time that counts.
    pub elapsed: Duration,
    /// Good answers within that time.
    pub completed: u64,
    /// Of the requests sent (or due) within that time.
    pub latencies: Latencies,
    /// Answers by status, from the first to the last, outside of the measured time too.
    pub statuses: BTreeMap<u16, u64>,
    /// Answers with a status that the workload does not call good.
    pub bad_statuses: u64,
    /// Connections that broke with a request under way.
    pub broken: u64,
    /// Good answers whose body lacks what it should contain.
    pub bad_bodies: u64,
    /// Open loop: due within the time, but no connection was free for them; their latency is counted up to the end.
    pub unsent: u64,
    /// The first failure, in words.
    pub first_failure: Option<String>,
}

impl Outcome {
    /// Everything that is not a good answer.
    pub fn failures(&self) -> u64 {
        self.bad_statuses + self.broken + self.bad_bodies
    }
}

/// Puts the load on the server. `edge` is called at both ends of the measured time.
pub fn run<W: Workload>(
    server: SocketAddr,
    plan: &Plan,
    workload: &mut W,
    mut edge: impl FnMut(Edge),
) -> Result<Outcome, Error> {
    let mut load = Load::connect(server, *plan, workload)?;
    load.go(&mut edge)?;
    Ok(load.outcome)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Warmup,
    Measure,
    /// Nothing is sent any more; answers under way are waited for.
    Drain,
}

struct Load<'a, W> {
    server: SocketAddr,
    plan: Plan,
    workload: &'a mut W,
    poll: Poll,
    connections: Vec<Connection>,
    /// Connections without a request.
    idle: Vec<usize>,
    outcome: Outcome,
    phase: Phase,
    began: Instant,
    measured_from: Instant,
    last_answer: Instant,
    /// Requests sent; in the open loop also the number of the next one of the schedule.
    sent: u64,
    /// Good answers, whether they count or not.
    good: u64,
    timer: Option<OwnedFd>,
}

impl<'a, W: Workload> Load<'a, W> {
    fn connect(server: SocketAddr, plan: Plan, workload: &'a mut W) -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::io("epoll"))?;
        let connections = (0..plan.connections)
            .map(|number| {
                Connection::open(
                    plan.server(server, number),
                    plan.tls,
                    poll.registry(),
                    Token(number),
                )
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(Error::io(format!("connecting to {server}")))?;
        let timer = match plan.pace {
            Pace::Closed => None,
            Pace::Open(rate) => Some(start_timer(&poll, rate)?),
        };
        let now = Instant::now();
        Ok(Self {
            server,
            plan,
            workload,
            poll,
            idle: (0..connections.len()).rev().collect(),
            connections,
            outcome: Outcome::default(),
            phase: Phase::Warmup,
            began: now,
            measured_from: now,
            last_answer: now,
            sent: 0,
            good: 0,
            timer,
        })
    }

    fn go(&mut self, edge: &mut impl FnMut(Edge)) -> Result<(), Error> {
        let mut events = Events::with_capacity(1_024);
        // Once before the first request, so that without a warm-up the first request counts.
        self.change_phase(Instant::now(), edge);
        self.send_due()?;
        loop {
            self.poll
                .poll(&mut events, Some(Duration::from_millis(5)))
                .or_else(|error| {
                    if error.kind() == std::io::ErrorKind::Interrupted {
                        Ok(())
                    } else {
                        Err(Error::io("epoll")(error))
                    }
                })?;
            for event in &events {
                if event.token() == TIMER {
                    if let Some(timer) = &self.timer {
                        // An expired timer starts its next period when it is read.
                        let _ = rustix::io::read(timer, &mut [0_u8; 8]);
                    }
                } else {
                    self.serve(event.token().0, event)?;
                }
            }
            self.send_due()?;
            let now = Instant::now();
            self.change_phase(now, edge);
            let busy = self.idle.len() < self.connections.len();
            if self.phase == Phase::Drain && !busy {
                return Ok(());
            }
            if busy && now.duration_since(self.last_answer) > SILENCE_MAX {
                return Err(Error::Server(format!(
                    "no answer for {} s",
                    SILENCE_MAX.as_secs()
                )));
            }
        }
    }

    fn change_phase(&mut self, now: Instant, edge: &mut impl FnMut(Edge)) {
        let (warmup, measure) = match self.plan.limit {
            Limit::Time { warmup, measure } => (warmup, measure),
            Limit::Requests(_) => (Duration::ZERO, Duration::MAX),
        };
        if self.phase == Phase::Warmup && now.duration_since(self.began) >= warmup {
            edge(Edge::Start);
            self.phase = Phase::Measure;
            // What came before does not count.
            self.measured_from = Instant::now();
            if self.sent == 0 {
                self.began = self.measured_from;
            }
        }
        let all_answered = matches!(self.plan.limit, Limit::Requests(count) if self.sent >= count && self.idle.len() == self.connections.len());
        if self.phase == Phase::Measure
            && (all_answered || now.saturating_duration_since(self.measured_from) >= measure)
        {
            self.phase = Phase::Drain;
            let end = Instant::now();
            self.outcome.elapsed = end - self.measured_from;
            self.count_unsent(end);
            edge(Edge::End);
        }
    }

    /// Requests that were due in the measured time but never sent waited at least until its end.
    fn count_unsent(&mut self, end: Instant) {
        if let Pace::Open(rate) = self.plan.pace {
            while let Some(due) = self.due_at(self.sent, rate).filter(|due| *due < end) {
                if due >= self.measured_from {
                    self.outcome.latencies.record(end - due);
                    self.outcome.unsent += 1;
                }
                self.sent += 1;
            }
        }
    }

    fn due_at(&self, number: u64, rate: f64) -> Option<Instant> {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 requests")]
        let offset = Duration::try_from_secs_f64(number as f64 / rate).ok()?;
        self.began.checked_add(offset)
    }

    /// Gives idle connections the requests that are due.
    fn send_due(&mut self) -> Result<(), Error> {
        while self.phase != Phase::Drain {
            let Some(number) = self.idle.last().copied() else {
                return Ok(());
            };
            let started = match (self.plan.pace, self.plan.limit) {
                (_, Limit::Requests(count)) if self.sent >= count => return Ok(()),
                (Pace::Closed, _) => None,
                (Pace::Open(rate), _) => match self.due_at(self.sent, rate) {
                    Some(due) if due <= Instant::now() => Some(due),
                    _ => return Ok(()),
                },
            };
            self.idle.pop();
            self.send(number, started)?;
        }
        Ok(())
    }

    fn send(&mut self, number: usize, started: Option<Instant>) -> Result<(), Error> {
        let connection = &mut self.connections[number];
        connection.request = self.sent;
        self.sent += 1;
        self.workload.write_request(connection.out());
        connection.busy = true;
        connection.started = started.unwrap_or_else(Instant::now);
        if let Err(failure) = connection.flush() {
            self.replace(number, &failure)?;
        }
        Ok(())
    }

    fn serve(&mut self, number: usize, event: &Event) -> Result<(), Error> {
        let connection = &mut self.connections[number];
        if event.is_writable()
            && let Err(failure) = connection.flush()
        {
            return self.replace(number, &failure);
        }
        if !event.is_readable() {
            return Ok(());
        }
        match connection.receive(event.is_read_closed()) {
            Ok(None) => Ok(()),
            Ok(Some(mut response)) => {
                response.close |= event.is_read_closed();
                self.answered(number, &response)
            }
            Err(failure) => self.replace(number, &failure),
        }
    }

    fn answered(&mut self, number: usize, response: &Response) -> Result<(), Error> {
        let now = Instant::now();
        self.last_answer = now;
        let connection = &mut self.connections[number];
        if !connection.busy {
            return Err(Error::Server("an answer that nobody asked for".into()));
        }
        connection.busy = false;
        let counts = self.phase != Phase::Warmup && connection.started >= self.measured_from;
        *self.outcome.statuses.entry(response.status).or_default() += 1;
        if self.workload.is_good(response.status) {
            if counts {
                let latency = now - connection.started;
                self.outcome.latencies.record(latency);
                self.workload.answered(connection.request, latency);
            }
            self.outcome.completed += u64::from(self.phase == Phase::Measure);
            let looked_at = self.good.is_multiple_of(self.workload.sample());
            self.good += 1;
            if looked_at && !self.workload.check(&response.body(connection.input())) {
                self.outcome.bad_bodies += 1;
                note_body(&mut self.outcome, connection, response);
            }
        } else {
            self.outcome.bad_statuses += 1;
            note_body(&mut self.outcome, connection, response);
        }
        connection.consume(response);
        if response.close {
            self.reconnect(number)?;
        }
        self.idle.push(number);
        // At once rather than after the other events, so that the server is never short of work.
        self.send_due()
    }

    /// A connection broke: what was under way on it is lost.
    fn replace(&mut self, number: usize, failure: &Failure) -> Result<(), Error> {
        let lost = std::mem::take(&mut self.connections[number].busy);
        if lost {
            self.outcome.broken += 1;
            self.outcome
                .first_failure
                .get_or_insert_with(|| failure.to_string());
            if self.outcome.broken > RECONNECTS_MAX {
                return Err(Error::Server(format!("connections keep breaking: {failure}")));
            }
            self.idle.push(number);
        }
        self.reconnect(number)
    }

    fn reconnect(&mut self, number: usize) -> Result<(), Error> {
        let server = self.plan.server(self.server, number);
        self.connections[number] =
            Connection::open(server, self.plan.tls, self.poll.registry(), Token(number))
                .map_err(Error::io(format!("connecting again to {server}")))?;
        Ok(())
    }
}

fn note_body(outcome: &mut Outcome, connection: &Connection, response: &Response) {
    outcome.first_failure.get_or_insert_with(|| {
        let body = response.body(connection.input());
        let start = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
        format!("status {}: {start}", response.status)
    });
}

/// epoll's own timeout counts whole milliseconds, too coarse for a schedule.
fn start_timer(poll: &Poll, rate: f64) -> Result<OwnedFd, Error> {
    let period = Duration::try_from_secs_f64(1.0 / rate)
        .map_err(|_| Error::Usage(format!("a rate of {rate} requests a second makes no sense")))?
        .clamp(TICK_MIN, Duration::from_secs(1));
    let failed = |error: rustix::io::Errno| Error::io("timer")(error.into());
    let timer = rustix::time::timerfd_create(
        TimerfdClockId::Monotonic,
        TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
    )
    .map_err(failed)?;
    let period = Timespec {
        tv_sec: i64::try_from(period.as_secs()).unwrap_or(1),
        tv_nsec: period.subsec_nanos().into(),
    };
    rustix::time::timerfd_settime(
        &timer,
        TimerfdTimerFlags::empty(),
        &Itimerspec {
            it_interval: period,
            it_value: period,
        },
    )
    .map_err(failed)?;
    poll.registry()
        .register(&mut SourceFd(&timer.as_raw_fd()), TIMER, Interest::READABLE)
        .map_err(Error::io("timer"))?;
    Ok(timer)
}
