//! `kill -9` during the very first start: the next one makes what is missing.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Place, both, sqlite};
use crate::random::Random;
use crate::server::{Process, SERVE, Server};

const KILLS: u32 = 15;
/// What the box around the first admin's password says.
const PASSWORD: &str = "one-time password";

#[test]
fn a_first_start_can_be_killed_on_sqlite() {
    kill_first_starts(sqlite);
}

#[test]
fn a_first_start_can_be_killed_on_postgresql() {
    kill_first_starts(|| {
        let [_, place] = both();
        place
    });
}

fn kill_first_starts(place: impl Fn() -> Place) {
    // The quicker of two, should the machine be busy with something else during one. A little longer, so that
    // some are killed after they have said that they listen.
    let whole = undisturbed(&place()).min(undisturbed(&place())) * 11 / 10;
    let mut random = Random::new();
    let (mut lost, mut slowest) = (0, Duration::ZERO);
    for number in 0..KILLS {
        // One at a random moment in each of as many equal parts: the whole start is covered in every run.
        let after = random.between(whole * number / KILLS, whole * (number + 1) / KILLS);
        let next = kill_and_start_again(&place(), after);
        lost += u32::from(next.password_lost);
        slowest = slowest.max(next.took);
    }
    println!("killed within {whole:.0?}; slowest next start {slowest:.0?}; {lost} of {KILLS} passwords lost");
}

/// How long a first start takes.
fn undisturbed(place: &Place) -> Duration {
    let begun = Instant::now();
    let server = start(place);
    let took = begun.elapsed();
    server.kill();
    took
}

/// The start after a killed one.
struct Next {
    took: Duration,
    /// The first admin was made, but its password was not shown before the crash.
    password_lost: bool,
}

fn kill_and_start_again(place: &Place, after: Duration) -> Next {
    let process = Process::start(place.command(&SERVE), place.path("first.log"));
    thread::sleep(after);
    let first = process.kill();
    let begun = Instant::now();
    let server = start(place);
    let took = begun.elapsed();
    let second = server.said();
    let shown = [&first, &second].map(|said| said.contains(PASSWORD));
    assert_ne!(shown, [true, true], "after {after:?}: {first}\n{second}");
    server.kill();
    // One entry: the first admin is there, once.
    assert_eq!(place.json(&["status"])["log"]["size"], 1, "after {after:?}");
    // Whoever can run the command line is not locked out by a lost password.
    place
        .run(&["key", "create", "--name", "x", "--scopes", "admin"])
        .expect(0);
    place.run(&["audit", "verify"]).expect(0);
    Next {
        took,
        password_lost: shown == [false, false],
    }
}

fn start(place: &Place) -> Server {
    Server::start(place.command(&SERVE), place.path("serve.log"))
}
