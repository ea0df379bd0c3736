//! `POST /v1/approvals`

use domain::Command;
use domain::approval::RequestApproval;
use domain::identity::Permission;
use evidence::Timestamp;
use evidence::json::StrictObject;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

use super::{approval, arguments, body};
use crate::call::{Answer, Call, json_with, tagged};
use crate::id::Id;
use crate::openapi::{Content, Doc, Reply};
use crate::{custody, dry_run, idempotency};

pub(crate) const DOC: Doc = Doc {
    id: "request_approval",
    tag: "approvals",
    summary: "Ask for an approval",
    description: "Others vote on it; once it is granted, who asked for it uses it once, for exactly this action with \
                  exactly these arguments. For `operation.create` the arguments are the body of `POST /v1/operations` \
                  for one operation (its own `id` and `approval` do not count), for `operation.start` `{\"operation\":ID}`, for `operation.resolve` \
                  `{\"operation\":ID,\"outcome\":\"completed\"|\"failed\",\"evidence\":TEXT}`: names in them become \
                  ids, amounts whole numbers of the asset's smallest unit (`shown` has them as people read them), \
                  and these approvals are used by giving \
                  their id as `approval` to the command itself. Any other action is one of your own.",
    parameters: &[idempotency::HEADER, idempotency::DRY_RUN],
    body: Some(Content::json(
        r##"{"type":"object","required":["action","arguments"],"additionalProperties":false,"properties":{"id":{"type":"string","format":"uuid","description":"Your own id: sending it again with the same content answers as the first time."},"action":{"type":"string","minLength":1,"maxLength":100,"pattern":"^[a-z0-9._-]+$"},"arguments":{"type":"object","description":"At most 16 KiB of canonical JSON."},"reason":{"type":"string","minLength":1,"maxLength":1000},"quorum":{"type":"integer","minimum":1,"maximum":10,"description":"How many must vote for it; what the rules say unless given."},"expires_at":{"$ref":"#/components/schemas/Time","description":"From when it can be neither voted on nor used; as long as the installation says unless given, which is also the most."}}}"##,
        &[
            (
                "an action of one's own",
                r#"{"action":"model.deploy","arguments":{"model":"m-7"},"reason":"passed its evaluation","quorum":2}"#,
            ),
            (
                "a transfer",
                r#"{"action":"operation.create","arguments":{"kind":"transfer","asset":"BTC","amount":"2.5","debit":"user:ann","credit":"house:omnibus"}}"#,
            ),
        ],
    )),
    replies: &[
        Reply {
            headers: &[
                ("ETag", "The approval's version."),
                ("Location", "Where the approval is."),
                idempotency::REPLAYED_HEADER,
            ],
            ..Reply::new(
                "201",
                "The approval.",
                &[Content::new(
                    "application/json",
                    r##"{"$ref":"#/components/schemas/Approval"}"##,
                    super::example!(),
                )],
            )
        },
        dry_run::REPLY,
    ],
    problems: &[
        custody::UNKNOWN_ASSET,
        custody::UNKNOWN_BALANCE,
        ("404", "unknown_operation", "there is no such operation"),
        custody::UNKNOWN_USER,
        ("409", "id_conflict", "the id is another approval's"),
        idempotency::MALFORMED,
        idempotency::REUSED,
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: Option<Id>,
    action: String,
    arguments: StrictObject,
    reason: Option<String>,
    quorum: Option<u64>,
    expires_at: Option<Timestamp>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let (input, key) = idempotency::input::<Input>(&mut call).await?;
    // What the arguments name is looked up before the command is decided.
    call.require(Permission::ApprovalsRequest).await?;
    let id = idempotency::id(input.id, key.as_ref())?;
    let proposal = arguments::proposal(&call, input.action, input.arguments).await?;
    let engine = &call.app.engine;
    let bound = engine.approval_arguments(proposal).await;
    let (action, arguments, quorum) = bound.map_err(arguments::problem)?;
    let command = Command::RequestApproval(RequestApproval {
        id,
        action,
        arguments,
        reason: input.reason,
        quorum: input.quorum.unwrap_or(quorum),
        expires_at: input.expires_at,
    });
    if dry_run {
        let view = approval(idempotency::try_one(&call, command, key.as_ref()).await?)?;
        return idempotency::dry(&body(&call, &view).await?);
    }
    let answer = engine.submit(call.caller()?, call.origin(), command).await;
    let answer = answer.map_err(|error| idempotency::problem(error, key.as_ref()))?;
    let view = approval(answer.reply)?;
    let response = json_with(StatusCode::CREATED, &body(&call, &view).await?)?;
    let mut response = tagged(response, view.version);
    if let Ok(value) = HeaderValue::try_from(format!("/v1/approvals/{}", view.approval.id)) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(idempotency::replayed(response, answer.entry.is_none()))
}
