//! What the five and an agent did: conversations, executions with their steps, metrics, and events of an application.

use std::io;

use domain::audit::Event;
use domain::governance::agent::CreateAgent;
use domain::own_id::derived_id;
use domain::workflow::conversation::CreateConversation;
use domain::workflow::execution::{Fail, FinishExecution, LEASE_S_USUAL, StartExecution};
use domain::workflow::step::{Content, Cost, NewStep, RecordSteps, StepKind, Usage};
use domain::{Command, FieldError, Refusal};
use evidence::Outcome;
use evidence::json::canonical;
use evidence::payload::DragMode;
use serde_json::json;
use uuid::Uuid;

use super::{Seeder, id};
use crate::chat_import::Runs;
use crate::error::Error;

/// Runs of an agent that answers questions, and events of an application: made up.
const RUNS: &[u8] = include_bytes!("runs.jsonl");
const EVENTS: &str = include_str!("events.json");

impl Seeder<'_> {
    /// Makes what is not there.
    pub async fn work(&self) -> Result<(), Error> {
        self.submit_all(self.briefing()?).await?;
        let runs = Runs {
            workflow: "holdings-helper".to_owned(),
            user: self.user("alice"),
            drag_mode: None,
        };
        let report = self
            .engine
            .import_runs(self.caller, &runs, RUNS, &mut io::sink(), &mut |_, _| {})
            .await?;
        if let Some((line, reason)) = report.rejections.first() {
            return Err(Error::problem(
                format!("the seed's run {line} was not taken: {reason}"),
                "report this as a bug",
            ));
        }
        self.submit_all(vec![self.events()?]).await
    }

    /// Conversations of two, and an execution of Bob's agent that failed in one of them.
    fn briefing(&self) -> Result<Vec<Command>, Error> {
        let (alice, bob) = (self.user("alice"), self.user("bob"));
        let conversation = |user: Uuid, thread: &str, title: &str| CreateConversation {
            id: Some(id("conversation", user)),
            user,
            thread: thread.to_owned(),
            title: Some(title.to_owned()),
            context: Some(canonical(&json!({"language": "en", "channel": "web"}))),
        };
        let agent = CreateAgent {
            id: Some(id("agent", bob)),
            name: "market-briefer".to_owned(),
            description: Some("Writes a briefing on the markets each morning".to_owned()),
            release: Some("1.2.0".to_owned()),
            user: bob,
        };
        let execution = id("execution", bob);
        let start = StartExecution {
            id: Some(execution),
            workflow: "morning-briefing".to_owned(),
            user: bob,
            agent: agent.id,
            conversation: Some(id("conversation", bob)),
            parent: None,
            trace_id: None,
            drag_mode: Some(DragMode::Research),
            actor: Some("market-briefer".to_owned()),
            input: Some(canonical(&json!({"pairs": ["BTC-EUR"], "hours": 24}))),
            mission: Some("Say in ten lines what moved the markets since yesterday".to_owned()),
            lease_s: LEASE_S_USUAL,
        };
        let steps = RecordSteps {
            execution,
            renewed: None,
            steps: steps(bob)?,
            next: None,
        };
        let end = FinishExecution {
            execution,
            renewed: None,
            finish: Fail {
                error_type: Some("timeout".to_owned()),
                error: Some("the source of prices did not answer".to_owned()),
            },
        };
        Ok(vec![
            conversation(alice, "alice-holdings", "What do I hold?").into(),
            conversation(bob, "bob-briefing", "Morning briefing").into(),
            agent.into(),
            start.into(),
            steps.into(),
            end.into(),
        ])
    }

    fn events(&self) -> Result<Command, Error> {
        let mut events: Vec<Event> = serde_json::from_str(EVENTS)
            .map_err(|error| Error::problem(error.to_string(), "report this as a bug"))?;
        for (event, number) in events.iter_mut().zip(0_u8..) {
            event.id = Some(derived_id("seed", &[b"event", &[number]]));
        }
        let prepared = self.engine.prepare(events, true);
        Ok(prepared.map_err(Refusal::from)?.into())
    }
}

/// A model was asked, and then a tool, which did not answer.
fn steps(user: Uuid) -> Result<Vec<NewStep>, Error> {
    let step = |number: &str, kind, name: &str| NewStep {
        id: Some(id(number, user)),
        kind,
        name: name.to_owned(),
        provider: None,
        request_model: None,
        response_model: None,
        finish_reasons: Vec::new(),
        call_id: None,
        started_at: None,
        finished_at: None,
        outcome: Outcome::Success,
        error_type: None,
        usage: Usage::default(),
        cost: None,
        approval: None,
        input: None,
        output: None,
    };
    let cost = Cost::parse("0.00274").map_err(|message| FieldError::new("cost", message));
    let asked = NewStep {
        provider: Some("example".to_owned()),
        request_model: Some("example-large".to_owned()),
        response_model: Some("example-large-2".to_owned()),
        finish_reasons: vec!["tool_calls".to_owned()],
        usage: Usage {
            input: Some(812),
            output: Some(64),
            ..Usage::default()
        },
        cost: Some(cost.map_err(Refusal::from)?),
        input: Some(Content::of(
            &json!([{"role": "user", "content": "What moved BTC-EUR since yesterday?"}]),
        )),
        ..step("step 0", StepKind::Model, "example-large")
    };
    let called = NewStep {
        call_id: Some("call_1".to_owned()),
        outcome: Outcome::Failed,
        error_type: Some("timeout".to_owned()),
        input: Some(Content::of(&json!({"pair": "BTC-EUR", "hours": 24}))),
        ..step("step 1", StepKind::Tool, "get_prices")
    };
    Ok(vec![asked, called])
}
