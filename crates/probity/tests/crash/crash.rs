//! `kill -9` of a server under load, again and again on the same database.

use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::harness::{Place, both};
use crate::ledger::{Ledger, Post, new_key};
use crate::random::Random;
use crate::server::{SERVE, Server};

/// Enough that a batch waits, decided, while another one is in flight.
const CLIENTS: usize = 40;
/// How often a server is killed: 50 times with `PROBITY_TEST_LONG` set, as `./test --full` does.
pub fn rounds() -> usize {
    if std::env::var_os("PROBITY_TEST_LONG").is_some() {
        50
    } else {
        15
    }
}
/// So often a server lives long enough to write the rollback guard, which it does every half second.
const LONG_EVERY: usize = 8;
/// So often the whole log is verified between two rounds.
const VERIFY_EVERY: usize = 6;

#[test]
fn nothing_acknowledged_is_lost_on_sqlite() {
    let [place, _] = both();
    kill_again_and_again(&place);
}

#[test]
fn nothing_acknowledged_is_lost_on_postgresql() {
    let [_, place] = both();
    kill_again_and_again(&place);
}

fn kill_again_and_again(place: &Place) {
    place.run(&["init"]).expect(0);
    let key = new_key(place);
    let mut random = Random::new();
    let mut ledger = Ledger::default();
    let begun = Instant::now();
    let mut unanswered = 0;
    let rounds = rounds();
    for round in 1..=rounds {
        let (from, to) = if round % LONG_EVERY == 0 {
            (500, 1_100)
        } else {
            (5, 400)
        };
        let life = random.between(Duration::from_millis(from), Duration::from_millis(to));
        let server = start(place);
        ledger.send_again(&mut Client::new(server.address, &key));
        for other in load_and_kill(server, &key, (CLIENTS, life), load) {
            ledger.join(other);
        }
        // Every client was in the middle of something.
        assert_eq!(ledger.unanswered.len(), CLIENTS);
        unanswered += ledger.unanswered.len();
        if round % VERIFY_EVERY == 0 {
            place.run(&["audit", "verify"]).expect(0);
        }
    }
    let server = start(place);
    let sent = ledger.len();
    ledger.send_again(&mut Client::new(server.address, &key));
    server.kill();
    place.run(&["audit", "verify"]).expect(0);
    ledger.check(place);
    println!(
        "{rounds} rounds, {sent} entries acknowledged, {unanswered} requests broken off, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    assert!(sent > rounds * CLIENTS, "hardly any load: {sent} entries");
}

/// A server on a free port.
pub fn start(place: &Place) -> Server {
    Server::start(place.command(&SERVE), place.path("serve.log"))
}

/// Loads a server for a while, then kills it: what each client saw.
pub fn load_and_kill<T: Send>(
    server: Server,
    key: &str,
    (clients, life): (usize, Duration),
    load: impl Fn(&mut Client) -> T + Sync,
) -> Vec<T> {
    let address = server.address;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| load(&mut Client::new(address, key))))
            .collect();
        thread::sleep(life);
        server.kill();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

/// Sends until no answer comes any more.
fn load(client: &mut Client) -> Ledger {
    let mut random = Random::new();
    let mut ledger = Ledger::default();
    while ledger.unanswered.is_empty() {
        let post = Post::usual(&mut random);
        let answer = post.send(client);
        ledger.remember(post, answer);
    }
    ledger
}
