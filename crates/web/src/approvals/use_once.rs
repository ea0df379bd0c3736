//! `POST /v1/approvals/{id}/use`

use domain::Command;
use domain::approval::UseApproval;
use evidence::json::{StrictObject, canonical};
use serde::Deserialize;
use serde_json::Value;

use super::{ANSWER, PATH, UNKNOWN, changed, in_path};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};

pub(crate) const DOC: Doc = Doc {
    id: "use_approval",
    tag: "approvals",
    summary: "Use an approval",
    description: "For an action of one's own, just before it is carried out: the answer is the permission to do it, \
                  once. Action and arguments must be those that were approved. An approval for one of Probity's own \
                  actions is used by giving its id as `approval` to that command.",
    parameters: &[PATH, idempotency::DRY_RUN],
    body: Some(Content::json(
        r#"{"type":"object","required":["action","arguments"],"additionalProperties":false,"properties":{"action":{"type":"string","minLength":1,"maxLength":100},"arguments":{"type":"object"}}}"#,
        &[(
            "what was approved",
            r#"{"action":"model.deploy","arguments":{"model":"m-7"}}"#,
        )],
    )),
    replies: &[ANSWER],
    problems: &[
        UNKNOWN,
        ("403", "approval_not_own", "somebody else asked for it"),
        (
            "409",
            "approval_internal",
            "the command itself uses such an approval",
        ),
        (
            "409",
            "approval_differs",
            "it is for another action or other arguments",
        ),
        ("409", "approval_not_granted", "it is not granted, or was used"),
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    action: String,
    arguments: StrictObject,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let approval = in_path(&mut call).await?;
    let input: Input = call.input().await?;
    let command = UseApproval {
        approval,
        action: input.action,
        arguments: canonical(&Value::Object(input.arguments.0)),
    };
    changed(&call, Command::UseApproval(command), dry_run).await
}
