//! Importing runs of agents as executions, with their tool calls as steps.
//!
//! The file has a run a line: an object whose `messages` (or `traj`) are those of a chat with tools as OpenAI's API has
//! them (`role`, `content`, `tool_calls`, `tool_call_id`), with `reward`, a number, and `drag_mode` where there are any.
//! The messages are the input of the execution, and so goes with the user; each tool call is a step. All ids follow from
//! the line, so the same file again changes nothing, and a broken-off import goes on. Lines that were not taken come back
//! from the file of rejected lines once they are mended, as those of a log do.

use std::collections::HashMap;
use std::io::{BufRead, Write};

use domain::own_id::derived_id;
use domain::workflow::execution::{Complete, FinishExecution, LEASE_S, StartExecution};
use domain::workflow::metric::{NewMetric, Number, RecordMetrics};
use domain::workflow::step::{Content, NewStep, RecordSteps, STEPS_MAX, StepKind, Usage};
use domain::{Caller, Command, Origin};
use evidence::Outcome;
use evidence::json::{Strict, StrictObject, canonical};
use evidence::payload::DragMode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::import::FIRST_MAX;
use crate::import::batch::Rejection;
use crate::import::read::Items;
use crate::import::returned;
use crate::import::tally::unwritable;

/// What the runs of a file are executions of.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The workflow.
    pub workflow: String,
    /// For whom.
    pub user: Uuid,
    /// What sort of work it is, where a run says nothing itself.
    pub drag_mode: Option<DragMode>,
}

/// What an import of runs did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunsReport {
    /// Runs read: lines, without blank ones; the sum of the next three.
    pub runs: u64,
    /// Runs that became executions now.
    pub added: u64,
    /// Runs that were there already.
    pub already_there: u64,
    /// Lines that were not taken.
    pub rejected: u64,
    /// Tool calls that became steps now.
    pub steps: u64,
    /// Rewards that became metrics now.
    pub rewards: u64,
    /// The first of what was rejected: the line, counted from 1, and why.
    pub rejections: Vec<(u64, String)>,
}

impl Engine {
    /// Makes executions of the runs of a file, see the module. What is not taken goes to `rejected`.
    pub async fn import_runs<R: BufRead + Send>(
        &self,
        caller: &Caller,
        of: &Runs,
        reader: R,
        rejected: &mut (dyn Write + Send),
        progress: &mut (dyn FnMut(u64, &RunsReport) + Send),
    ) -> Result<RunsReport, Error> {
        let unreadable = |error: std::io::Error| {
            Error::problem(format!("the file cannot be read: {error}"), "check the file")
        };
        let mut report = RunsReport::default();
        let mut items = Items::new(reader);
        while let Some(mut item) = items.next().map_err(unreadable)? {
            report.runs += 1;
            let cut = item.broken.is_some();
            let run = match item.broken {
                Some(why) => Err(why),
                None => returned::unwrap(&mut item.bytes).and_then(|_| of.read(&item.bytes)),
            };
            let taken = match run {
                Ok(run) => self.take_run(caller, run, &mut report).await?,
                Err(why) => Err(why),
            };
            if let Err(reason) = taken {
                let rejection = Rejection {
                    number: item.number,
                    bytes: item.bytes,
                    cut,
                    place: None,
                    reason,
                };
                writeln!(rejected, "{}", returned::line(&rejection))
                    .map_err(|error| unwritable("rejected", &error))?;
                report.rejected += 1;
                if report.rejections.len() < FIRST_MAX {
                    report.rejections.push((rejection.number, rejection.reason));
                }
            }
            progress(items.bytes(), &report);
        }
        Ok(report)
    }

    /// Makes a run, all of it or nothing; otherwise why not.
    async fn take_run(
        &self,
        caller: &Caller,
        run: Vec<Command>,
        report: &mut RunsReport,
    ) -> Result<Result<(), String>, Error> {
        let origin = Origin::default();
        let tried = run.iter().cloned().map(Ok).collect();
        for answer in self.dry_run(caller, &origin, tried).await? {
            match answer {
                Err(Error::Refused { refusal, .. }) => return Ok(Err(refusal.message)),
                other => drop(other?),
            }
        }
        let counted = |command: &Command| match command {
            Command::RecordSteps(command) => (command.steps.len() as u64, 0),
            Command::RecordMetrics(command) => (0, command.metrics.len() as u64),
            _ => (0, 0),
        };
        let counts: Vec<_> = run.iter().map(counted).collect();
        let mut new = false;
        for (answer, (steps, rewards)) in self
            .submit_all(caller, &origin, run)
            .await?
            .into_iter()
            .zip(counts)
        {
            match answer {
                Err(Error::Refused { refusal, .. }) => return Ok(Err(refusal.message)),
                other => {
                    if other?.entry.is_some() {
                        new = true;
                        report.steps += steps;
                        report.rewards += rewards;
                    }
                }
            }
        }
        report.added += u64::from(new);
        report.already_there += u64::from(!new);
        Ok(Ok(()))
    }
}

impl Runs {
    /// The run of a line, as the commands that make it.
    fn read(&self, line: &[u8]) -> Result<Vec<Command>, String> {
        let line: StrictObject = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let mut line = line.0;
        let text = canonical(&Value::Object(line.clone()));
        let id = |what: &str, number: usize| {
            let number = number.to_string();
            let parts = [text.as_str(), &self.workflow, what, &number].map(str::as_bytes);
            derived_id(
                "chat-run",
                &[self.user.as_bytes(), parts[0], parts[1], parts[2], parts[3]],
            )
        };
        let reward = line.get("reward").filter(|reward| !reward.is_null());
        let reward = reward
            .map(|reward| Number::parse(&reward.to_string()))
            .transpose();
        let reward = reward.map_err(|why| format!("reward: {why}"))?;
        let drag_mode = match line.get("drag_mode") {
            None | Some(Value::Null) => self.drag_mode,
            Some(word) => {
                let mode = word.as_str().and_then(DragMode::parse);
                Some(mode.ok_or("drag_mode: must be draft, research, analysis or grunt")?)
            }
        };
        let messages = line.remove("messages").or_else(|| line.remove("traj"));
        let Some(Value::Array(messages)) = messages else {
            return Err("must have messages: an array".to_owned());
        };
        let steps = steps(&messages, &id)?;
        let last = messages.iter().rev().find_map(|message| {
            let said = message.get("role")? == "assistant" && message.get("content")?.is_string();
            said.then(|| message["content"].clone())
        });
        let execution = id("execution", 0);
        let start = StartExecution {
            agent: None,
            id: Some(execution),
            workflow: self.workflow.clone(),
            user: self.user,
            conversation: None,
            parent: None,
            trace_id: None,
            drag_mode,
            actor: None,
            input: Some(canonical(&json!({ "messages": messages }))),
            mission: None,
            lease_s: *LEASE_S.end(),
        };
        let mut run = vec![start.into()];
        for steps in steps.chunks(STEPS_MAX) {
            let command = RecordSteps {
                execution,
                renewed: None,
                steps: steps.to_vec(),
                next: None,
            };
            run.push(command.into());
        }
        run.extend(reward.map(|value| {
            let metric = NewMetric {
                id: Some(id("reward", 0)),
                name: "reward".to_owned(),
                value,
                unit: None,
                at: None,
                workflow: None,
                drag_mode: None,
                execution: Some(execution),
            };
            let metrics = vec![metric];
            Command::from(RecordMetrics {
                metrics,
                list: false,
                next: None,
            })
        }));
        let end = FinishExecution {
            execution,
            renewed: None,
            finish: Complete {
                result: last.map(|content| canonical(&json!({ "content": content }))),
            },
        };
        run.push(end.into());
        Ok(run)
    }
}

/// A step for each tool call of a chat, with its arguments and what the tool answered.
fn steps(messages: &[Value], id: &impl Fn(&str, usize) -> Uuid) -> Result<Vec<NewStep>, String> {
    let object = |(place, message): (usize, &'_ Value)| {
        message
            .as_object()
            .map(|_| ())
            .ok_or(format!("messages[{place}]: must be an object"))
    };
    messages.iter().enumerate().try_for_each(object)?;
    let answers: HashMap<&str, &Value> = messages
        .iter()
        .filter_map(|message| Some((message.get("tool_call_id")?.as_str()?, message.get("content")?)))
        .collect();
    let calls = messages
        .iter()
        .filter_map(|message| message.get("tool_calls")?.as_array());
    let mut steps = Vec::new();
    for call in calls.flatten() {
        let part = call.get("function").and_then(Value::as_object);
        let name = part.and_then(|part| part.get("name")?.as_str());
        let name = name.ok_or("a tool call must have function.name, a text")?;
        let call_id = call.get("id").and_then(Value::as_str);
        let output = call_id.and_then(|call_id| answers.get(call_id));
        steps.push(NewStep {
            id: Some(id("step", steps.len())),
            kind: StepKind::Tool,
            name: name.to_owned(),
            provider: None,
            request_model: None,
            response_model: None,
            finish_reasons: Vec::new(),
            call_id: call_id.map(str::to_owned),
            started_at: None,
            finished_at: None,
            outcome: Outcome::Success,
            error_type: None,
            usage: Usage::default(),
            cost: None,
            approval: None,
            input: arguments(part).as_ref().map(Content::of),
            output: output.map(|content| Content::of(content)),
        });
    }
    Ok(steps)
}

/// The arguments of a call: the JSON that the text holds, or the text where it holds none.
fn arguments(part: Option<&Map<String, Value>>) -> Option<Value> {
    let given = part?.get("arguments")?;
    let read = given
        .as_str()
        .and_then(|text| serde_json::from_str::<Strict>(text).ok());
    Some(read.map_or_else(|| given.clone(), |read| read.0)).filter(|value| !value.is_null())
}
