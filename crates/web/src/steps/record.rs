//! `POST /v1/executions/{id}/steps`

use domain::Reply as CommandReply;
use domain::Reply;
use domain::code::{self, Code};
use domain::workflow::step::{RecordSteps, STEPS_MAX};
use http::StatusCode;
use serde::Serialize;
use uuid::Uuid;
use views::{Shown, StepBody};

use crate::body::Bounded;
use crate::call::Call;
use crate::change::Subject;
use crate::change::prelude::*;
use crate::idempotency;
use crate::openapi;

type Steps = Bounded<StepBody, STEPS_MAX>;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// 1 to 1,000, in their order: all of them are recorded, or none.
    #[schemars(schema_with = "Steps::schema")]
    steps: Steps,
}

impl Change for Record {
    type Of = Recorded;
    type Act = RecordSteps;

    const SAYS: Says = Says {
        id: "record_steps",
        summary: "Record steps of an execution",
        description: "In one entry of the log, however many they are. A step is final. They are numbered on from those that \
                      are there, and renew the lease. The entry has a commitment to what went in and came out, not the \
                      content: that is kept as the installation says for the workflow, and goes with the user. A step may \
                      bring its own id, or the request an `Idempotency-Key`: sent again with the same content it is \
                      answered as the first time, each such step marked `replayed`. A key is for as many steps as the first time.",
        examples: &[(
            "a model and a tool",
            r#"{"steps":[{"kind":"model","name":"chat","provider":"anthropic","request_model":"claude-sonnet-4-5","finish_reasons":["tool_use"],"usage":{"input":1200,"output":85},"cost_usd":"0.004875","input":[{"role":"user","content":"Who logged in?"}],"output":{"tool":"list_logins"}},{"kind":"tool","name":"list_logins","call_id":"call_7","started_at":"2026-11-21T08:30:00Z","finished_at":"2026-11-21T08:30:01Z","output":{"logins":3}}]}"#,
        )],
        way: Way::MakesOf,
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let renewed = asked.call.app.engine.renewed(asked.id).await?;
        let new = self
            .steps
            .within_bounds(&code::TOO_MANY_STEPS, "steps", "steps")?;
        let mut steps = Vec::with_capacity(new.len());
        for (mut step, place) in new.into_iter().zip(0..) {
            let at = || format!("steps[{place}]");
            if let Some(key) = &asked.key {
                if step.id.is_some() {
                    return Err(idempotency::both(at() + ".id"));
                }
                step.id = Some(key.id(place));
            }
            steps.push(step.asked().map_err(|error| error.within(&at()))?);
        }
        let next = asked.key.as_ref().map(|key| key.id(steps.len()));
        let execution = asked.id;
        Ok(RecordSteps {
            execution,
            renewed,
            steps,
            next,
        }
        .into())
    }
}

/// Steps that were recorded: the execution, its version, and their ids and numbers.
pub(crate) struct Recorded(Uuid, u64, Vec<domain::workflow::step::RecordedStep>);

#[derive(Serialize, JsonSchema)]
pub(crate) struct RecordedSteps {
    /// The execution.
    execution: Uuid,
    /// The steps, in the order of the request.
    steps: Vec<RecordedStep>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct RecordedStep {
    /// Its id; not there after a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// Its number in the execution.
    number: u64,
    /// Present where the same step with the same own id had been recorded before, or stands further ahead in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    replayed: Option<bool>,
}

impl Shown for RecordedSteps {
    fn example() -> RecordedSteps {
        let id = Some(views::example::id(0xf3));
        RecordedSteps {
            execution: views::example::id(0xf2),
            steps: vec![RecordedStep {
                id,
                number: 0,
                replayed: None,
            }],
        }
    }
}

impl Subject for Recorded {
    type View<'a> = RecordedSteps;

    const NAME: &'static str = "execution";
    const TAG: &'static str = "workflows";
    const LIST: &'static str = "/v1/executions";
    const UNKNOWN: &'static Code = &code::UNKNOWN_EXECUTION;
    const SHOWN: openapi::Content = openapi::Content::shown::<RecordedSteps>();
    const TAGGED: bool = false;
    const MADE_BEFORE: StatusCode = StatusCode::OK;

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<Self>, Problem> {
        let Reply::Steps {
            execution,
            version,
            steps,
        } = reply
        else {
            return Ok(None);
        };
        Ok(Some(Recorded(execution, version, steps)))
    }

    fn version(&self) -> (Uuid, u64) {
        (self.0, self.1)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<RecordedSteps, Problem> {
        let steps = self.2.iter().map(|step| RecordedStep {
            id: Some(step.id),
            number: step.number,
            replayed: step.replayed.then_some(true),
        });
        Ok(RecordedSteps {
            execution: self.0,
            steps: steps.collect(),
        })
    }

    fn unmade(view: &mut RecordedSteps) {
        view.steps.iter_mut().for_each(|step| step.id = None);
    }
}
