//! Steps as callers tell of them, over HTTP and on the command line.

use domain::FieldError;
use domain::workflow::execution::ERROR_TYPE_LEN_MAX;
use domain::workflow::step::{
    CALL_ID_LEN_MAX, Content, Cost, FINISH_REASONS_MAX, NAME_LEN_MAX, NewStep, PROVIDER_LEN_MAX, StepKind,
};
use evidence::json::{Strict, object_or_null};
use evidence::{Outcome, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::step::UsageView;

/// A step as its caller tells of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewStep")]
pub struct StepBody {
    /// Your own id: sending it again with the same content answers as the first time.
    #[serde(default, deserialize_with = "domain::own_id::optional")]
    #[schemars(with = "Option<Uuid>")]
    pub id: Option<Uuid>,
    /// What sort of step it is.
    #[schemars(with = "StepKind")]
    kind: String,
    /// What was called: a model, a tool, an agent.
    #[schemars(length(min = 1, max = NAME_LEN_MAX))]
    name: String,
    /// Whose model or tool it is.
    #[schemars(length(min = 1, max = PROVIDER_LEN_MAX))]
    provider: Option<String>,
    /// The model that was asked for.
    #[schemars(length(min = 1, max = NAME_LEN_MAX))]
    request_model: Option<String>,
    /// The model that answered.
    #[schemars(length(min = 1, max = NAME_LEN_MAX))]
    response_model: Option<String>,
    /// Why the model finished: each 1 to 50 characters without a comma.
    #[schemars(length(max = FINISH_REASONS_MAX))]
    finish_reasons: Option<Vec<String>>,
    /// The id of the call where it was made.
    #[schemars(length(min = 1, max = CALL_ID_LEN_MAX))]
    call_id: Option<String>,
    /// When it began.
    started_at: Option<Timestamp>,
    /// When it ended: not before it began.
    finished_at: Option<Timestamp>,
    /// How it ended.
    #[schemars(extend("default" = "success"))]
    outcome: Option<Outcome>,
    /// What sort of error it ended with.
    #[schemars(length(min = 1, max = ERROR_TYPE_LEN_MAX))]
    error_type: Option<String>,
    /// How many tokens it used.
    #[serde(default, deserialize_with = "object_or_null")]
    usage: Option<UsageView>,
    /// What it cost in US dollars: a decimal text with at most 12 digits after the point, at most 1000000.
    #[schemars(regex(pattern = r"^(0|[1-9][0-9]{0,6})(\.[0-9]{1,12})?$"))]
    cost_usd: Option<String>,
    /// The approval that it had: asked for by the user for whom it runs, or by you.
    #[serde(default, deserialize_with = "domain::own_id::optional")]
    #[schemars(with = "Option<Uuid>")]
    approval: Option<Uuid>,
    /// What went in, any JSON: at most 256 KiB in canonical form. It is in no entry of the log, which commits to it.
    #[schemars(with = "Option<Value>")]
    input: Option<Strict>,
    /// What came out, any JSON: at most 256 KiB in canonical form. It is in no entry of the log, which commits to it.
    #[schemars(with = "Option<Value>")]
    output: Option<Strict>,
}

impl StepBody {
    /// The step as it is asked for.
    pub fn asked(self) -> Result<NewStep, FieldError> {
        let cost = self.cost_usd.as_deref().map(Cost::parse).transpose();
        let content = |given: Option<Strict>| given.map(|Strict(value)| Content::of(&value));
        Ok(NewStep {
            id: self.id,
            kind: StepKind::read("kind", &self.kind)?,
            name: self.name,
            provider: self.provider,
            request_model: self.request_model,
            response_model: self.response_model,
            finish_reasons: self.finish_reasons.unwrap_or_default(),
            call_id: self.call_id,
            started_at: self.started_at,
            finished_at: self.finished_at,
            outcome: self.outcome.unwrap_or_default(),
            error_type: self.error_type,
            usage: self.usage.unwrap_or_default().into(),
            cost: cost.map_err(|message| FieldError::new("cost_usd", message))?,
            approval: self.approval,
            input: content(self.input),
            output: content(self.output),
        })
    }
}
