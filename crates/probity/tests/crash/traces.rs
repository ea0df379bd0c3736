//! `kill -9` of servers that take in traces of OpenTelemetry, of two at once on PostgreSQL: what was acknowledged is there, and
//! what is sent again is there once.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::crash::{kill_all_under_load, rounds, start};
use crate::harness::{Place, both};
use crate::processes::Two;
use crate::random::Random;
use crate::server::Server;

/// Clients, each of which asks all servers in turn.
const CLIENTS: usize = 24;
/// Requests of a trace.
const PARTS: u64 = 3;
/// Steps of a request.
const STEPS: u64 = 3;

#[test]
fn traces_outlive_crashes_on_sqlite() {
    let [place, _] = both();
    place.run(&["init"]).expect(0);
    kill_again_and_again(&place, || vec![start(&place)]);
}

#[test]
fn traces_outlive_crashes_of_two_servers_on_postgresql() {
    let two = Two::new();
    kill_again_and_again(&two.place, || two.servers().into());
}

/// A part of a trace; with the last one comes the root, which is no step.
fn part(trace: Uuid, number: u64) -> String {
    let root = PARTS * STEPS + 1;
    let children = number * STEPS + 1..=(number + 1) * STEPS;
    let span = |span: u64| {
        let start = 1_790_000_000_000_000_000 + span * 1_000_000_000;
        let (parent, attributes) = if span == root {
            (String::new(), json!([]))
        } else {
            let tool = json!([{"key": "gen_ai.tool.name", "value": {"stringValue": "load"}}]);
            (format!("{root:016x}"), tool)
        };
        json!({
            "traceId": trace.simple().to_string(), "spanId": format!("{span:016x}"), "parentSpanId": parent, "name": "load",
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 1).to_string(), "attributes": attributes,
        })
    };
    let spans: Vec<Value> = children
        .chain((number + 1 == PARTS).then_some(root))
        .map(span)
        .collect();
    json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string()
}

/// Sends a part; false where no answer came.
fn send(client: &mut Client, trace: Uuid, number: u64) -> bool {
    let Ok(answer) = client.post("/otlp/v1/traces", &part(trace, number)) else {
        return false;
    };
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    true
}

/// What a client was told: of each trace how many parts were answered; and the trace whose next one was not.
struct Told {
    answered: BTreeMap<Uuid, u64>,
    unanswered: Uuid,
}

/// Sends until no answer comes any more.
fn load(servers: &mut [Client]) -> Told {
    let mut random = Random::new();
    let mut answered = BTreeMap::new();
    loop {
        let trace = random.id();
        for (number, server) in (0..PARTS).zip((0..servers.len()).cycle()) {
            answered.insert(trace, number);
            if !send(&mut servers[server], trace, number) {
                let unanswered = trace;
                return Told { answered, unanswered };
            }
        }
        answered.insert(trace, PARTS);
    }
}

/// How many steps the execution of a trace has, and whether it is completed; none where there is none.
fn shown(client: &mut Client, trace: Uuid) -> Option<(u64, bool)> {
    let path = format!("/v1/executions?trace_id={}", trace.simple());
    let found = client.get(&path).unwrap().json();
    let found = found["executions"].as_array().unwrap();
    assert!(found.len() < 2, "one execution a trace: {found:?}");
    let row = found.first()?;
    Some((row["step_count"].as_u64().unwrap(), row["status"] == "completed"))
}

/// How the execution of a trace is shown of which so many parts came.
fn after(parts: u64) -> Option<(u64, bool)> {
    (parts > 0).then_some((parts * STEPS, parts == PARTS))
}

fn kill_again_and_again(place: &Place, start: impl Fn() -> Vec<Server>) {
    let made = place.json(&["key", "create", "--name", "load", "--scopes", "read,workflows"]);
    let key = made["key"].as_str().unwrap();
    let mut random = Random::new();
    let (mut parts, rounds) = (0, rounds() / 5);
    for _ in 0..rounds {
        let life = random.between(Duration::from_millis(200), Duration::from_millis(800));
        let told = kill_all_under_load(start(), key, (CLIENTS, life), load);
        let servers = start();
        let mut client = Client::new(servers[0].address, key);
        for Told { answered, unanswered } in told {
            for (trace, parts) in &answered {
                let shown = shown(&mut client, *trace);
                // Of what was not answered all is there, or nothing.
                let may_be_there = *trace == unanswered && shown == after(parts + 1);
                assert!(may_be_there || shown == after(*parts), "{parts}: {shown:?}");
            }
            // Sent again, and in another order, it is as if it had been answered the first time.
            for number in (0..PARTS).rev() {
                assert!(send(&mut client, unanswered, number));
            }
            assert_eq!(shown(&mut client, unanswered), after(PARTS));
            parts += answered.values().sum::<u64>();
        }
        servers.into_iter().for_each(Server::kill);
        place.run(&["audit", "verify"]).expect(0);
    }
    println!("{rounds} rounds, {parts} requests acknowledged");
    assert!(parts > CLIENTS as u64, "hardly any load: {parts}");
}
