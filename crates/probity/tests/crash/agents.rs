//! `kill -9` of servers on which agents propose, wait, use and report by MCP, people vote, and exporters send traces, all at the
//! same time: what was acknowledged is there, what waits goes on waiting, and nothing is used twice.

mod approvals;
mod board;
mod traces;

use std::fs;
use std::sync::mpsc::channel;
use std::thread;

use serde_json::{Value, json};

use self::approvals::{Approvals, Other, SETTINGS};
use self::board::{Board, Caller};
use self::traces::Traces;
use crate::client::Client;
use crate::crash::{rounds, start};
use crate::harness::{Place, both};
use crate::identity::{PASSWORD, admin_key, done, log_in};
use crate::processes::Two;
use crate::random::Random;
use crate::server::Server;

/// Clients: agents that race for the same approval, three at a time; those that wait for votes; people who vote; exporters.
const RACES: usize = 8;
const RACERS: usize = 3;
const ASKERS: usize = 16;
const VOTERS: usize = 8;
const EXPORTERS: usize = 16;
const CLIENTS: usize = RACES * RACERS + ASKERS + VOTERS + EXPORTERS;

#[test]
fn agents_outlive_crashes_on_sqlite() {
    let [place, _] = both();
    place.run(&["init"]).expect(0);
    kill_again_and_again(&place, 1, |_| start(&place));
}

#[test]
fn agents_outlive_crashes_of_two_servers_on_postgresql() {
    let two = Two::new();
    kill_again_and_again(&two.place, 2, |number| two.server(number));
}

/// The keys and the session that clients have.
struct Keys {
    agent: String,
    exporter: String,
    voter: String,
}

fn keys(place: &Place, server: &Server) -> Keys {
    place.run(&["agent", "create", "load"]).expect(0);
    let key = |more: &[&str]| {
        let made = place.json(&[&["key", "create", "--name", "load"], more].concat());
        made["key"].as_str().unwrap().to_owned()
    };
    let person = json!({"username": "cora", "role": "compliance", "password": PASSWORD});
    done(
        &mut Client::new(server.address, &admin_key(place)),
        "/v1/users",
        &person,
    );
    Keys {
        agent: key(&["--agent", "load", "--scopes", "read,governance"]),
        exporter: key(&["--scopes", "read,workflows"]),
        voter: log_in(server, &json!({"username": "cora", "password": PASSWORD})),
    }
}

/// Every row of a list.
fn listed(client: &mut Client, path: &str, name: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = client.get(&format!("{path}?limit=1000{cursor}")).unwrap().json();
        let rows = page[name].as_array_mut();
        all.append(rows.unwrap());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Starts the clients' threads.
fn load<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    (board, keys): (&'scope Board, &'scope Keys),
    (approvals, traces): (&'scope Approvals, &'scope Traces),
) {
    let mut count = 0;
    let mut client = |key: &'scope str, go: Box<dyn FnOnce(&mut Caller<'_>) + Send + 'scope>| {
        let number = count;
        count += 1;
        scope.spawn(move || {
            let _fails = board.end_if_this_fails();
            go(&mut Caller::new(board, key, number));
        });
    };
    for _ in 0..RACES {
        let mut others = Vec::new();
        for number in 1..RACERS {
            let ((to, ids), (tell, said)) = (channel(), channel());
            let follow = move |caller: &mut Caller<'_>| approvals.follow(caller, number, &ids, &tell);
            client(&keys.agent, Box::new(follow));
            others.push(Other { to, said });
        }
        client(
            &keys.agent,
            Box::new(move |caller| approvals.lead(caller, &others)),
        );
    }
    for number in 0..ASKERS {
        let by_mcp = number % 2 == 0;
        client(&keys.agent, Box::new(move |caller| approvals.ask(caller, by_mcp)));
    }
    for _ in 0..VOTERS {
        client(&keys.voter, Box::new(move |caller| approvals.vote(caller)));
    }
    for _ in 0..EXPORTERS {
        client(&keys.exporter, Box::new(move |caller| traces.export(caller)));
    }
    assert_eq!((count, CLIENTS), (CLIENTS, 64));
}

fn kill_again_and_again(place: &Place, servers: usize, start: impl Fn(usize) -> Server) {
    fs::create_dir_all(place.path("config")).unwrap();
    fs::write(place.path("config/development.toml"), SETTINGS).unwrap();
    let (board, approvals, traces) = (Board::default(), Approvals::default(), Traces::default());
    let mut running: Vec<Option<Server>> = (0..servers).map(|number| Some(start(number))).collect();
    for (number, server) in running.iter().flatten().enumerate() {
        board.up(number, server.address);
    }
    let keys = keys(place, running[0].as_ref().unwrap());
    let mut random = Random::new();
    // The load goes on meanwhile, so that a few say as much as many of those that begin anew.
    let kills = rounds() / 3;
    thread::scope(|scope| {
        let _fails = board.end_if_this_fails();
        load(scope, (&board, &keys), (&approvals, &traces));
        for number in (0..servers).cycle().take(kills) {
            board.wait_for_more(1 + random.below(20));
            board.down(number);
            running[number].take().unwrap().kill();
            let server = running[number].insert(start(number));
            board.up(number, server.address);
        }
        board.wait_for_more(1 + random.below(20));
        board.end();
        running.drain(..).flatten().for_each(Server::kill);
    });
    let servers: Vec<Server> = (0..servers).map(start).collect();
    let address = servers[servers.len() - 1].address;
    traces.check(&mut Client::new(address, &keys.exporter));
    let log = crate::ledger::whole_log(place);
    let (used, waiting) = approvals.check(&mut Client::new(address, &keys.agent), &log);
    servers.into_iter().for_each(Server::kill);
    place.run(&["audit", "verify"]).expect(0);
    assert!(waiting >= ASKERS, "{waiting} wait");
    println!(
        "{kills} kills, {} entries, {used} uses, {waiting} waiting",
        log.len()
    );
}
