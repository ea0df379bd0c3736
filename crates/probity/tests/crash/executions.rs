//! `kill -9` of a server on which executions are started, given steps and completed: what was acknowledged is there, and no
//! more; steps are numbered without gaps.

use std::collections::BTreeMap;
use std::io::Result;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Client};
use crate::crash::{load_and_kill, rounds, start};
use crate::harness::{Place, both};
use crate::random::Random;

const CLIENTS: usize = 6;
const PATH: &str = "/v1/executions";

#[test]
fn executions_outlive_crashes_on_sqlite() {
    let [place, _] = both();
    kill_again_and_again(&place);
}

#[test]
fn executions_outlive_crashes_on_postgresql() {
    let [_, place] = both();
    kill_again_and_again(&place);
}

/// A request about an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Request {
    Start,
    First,
    Second,
    Complete,
}

/// Steps of a request.
const STEPS: u64 = 3;

impl Request {
    /// All of them, in the order in which they are sent.
    const ALL: [Request; 4] = [Request::Start, Request::First, Request::Second, Request::Complete];

    /// How many steps there are once it is carried out.
    fn steps(self) -> u64 {
        match self {
            Request::Start => 0,
            Request::First => STEPS,
            Request::Second | Request::Complete => 2 * STEPS,
        }
    }

    /// The ids of the steps that it records: they follow from that of the execution.
    fn step_ids(self, id: Uuid) -> Vec<Uuid> {
        let numbers = self.steps() - STEPS..self.steps();
        numbers
            .map(|number| Uuid::from_u128(id.as_u128() ^ u128::from(number + 1)))
            .collect()
    }

    /// The same words for the same execution, whenever it is sent.
    fn send(self, client: &mut Client, id: Uuid) -> Result<Answer> {
        match self {
            Request::Start => {
                let body = json!({"id": id, "workflow": "load", "aim": {"mission": id.to_string()}});
                client.post(PATH, &body.to_string())
            }
            Request::First | Request::Second => {
                let step = |id: Uuid| json!({"id": id, "kind": "tool", "name": "load", "input": {"of": id}});
                let body: Vec<Value> = self.step_ids(id).into_iter().map(step).collect();
                client.post(
                    &format!("{PATH}/{id}/steps"),
                    &json!({ "steps": body }).to_string(),
                )
            }
            Request::Complete => {
                let body = json!({"result": {"of": id}});
                client.post(&format!("{PATH}/{id}/complete"), &body.to_string())
            }
        }
    }
}

/// What a client was told: each execution's last request that was answered, and the one that was not.
struct Told {
    answered: BTreeMap<Uuid, Request>,
    unanswered: (Uuid, Request),
}

/// Sends until no answer comes any more.
fn load(client: &mut Client) -> Told {
    let mut random = Random::new();
    let mut answered = BTreeMap::new();
    loop {
        let id = random.id();
        for request in Request::ALL {
            let Ok(answer) = request.send(client, id) else {
                let unanswered = (id, request);
                return Told { answered, unanswered };
            };
            assert_good(&answer, id, request);
            answered.insert(id, request);
        }
    }
}

#[track_caller]
fn assert_good(answer: &Answer, id: Uuid, request: Request) {
    let shown = answer.json();
    assert!(matches!(answer.status, 200 | 201), "{request:?} {shown}");
    if matches!(request, Request::First | Request::Second) {
        assert_eq!(shown["execution"], json!(id), "{shown}");
    } else {
        assert_is(&shown, id, request);
    }
}

/// The execution is as this request leaves it.
#[track_caller]
fn assert_is(shown: &Value, id: Uuid, after: Request) {
    assert_eq!(shown["id"], json!(id));
    assert_eq!(shown["aim"]["mission"], json!(id), "{shown}");
    assert_eq!(shown["step_count"], json!(after.steps()), "{shown}");
    let (status, result) = match after {
        Request::Complete => ("completed", json!({ "of": id })),
        _ => ("running", json!(null)),
    };
    assert_eq!((&shown["status"], &shown["result"]), (&json!(status), &result));
    // Where the answer has the steps too, they are those that were sent, in their order.
    let Some(steps) = shown["steps"].as_array() else {
        return;
    };
    let sent = [Request::First, Request::Second]
        .into_iter()
        .filter(|sent| *sent <= after);
    let ids = sent.flat_map(|sent| sent.step_ids(id));
    let expected: Vec<Value> = ids.zip(0..).map(|(id, number)| json!([id, number])).collect();
    let found: Vec<Value> = steps
        .iter()
        .map(|step| json!([step["id"], step["number"]]))
        .collect();
    assert_eq!(found, expected);
}

/// What an execution that is there shows that was carried out last.
fn last(shown: &Value) -> Request {
    if shown["status"] == "completed" {
        return Request::Complete;
    }
    let count = shown["step_count"].as_u64();
    let mut all = Request::ALL.into_iter().take(3);
    // All of a request, or none.
    all.find(|request| count == Some(request.steps())).unwrap()
}

fn kill_again_and_again(place: &Place) {
    place.run(&["init"]).expect(0);
    let made = place.json(&["key", "create", "--name", "load", "--scopes", "read,workflows"]);
    let key = made["key"].as_str().unwrap();
    let mut random = Random::new();
    let mut all: BTreeMap<Uuid, Request> = BTreeMap::new();
    let rounds = rounds();
    for _ in 0..rounds {
        let life = random.between(Duration::from_millis(20), Duration::from_millis(400));
        let told = load_and_kill(start(place), key, (CLIENTS, life), load);
        let server = start(place);
        let mut client = Client::new(server.address, key);
        let mut ask = |id: Uuid| client.get(&format!("{PATH}/{id}")).unwrap();
        for Told { answered, unanswered } in told {
            for (id, request) in &answered {
                // Its end may have been written, and the answer was lost.
                if unanswered.0 != *id {
                    let answer = ask(*id);
                    assert_eq!(answer.status, 200, "acknowledged, then lost: {id}");
                    assert_is(&answer.json(), *id, *request);
                }
            }
            let (id, request) = unanswered;
            let answer = ask(id);
            let is_there = answer.status == 200;
            assert!(
                is_there || (answer.status == 404 && request == Request::Start),
                "{id}"
            );
            if is_there {
                let shown = answer.json();
                let last = last(&shown);
                assert!(last <= request, "nobody asked for it: {shown}");
                assert!(
                    answered.get(&id).is_none_or(|answered| *answered <= last),
                    "{shown}"
                );
                assert_is(&shown, id, last);
            }
            all.extend(answered);
            // Sent again, all are as if they had been answered the first time.
            let mut client = Client::new(server.address, key);
            for request in Request::ALL {
                assert!(matches!(request.send(&mut client, id).unwrap().status, 200 | 201));
            }
            all.insert(id, Request::Complete);
        }
        server.kill();
        place.run(&["audit", "verify"]).expect(0);
    }
    let entries = crate::ledger::whole_log(place);
    let count = |action: &str| entries.iter().filter(|entry| entry["action"] == action).count();
    assert_eq!(
        count("execution.start"),
        all.len(),
        "one entry a start, however often it was sent"
    );
    assert_eq!(count("execution.record"), 2 * all.len());
    assert_eq!(count("execution.complete"), all.len());
    assert!(all.len() > rounds * CLIENTS, "hardly any load: {}", all.len());
    println!("{rounds} rounds, {} executions", all.len());
}
