//! `kill -9` of a server on which an agent proposes, uses and reports by MCP: what was acknowledged is there, what waits goes on
//! waiting, and nothing is used twice.

use std::collections::BTreeMap;
use std::fs;
use std::io::Result;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::crash::{load_and_kill, rounds, start};
use crate::harness::{Place, both};
use crate::random::Random;

const CLIENTS: usize = 6;

#[test]
fn approvals_outlive_crashes_on_sqlite() {
    let [place, _] = both();
    kill_again_and_again(&place);
}

#[test]
fn approvals_outlive_crashes_on_postgresql() {
    let [_, place] = both();
    kill_again_and_again(&place);
}

/// A call about an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Propose,
    Use,
    Report,
}

impl Call {
    /// All of them, in the order in which they are made.
    const ALL: [Call; 3] = [Call::Propose, Call::Use, Call::Report];

    /// The same words for the same approval, whenever it is made.
    fn make(self, client: &mut Client, id: Uuid) -> Result<Value> {
        let (tool, mut arguments) = match self {
            Call::Propose => ("propose_action", act(id)),
            Call::Use => ("approval_use", act(id)),
            Call::Report => (
                "approval_outcome",
                json!({"outcome": "succeeded", "result": {"of": id}}),
            ),
        };
        arguments["id"] = json!(id);
        tool_call(client, tool, &arguments)
    }

    /// What an approval shows that was done last.
    fn last(shown: &Value) -> Call {
        match (shown["status"].as_str(), shown["outcome"].is_null()) {
            (Some("granted"), true) => Call::Propose,
            (Some("used"), true) => Call::Use,
            (Some("used"), false) => Call::Report,
            other => panic!("{other:?}: {shown}"),
        }
    }
}

/// What policies grant at once.
fn act(id: Uuid) -> Value {
    json!({"action": "load.act", "arguments": {"of": id}})
}

/// The result of a call of a tool.
fn tool_call(client: &mut Client, tool: &str, arguments: &Value) -> Result<Value> {
    let params = json!({"name": tool, "arguments": arguments});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let revision = [("MCP-Protocol-Version", "2025-11-25")];
    let answer = client.send("POST", "/mcp", &revision, &body.to_string())?;
    let reply = answer.json();
    assert_eq!(answer.status, 200, "{reply}");
    Ok(reply["result"].clone())
}

/// How an approval stands; none where it is not there.
fn shown(client: &mut Client, id: Uuid) -> Option<Value> {
    let mut result = tool_call(client, "approval_status", &json!({ "id": id })).unwrap();
    (result["isError"] == false).then(|| result["structuredContent"].take())
}

/// What a client was told: the last call about each approval that was answered, the one that was not, and what waits for a vote.
struct Told {
    answered: BTreeMap<Uuid, Call>,
    unanswered: (Uuid, Call),
    waiting: Option<Uuid>,
}

/// Calls until no answer comes any more.
fn load(client: &mut Client) -> Told {
    let mut random = Random::new();
    let mut answered = BTreeMap::new();
    let asked = random.id();
    let ask = json!({"id": asked, "action": "load.ask", "arguments": {"of": asked}});
    let waiting = tool_call(client, "propose_action", &ask).ok().map(|result| {
        assert_eq!(result["structuredContent"]["status"], "pending", "{result}");
        asked
    });
    loop {
        let id = random.id();
        for call in Call::ALL {
            let Ok(result) = call.make(client, id) else {
                let unanswered = (id, call);
                return Told {
                    answered,
                    unanswered,
                    waiting,
                };
            };
            assert_eq!(result["isError"], false, "{call:?} {result}");
            assert_eq!(Call::last(&result["structuredContent"]), call, "{result}");
            answered.insert(id, call);
        }
    }
}

/// Goes on with what was not answered, as far as that may be; a use that was carried out is not carried out again.
fn go_on(client: &mut Client, (id, call): (Uuid, Call), answered: Option<&Call>) -> bool {
    let Some(found) = shown(client, id) else {
        assert_eq!(call, Call::Propose, "acknowledged, then lost: {id}");
        return false;
    };
    let last = Call::last(&found);
    assert!(last <= call, "nobody asked for it: {found}");
    assert!(answered.is_none_or(|answered| *answered <= last), "{found}");
    let using = Call::Use.make(client, id).unwrap();
    assert_eq!(using["isError"], last >= Call::Use, "{using}");
    if last >= Call::Use {
        let problem = using["content"][0]["text"].as_str().unwrap();
        assert!(problem.contains("approval_not_granted"), "{problem}");
    }
    for _ in 0..2 {
        let told = Call::Report.make(client, id).unwrap();
        assert_eq!(told["isError"], false, "{told}");
    }
    true
}

fn kill_again_and_again(place: &Place) {
    place.run(&["init"]).expect(0);
    let policy = "[[governance.policies]]\naction = \"load.act\"\nverdict = \"allow\"\n";
    fs::create_dir_all(place.path("config")).unwrap();
    fs::write(place.path("config/development.toml"), policy).unwrap();
    place.run(&["agent", "create", "load"]).expect(0);
    let new_key = [
        "key",
        "create",
        "--agent",
        "load",
        "--name",
        "load",
        "--scopes",
        "read,governance",
    ];
    let made = place.json(&new_key);
    let key = made["key"].as_str().unwrap();
    let mut random = Random::new();
    let (mut used, mut waiting) = (0, Vec::new());
    // A round looks at each approval that waits; half as many find the same.
    let rounds = rounds() / 2;
    for _ in 0..rounds {
        let life = random.between(Duration::from_millis(50), Duration::from_millis(800));
        let told = load_and_kill(start(place), key, (CLIENTS, life), load);
        let server = start(place);
        let client = &mut Client::new(server.address, key);
        for mut told in told {
            let before = told.answered.remove(&told.unanswered.0);
            for (id, call) in &told.answered {
                let found = shown(client, *id).unwrap_or_else(|| panic!("acknowledged, then lost: {id}"));
                assert_eq!(Call::last(&found), *call, "{found}");
            }
            used += told.answered.len() + usize::from(go_on(client, told.unanswered, before.as_ref()));
            waiting.extend(told.waiting);
        }
        for id in &waiting {
            let found = shown(client, *id).unwrap_or_else(|| panic!("acknowledged, then lost: {id}"));
            assert_eq!(
                (&found["status"], &found["votes"]),
                (&json!("pending"), &json!([]))
            );
        }
        server.kill();
        place.run(&["audit", "verify"]).expect(0);
    }
    let entries = crate::ledger::whole_log(place);
    let count = |action: &str| {
        let all = entries.iter().filter(|entry| entry["outcome"] == "success");
        all.filter(|entry| entry["action"] == action).count()
    };
    assert_eq!(count("approval.use"), used, "one entry a use");
    assert_eq!(count("approval.outcome"), used, "one entry a report");
    assert!(count("approval.request") >= used + waiting.len());
    assert!(used > rounds, "hardly any load: {used}");
    println!("{rounds} rounds, {used} uses, {} waiting", waiting.len());
}
