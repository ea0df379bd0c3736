//! Exporters of OpenTelemetry: traces that come in parts, one part after the other.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};
use uuid::Uuid;

use super::board::{Call, Caller};
use super::listed;
use crate::client::{Answer, Client};
use crate::random::Random;

/// Requests of a trace.
const PARTS: u64 = 3;
/// Steps of a request.
const STEPS: u64 = 3;

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

fn send(client: &mut Client, trace: Uuid, number: u64) -> std::io::Result<Answer> {
    client.post("/otlp/v1/traces", &part(trace, number))
}

/// Nothing of it was rejected.
fn assert_taken(answer: &Answer) {
    assert_eq!((answer.status, answer.json()), (200, json!({})));
}

/// How many steps the execution of a trace has of which so many parts came, and whether it is completed; none where none came.
fn after(parts: u64) -> Option<(u64, bool)> {
    (parts > 0).then_some((parts * STEPS, parts == PARTS))
}

/// What exporters were told: of each trace how many parts were answered.
#[derive(Default)]
pub struct Traces(Mutex<BTreeMap<Uuid, u64>>);

impl Traces {
    /// Sends traces until the load is over. What is not answered is sent again, to another server.
    pub fn export(&self, caller: &mut Caller<'_>) {
        let mut random = Random::new();
        loop {
            let trace = random.id();
            for number in 0..PARTS {
                self.0.lock().unwrap().insert(trace, number);
                let Some((answer, _)) = caller.call(|client| send(client, trace, number)) else {
                    return;
                };
                assert_taken(&answer);
                caller.board.answered(Call::Export);
            }
            self.0.lock().unwrap().insert(trace, PARTS);
        }
    }

    /// Checks that all that was answered is there, once; then sends the rest again, in another order, and checks that it is as if
    /// it had been answered the first time.
    pub fn check(&self, client: &mut Client) {
        let told = self.0.lock().unwrap();
        let shown = shown(client);
        for (trace, parts) in told.iter() {
            let shown = shown.get(trace).copied();
            // Of what was not answered all is there, or nothing.
            let may_be_there = *parts < PARTS && shown == after(parts + 1);
            assert!(
                may_be_there || shown == after(*parts),
                "{trace} {parts}: {shown:?}"
            );
        }
        for trace in told
            .iter()
            .filter(|(_, parts)| **parts < PARTS)
            .map(|(trace, _)| trace)
        {
            for number in (0..PARTS).rev() {
                assert_taken(&send(client, *trace, number).unwrap());
            }
        }
        let shown = self::shown(client);
        assert_eq!(shown.len(), told.len());
        assert!(told.keys().all(|trace| shown.get(trace).copied() == after(PARTS)));
    }
}

/// The executions by their traces: how many steps each has, and whether it is completed.
fn shown(client: &mut Client) -> BTreeMap<Uuid, (u64, bool)> {
    let mut found = BTreeMap::new();
    for row in listed(client, "/v1/executions", "executions") {
        let trace: Uuid = row["trace_id"].as_str().unwrap().parse().unwrap();
        let is = (row["step_count"].as_u64().unwrap(), row["status"] == "completed");
        assert!(found.insert(trace, is).is_none(), "one execution a trace: {row}");
    }
    found
}
