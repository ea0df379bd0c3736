//! Which process leads, decided by values: a lease as it is read again and again, and this process's own steady clock.
//!
//! The holder makes the lease's number grow every ten seconds. Whoever has seen the same number for thirty seconds takes it.
//! The holder counts its own thirty seconds from before it asked for the last beat, so it has stopped by then: it saw the
//! beat no later than anybody. No wall clock is part of this, so none can be wrong.

use std::time::Duration;

use engine::upkeep::Lease;
use uuid::Uuid;

/// For how long a lease is good that is not renewed.
pub const GOOD_FOR: Duration = Duration::from_secs(30);

/// How often it is renewed.
pub const RENEWED_EVERY: Duration = Duration::from_secs(10);

/// What this process knows of who leads.
#[derive(Debug)]
pub struct Leading {
    me: Uuid,
    /// The lease as it was read first with this number, and when.
    seen: Option<(Lease, Duration)>,
    /// Until when this process leads, unless it renews.
    until: Option<Duration>,
}

impl Leading {
    /// Of a process that has this name.
    pub fn new(me: Uuid) -> Leading {
        Leading {
            me,
            seen: None,
            until: None,
        }
    }

    /// This process's name.
    pub fn me(&self) -> Uuid {
        self.me
    }

    /// Whether this process leads.
    pub fn leads(&self, now: Duration) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Whether the lease, which was read now, is to be written with this process as its holder.
    pub fn wants(&mut self, lease: Lease, now: Duration) -> bool {
        let same = self.seen.filter(|(seen, _)| *seen == lease);
        let (_, since) = *self.seen.insert(same.unwrap_or((lease, now)));
        match lease.holder {
            None => true,
            Some(holder) if holder == self.me => true,
            Some(_) => {
                self.until = None;
                now.saturating_sub(since) >= GOOD_FOR
            }
        }
    }

    /// It was written, or somebody was faster; `asked` is from before it was read. Whether this process leads since now.
    pub fn written(&mut self, done: bool, asked: Duration) -> bool {
        let led = self.leads(asked);
        self.until = done.then(|| asked + GOOD_FOR);
        done && !led
    }

    /// It was given back.
    pub fn gave_back(&mut self) {
        self.until = None;
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
