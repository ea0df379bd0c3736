//! Agents that propose by MCP, wait, use and report; several that use the same approval at once; and people who vote.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender};

use serde_json::{Value, json};
use uuid::Uuid;

use super::board::{Call, Caller};
use super::listed;
use crate::client::Client;
use crate::mcp::{Given, call_tool, given};
use crate::random::Random;

/// What a policy grants at once; what somebody votes on; and what nobody does.
const GRANTED: &str = "load.act";
const ASKED: &str = "load.ask";
const KEPT: &str = "load.keep";

/// The policy, and no bound for the requests of a person.
pub const SETTINGS: &str = "[limits]\nuser_requests_per_minute = 0\n\n\
                            [[governance.policies]]\naction = \"load.act\"\nverdict = \"allow\"\n";

/// How far a call about an approval came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Sent,
    Answered,
}

/// An approval, and what was heard of it.
struct Told {
    action: &'static str,
    heard: BTreeMap<Call, Came>,
}

/// What came of a use.
pub struct Used {
    by_us: bool,
    /// An earlier one was not answered: it may have been carried out.
    was_broken_off: bool,
}

/// All approvals that were asked for.
#[derive(Default)]
pub struct Approvals(Mutex<BTreeMap<Uuid, Told>>);

/// How somebody votes on an approval.
fn is_voted_for(id: Uuid) -> bool {
    !id.as_u128().is_multiple_of(4)
}

fn act(id: Uuid, action: &str) -> Value {
    json!({"id": id, "action": action, "arguments": {"of": id}})
}

impl Approvals {
    fn note(&self, id: Uuid, action: &'static str, call: Call, came: Came) {
        let mut all = self.0.lock().unwrap();
        let heard = &mut all
            .entry(id)
            .or_insert_with(|| Told {
                action,
                heard: BTreeMap::new(),
            })
            .heard;
        let before = heard.get(&call).copied();
        assert!(
            before != Some(Came::Answered) || came == Came::Sent,
            "{call:?} twice: {id}"
        );
        heard.insert(call, before.map_or(came, |before| before.max(came)));
    }

    /// Calls a tool until it is answered; what it gave or refused, and whether an earlier call was not answered.
    fn tool(
        &self,
        caller: &mut Caller<'_>,
        (tool, call): (&str, Call),
        (id, action): (Uuid, &'static str),
        arguments: &Value,
    ) -> Option<(Given, bool)> {
        self.note(id, action, call, Came::Sent);
        let (answer, was_broken_off) = caller.call(|client| call_tool(client, tool, arguments))?;
        let given = given(&answer);
        if given.is_ok() {
            self.note(id, action, call, Came::Answered);
            caller.board.answered(call);
        }
        Some((given, was_broken_off))
    }

    fn propose(&self, caller: &mut Caller<'_>, action: &'static str, random: &mut Random) -> Option<Uuid> {
        let id = random.id();
        let of = (id, action);
        let (made, _) = self.tool(caller, ("propose_action", Call::Propose), of, &act(id, action))?;
        let made = made.unwrap_or_else(|problem| panic!("{problem}"));
        let expected = if action == GRANTED { "granted" } else { "pending" };
        assert_eq!(made["status"], expected, "{made}");
        Some(id)
    }

    /// Uses an approval, if it is to be had.
    fn use_it(&self, caller: &mut Caller<'_>, id: Uuid, action: &'static str) -> Option<Used> {
        let of = (id, action);
        let (got, was_broken_off) = self.tool(caller, ("approval_use", Call::Use), of, &act(id, action))?;
        let by_us = got.is_ok();
        match got {
            Ok(used) => assert_eq!(used["status"], "used", "{used}"),
            Err(problem) => assert_eq!(problem["code"], "approval_not_granted", "{problem}"),
        }
        Some(Used {
            by_us,
            was_broken_off,
        })
    }

    fn report(&self, caller: &mut Caller<'_>, id: Uuid, action: &'static str) -> Option<()> {
        let arguments = json!({"id": id, "outcome": "succeeded", "result": {"of": id}});
        let (told, _) = self.tool(
            caller,
            ("approval_outcome", Call::Report),
            (id, action),
            &arguments,
        )?;
        let told = told.unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(told["outcome"]["outcome"], "succeeded", "{told}");
        Some(())
    }

    /// Proposes what is granted at once, and uses it at the same moment as all `others`; until the load is over.
    pub fn lead(&self, caller: &mut Caller<'_>, others: &[Other]) {
        let mut random = Random::new();
        while let Some(id) = self.propose(caller, GRANTED, &mut random) {
            for other in others {
                // Whoever ended says so below.
                let _ = other.to.send(id);
            }
            caller.next = 0;
            let mut all = vec![self.use_it(caller, id, GRANTED)];
            all.extend(others.iter().map(|other| other.said.recv().ok().flatten()));
            let Some(all) = all.into_iter().collect::<Option<Vec<Used>>>() else {
                return;
            };
            let was_broken_off = all.iter().any(|used| used.was_broken_off);
            match all.iter().filter(|used| used.by_us).count() {
                1 => {}
                0 => assert!(was_broken_off, "all were refused: {id}"),
                count => panic!("used {count} times: {id}"),
            }
            if self.report(caller, id, GRANTED).is_none() {
                return;
            }
        }
    }

    /// Uses what a leader says, each time by the server of this number.
    pub fn follow(
        &self,
        caller: &mut Caller<'_>,
        number: usize,
        ids: &Receiver<Uuid>,
        tell: &Sender<Option<Used>>,
    ) {
        for id in ids {
            caller.next = number;
            if tell.send(self.use_it(caller, id, GRANTED)).is_err() {
                return;
            }
        }
    }

    /// Proposes what needs a vote, waits for it, by MCP or by the API, and does as it says; until the load is over.
    pub fn ask(&self, caller: &mut Caller<'_>, by_mcp: bool) {
        let mut random = Random::new();
        if self.propose(caller, KEPT, &mut random).is_some() {
            while self.ask_once(caller, by_mcp, &mut random).is_some() {}
        }
    }

    fn ask_once(&self, caller: &mut Caller<'_>, by_mcp: bool, random: &mut Random) -> Option<()> {
        let id = self.propose(caller, ASKED, random)?;
        caller.board.ask_for_a_vote(id);
        let shown = loop {
            let (shown, _) = caller.call(|client| {
                if by_mcp {
                    call_tool(client, "approval_status", &json!({"id": id, "wait_seconds": 25}))
                } else {
                    client.get(&format!("/v1/approvals/{id}?wait=25"))
                }
            })?;
            let shown = if by_mcp {
                given(&shown).unwrap()
            } else {
                shown.json()
            };
            if shown["status"] != "pending" {
                break shown;
            }
        };
        caller.board.answered(Call::Wait);
        let expected = if is_voted_for(id) { "granted" } else { "rejected" };
        assert_eq!(shown["status"], expected, "{shown}");
        let used = self.use_it(caller, id, ASKED)?;
        assert!(!used.by_us || is_voted_for(id), "used, and was rejected: {id}");
        if !is_voted_for(id) {
            return Some(());
        }
        assert!(
            used.by_us || used.was_broken_off,
            "refused, and was granted: {id}"
        );
        self.report(caller, id, ASKED)
    }

    /// Votes on what waits, until the load is over.
    pub fn vote(&self, caller: &mut Caller<'_>) {
        while let Some(id) = caller.board.to_vote_on() {
            let vote = if is_voted_for(id) {
                json!({"approve": true})
            } else {
                json!({"approve": false, "reason": "no", "suggested_arguments": {"of": "another"}})
            };
            self.note(id, ASKED, Call::Vote, Came::Sent);
            let path = format!("/v1/approvals/{id}/vote");
            let Some((answer, _)) = caller.call(|client| client.post(&path, &vote.to_string())) else {
                return;
            };
            assert_eq!(answer.status, 200, "{}", answer.json());
            self.note(id, ASKED, Call::Vote, Came::Answered);
            caller.board.answered(Call::Vote);
        }
    }

    /// Checks that what was answered is there, once, and that rows are as the entries of the log say. Gives how many uses were
    /// answered, and how many approvals wait.
    pub fn check(&self, client: &mut Client, log: &[Value]) -> (usize, usize) {
        let rows = listed(client, "/v1/approvals", "approvals");
        let rows = rows.into_iter().map(|row| (id_of(&row["id"]), row));
        let rows: BTreeMap<Uuid, Value> = rows.collect();
        let mut entries: BTreeMap<(&str, Uuid), usize> = BTreeMap::new();
        for entry in log.iter().filter(|entry| entry["outcome"] == "success") {
            let action = entry["action"].as_str().unwrap();
            if action.starts_with("approval.") && entry["target"]["kind"] == "approval" {
                *entries
                    .entry((action, id_of(&entry["target"]["id"])))
                    .or_default() += 1;
            }
        }
        let all = self.0.lock().unwrap();
        assert!(
            rows.keys().all(|id| all.contains_key(id)),
            "one that nobody asked for"
        );
        for (id, told) in all.iter() {
            let count = |action: &str| entries.get(&(action, *id)).copied().unwrap_or_default();
            told.check(*id, rows.get(id), count);
        }
        let used = all
            .values()
            .filter(|told| told.heard.get(&Call::Use) == Some(&Came::Answered));
        let waiting = rows.values().filter(|row| row["status"] == "pending");
        (used.count(), waiting.count())
    }
}

fn id_of(text: &Value) -> Uuid {
    text.as_str().unwrap().parse().unwrap()
}

impl Told {
    fn check(&self, id: Uuid, row: Option<&Value>, entries: impl Fn(&str) -> usize) {
        // What was answered is one entry, what was sent may be one, and nothing else is.
        let [asked, voted, used, reported] = [
            (Call::Propose, "approval.request"),
            (Call::Vote, "approval.vote"),
            (Call::Use, "approval.use"),
            (Call::Report, "approval.outcome"),
        ]
        .map(|(call, action)| {
            let count = entries(action);
            let came = self.heard.get(&call);
            let good = match came {
                None => count == 0,
                Some(Came::Sent) => count <= 1,
                Some(Came::Answered) => count == 1,
            };
            assert!(good, "{action} {id}: {came:?}, and {count} entries");
            count == 1
        });
        assert_eq!(row.is_some(), asked, "{id}: {row:?}");
        let Some(row) = row else { return };
        let status = match (used, voted, is_voted_for(id)) {
            (true, ..) => "used",
            (_, true, true) => "granted",
            (_, true, false) => "rejected",
            _ if self.action == GRANTED => "granted",
            _ => "pending",
        };
        assert_eq!(row["status"], status, "{row}");
        assert_eq!(row["outcome"].is_object(), reported, "{row}");
        let all = row["votes"].as_array().unwrap().iter();
        let all: Vec<&Value> = all.map(|vote| &vote["approve"]).collect();
        let expected = json!(is_voted_for(id));
        assert_eq!(all, if voted { vec![&expected] } else { vec![] }, "{row}");
    }
}

/// One who uses approvals at the same moment, as whoever leads sees them.
pub struct Other {
    pub to: Sender<Uuid>,
    pub said: Receiver<Option<Used>>,
}
