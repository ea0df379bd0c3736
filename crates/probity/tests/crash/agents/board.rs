//! What clients share with whoever kills their servers: where servers are, how often each call was answered, and what waits for
//! a vote.

use std::collections::{BTreeMap, VecDeque};
use std::io::Result;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex};
use std::thread;

use uuid::Uuid;

use crate::client::{Answer, Client};

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Propose,
    Vote,
    Wait,
    Use,
    Report,
    Export,
}

impl Call {
    const ALL: [Call; 6] = [
        Call::Propose,
        Call::Vote,
        Call::Wait,
        Call::Use,
        Call::Report,
        Call::Export,
    ];
}

#[derive(Default)]
struct State {
    servers: Vec<Option<SocketAddr>>,
    is_over: bool,
    answered: BTreeMap<Call, u64>,
    to_vote_on: VecDeque<Uuid>,
}

/// What they share.
#[derive(Default)]
pub struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

impl Board {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    /// What is found as soon as it is; none once the load is over.
    fn when<T>(&self, found: impl Fn(&mut State) -> Option<T>) -> Option<T> {
        let mut state = self.state.lock().unwrap();
        loop {
            if state.is_over {
                return None;
            }
            if let Some(found) = found(&mut state) {
                return Some(found);
            }
            state = self.changed.wait(state).unwrap();
        }
    }

    /// A server has started; the first of all of them, where there is none of this number.
    pub fn up(&self, number: usize, address: SocketAddr) {
        self.change(|state| {
            let count = state.servers.len().max(number + 1);
            state.servers.resize(count, None);
            state.servers[number] = Some(address);
        });
    }

    /// A server is about to be killed: nobody turns to it any more.
    pub fn down(&self, number: usize) {
        self.change(|state| state.servers[number] = None);
    }

    /// Nothing is sent any more.
    pub fn end(&self) {
        self.change(|state| state.is_over = true);
    }

    /// A call was answered well.
    pub fn answered(&self, call: Call) {
        self.change(|state| *state.answered.entry(call).or_default() += 1);
    }

    /// Waits until each call was answered so many times more: it is in the midst of all of them.
    pub fn wait_for_more(&self, more: u64) {
        let of = |state: &State| Call::ALL.map(|call| state.answered.get(&call).copied().unwrap_or_default());
        let before = of(&self.state.lock().unwrap());
        let all_grew = |state: &State| {
            before
                .iter()
                .zip(of(state))
                .all(|(before, now)| now >= before + more)
        };
        self.when(|state| all_grew(state).then_some(()));
    }

    /// Has somebody vote on an approval.
    pub fn ask_for_a_vote(&self, id: Uuid) {
        self.change(|state| state.to_vote_on.push_back(id));
    }

    /// The next one to vote on.
    pub fn to_vote_on(&self) -> Option<Uuid> {
        self.when(|state| state.to_vote_on.pop_front())
    }

    /// Ends the load where the thread that holds it fails, so that no other one waits for it.
    pub fn end_if_this_fails(&self) -> Fails<'_> {
        Fails(self)
    }
}

/// See [`Board::end_if_this_fails`].
pub struct Fails<'a>(&'a Board);

impl Drop for Fails<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end();
        }
    }
}

/// A client of all servers.
pub struct Caller<'a> {
    /// What it shares.
    pub board: &'a Board,
    key: &'a str,
    /// Which of the servers that run is next.
    pub next: usize,
    clients: BTreeMap<SocketAddr, Client>,
}

impl<'a> Caller<'a> {
    /// With the key or the session of somebody.
    pub fn new(board: &'a Board, key: &'a str, next: usize) -> Caller<'a> {
        Caller {
            board,
            key,
            next,
            clients: BTreeMap::new(),
        }
    }

    /// Sends to one server after the other until one answers, and says whether another did not; none once the load is over.
    pub fn call(&mut self, send: impl Fn(&mut Client) -> Result<Answer>) -> Option<(Answer, bool)> {
        let mut was_broken_off = false;
        loop {
            let next = self.next;
            self.next += 1;
            let address = self.board.when(|state| {
                let run: Vec<_> = state.servers.iter().flatten().collect();
                let count = run.len();
                (count > 0).then(|| *run[next % count])
            })?;
            let key = self.key;
            let client = self.clients.entry(address);
            match send(client.or_insert_with(|| Client::new(address, key))) {
                Ok(answer) => return Some((answer, was_broken_off)),
                Err(_) => was_broken_off = true,
            }
        }
    }
}
