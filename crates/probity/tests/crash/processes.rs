//! Several processes on one database at the same time.

use std::fs;
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::harness::{Place, bare, both, run, sqlite};
use crate::ledger::{Ledger, Post, new_key};
use crate::random::Random;
use crate::server::{SERVE, Server};

const CLIENTS: usize = 8;
const REQUESTS: usize = 40;
/// How soon a revoked key is refused by every process.
const REVOKED_WITHIN: Duration = Duration::from_secs(1);

/// A place on PostgreSQL with a second data folder, `other`, that holds the same signing key.
pub struct Two {
    /// Where the first one's data folder is.
    pub place: Place,
    url: String,
}

impl Two {
    /// Set up, nothing running.
    pub fn new() -> Two {
        let [_, place] = both();
        place.run(&["init"]).expect(0);
        fs::create_dir(place.path("other")).unwrap();
        fs::copy(place.path("data/signing.key"), place.path("other/signing.key")).unwrap();
        let store::db::Location::Postgres(url) = place.location() else {
            panic!("not on PostgreSQL")
        };
        Two { place, url }
    }

    fn other(&self, args: &[&str]) -> std::process::Command {
        let mut command = bare(&self.place.path(""));
        command
            .args(["--data-dir", "other", "--database", &self.url])
            .args(args);
        command
    }

    /// The first or the second one, running.
    pub fn server(&self, number: usize) -> Server {
        match number {
            0 => Server::start(self.place.command(&SERVE), self.place.path("one.log")),
            _ => Server::start(self.other(&SERVE), self.place.path("two.log")),
        }
    }

    /// Both, running.
    pub fn servers(&self) -> [Server; 2] {
        [0, 1].map(|number| self.server(number))
    }
}

#[test]
fn two_servers_write_one_log() {
    let two = Two::new();
    let key = new_key(&two.place);
    let servers = two.servers();
    // Every fourth request goes to both servers, at about the same time.
    let mut random = Random::new();
    let mut posts = |count| (0..count).map(|_| Post::usual(&mut random)).collect::<Vec<_>>();
    let shared: Vec<Vec<Post>> = (0..CLIENTS).map(|_| posts(REQUESTS / 4)).collect();
    let key = key.as_str();
    let ledgers = thread::scope(|scope| {
        let clients = servers.each_ref().map(|server| {
            let address = server.address;
            let start = |shared| scope.spawn(move || load(&mut Client::new(address, key), shared));
            shared.iter().map(|shared| start(shared)).collect::<Vec<_>>()
        });
        clients.map(|clients| {
            let mut ledger = Ledger::default();
            for client in clients {
                ledger.join(client.join().unwrap());
            }
            ledger
        })
    });
    // Each sees at once what the other one acknowledged.
    for (ledger, server) in ledgers.iter().zip(servers.iter().rev()) {
        let mut client = Client::new(server.address, key);
        for (id, index) in ledger.entries().step_by(20) {
            let answer = client.get(&format!("/v1/audit/entries/{id}")).unwrap();
            assert_eq!(
                (answer.status, answer.json()["index"].as_u64()),
                (200, Some(*index))
            );
        }
    }
    let mut all = Ledger::default();
    for ledger in ledgers {
        all.join(ledger);
    }
    assert!(all.len() > 2 * CLIENTS * REQUESTS * 3 / 4);
    all.check(&two.place);
    two.place.run(&["audit", "verify"]).expect(0);
    run(two.other(&["audit", "verify"]), "").expect(0);
}

fn load(client: &mut Client, shared: &[Post]) -> Ledger {
    let mut random = Random::new();
    let mut ledger = Ledger::default();
    for number in 0..REQUESTS {
        let post = match shared.get(number / 4) {
            Some(post) if number % 4 == 0 => post.clone(),
            _ => Post::usual(&mut random),
        };
        let answer = post.send(client);
        assert!(answer.is_ok(), "{:?}", answer.err());
        ledger.remember(post, answer);
    }
    ledger
}

#[test]
fn a_revoked_key_is_refused_by_every_server_within_a_second() {
    let two = Two::new();
    let made = two
        .place
        .json(&["key", "create", "--name", "x", "--scopes", "read,write"]);
    let key = made["key"].as_str().unwrap();
    let servers = two.servers();
    let revoked = OnceLock::new();
    let accepted_once = Mutex::new(0);
    thread::scope(|scope| {
        for address in servers.each_ref().map(|server| server.address) {
            for write in [false, true] {
                let (revoked, accepted_once) = (&revoked, &accepted_once);
                scope.spawn(move || {
                    use_until_refused(Client::new(address, key), write, revoked, accepted_once);
                });
            }
        }
        // Before it is revoked, every client has used it.
        let begun = Instant::now();
        while *accepted_once.lock().unwrap() < 4 && begun.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(5));
        }
        two.place
            .run(&["key", "revoke", made["api_key"]["id"].as_str().unwrap()])
            .expect(0);
        revoked.set(Instant::now()).unwrap();
    });
    two.place.run(&["audit", "verify"]).expect(0);
}

/// Uses a key until it is refused, which a write must be at once after the revocation.
fn use_until_refused(
    mut client: Client,
    write: bool,
    revoked: &OnceLock<Instant>,
    accepted_once: &Mutex<u32>,
) {
    let mut accepted = 0;
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline {
        let since = revoked.get().map(Instant::elapsed);
        let answer = if write {
            let body = r#"{"actor":{"kind":"user","id":"x"},"action":"x"}"#;
            client.post("/v1/audit/entries", body).unwrap()
        } else {
            client.get("/v1/audit/entries/0").unwrap()
        };
        match answer.status {
            200 | 201 => {
                let late = since.filter(|since| write || *since >= REVOKED_WITHIN);
                assert_eq!(
                    late, None,
                    "accepted so long after it was revoked (write: {write})"
                );
                accepted += 1;
                *accepted_once.lock().unwrap() += u32::from(accepted == 1);
                thread::sleep(Duration::from_millis(5));
            }
            401 => {
                assert!(accepted > 0, "refused from the beginning");
                return;
            }
            status => panic!("{status}: {}", answer.json()),
        }
    }
    panic!("still accepted after {accepted} requests");
}

#[test]
fn a_server_and_the_command_line_write_at_the_same_time() {
    let place = sqlite();
    place.run(&["init"]).expect(0);
    let key = new_key(&place);
    let server = Server::start(place.command(&SERVE), place.path("serve.log"));
    let address = server.address;
    let by_hand = 20;
    let mut all = Ledger::default();
    let sent = Instant::now();
    let done = OnceLock::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::new(address, &key);
                    let mut ledger = Ledger::default();
                    // As long as the command line is busy, and no longer than a minute.
                    while done.get().is_none() && sent.elapsed() < Duration::from_mins(1) {
                        ledger.join(load(&mut client, &[]));
                    }
                    ledger
                })
            })
            .collect();
        let mut random = Random::new();
        for _ in 0..by_hand {
            let id = random.id().to_string();
            let target = format!("step:{id}");
            let args = [
                "--id",
                &id,
                "--actor",
                "user:x",
                "--action",
                "load.step",
                "--target",
                &target,
            ];
            all.note(&place.append(&args));
        }
        done.set(()).unwrap();
        for client in clients {
            all.join(client.join().unwrap());
        }
    });
    assert!(all.len() > by_hand + 4 * REQUESTS);
    all.check(&place);
    place.run(&["audit", "verify"]).expect(0);
}
