//! `POST /v1/steps/{id}/check`

use domain::code;
use domain::identity::Permission;
use domain::workflow::step::{Content, ExecutionStep};
use evidence::json::Strict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Answer, Call, json};
use crate::custody::absent;
use crate::openapi::{self, Doc, Parameter, Reply, listed};

pub(crate) const DOC: Doc = Doc {
    id: "check_step",
    tag: "workflows",
    summary: "Check what went into a step and came out",
    description: "Whether it is what the entry of the step commits to, for whoever kept it: also where the installation \
                  keeps the commitment alone. Nothing is recorded.",
    parameters: &[&[Parameter::path(
        "id",
        "Id of the step.",
        r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000f3"]}"#,
    )]],
    body: Some(openapi::Content::taken::<Check>(&[(
        "output",
        r#"{"output":{"logins":3}}"#,
    )])),
    replies: &[Reply::new(
        "200",
        "What holds.",
        &[openapi::Content::named::<Checked>(
            r#"{"input":null,"output":true}"#,
        )],
    )],
    problems: &[listed(&code::UNKNOWN_STEP)],
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CheckStep")]
struct Check {
    /// What is said to have gone in.
    #[schemars(with = "Option<Value>")]
    input: Option<Strict>,
    /// What is said to have come out.
    #[schemars(with = "Option<Value>")]
    output: Option<Strict>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CheckedStep")]
struct Checked {
    /// Whether this went in; null where nothing was given, and where nobody can say any more.
    input: Option<bool>,
    /// Whether this came out; null where nothing was given, and where nobody can say any more.
    output: Option<bool>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id().await?;
    let asked: Check = call.input().await?;
    let identity = call.identity()?;
    let all = identity.principal.holds(Permission::WorkflowsRead);
    let found = call.app.engine.row::<ExecutionStep>(id).await?;
    let found = found.filter(|found| all || found.row.user_id == identity.user.id);
    let step = found
        .ok_or_else(|| absent(&code::UNKNOWN_STEP, "id", format_args!("step {id}")))?
        .row;
    let holds = |commitment: &Option<Vec<u8>>, given: Option<Strict>| {
        let content = Content::of(&given?.0);
        step.holds(commitment.as_deref(), content.as_str())
    };
    json(&Checked {
        input: holds(&step.input_commitment, asked.input),
        output: holds(&step.output_commitment, asked.output),
    })
}
