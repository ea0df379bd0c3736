//! `POST /v1/operations`
//!
//! A path that carries load: the body is read straight into its type, and the answer is written from what was made,
//! without asking the database again.

use domain::custody::operation::create::OPERATIONS_MAX;
use domain::identity::Permission;
use domain::{FieldError, Reply as CommandReply};
use engine::custody::{Made, Named, OperationId, OperationView, StepOutcome, named};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::input::{Input, List};
use super::shown::{Eyes, OperationBody};
use super::{defaults, example};
use crate::call::{Answer, Call, json, json_with, tagged};
use crate::openapi::{Content, Doc, Reply};
use crate::problem::Problem;
use crate::{body, custody, idempotency};

const SHOWN: &str = r##"{"$ref":"#/components/schemas/Operation"}"##;

const RESULTS: &str = r##"{"oneOf":[{"$ref":"#/components/schemas/Operation"},{"type":"object","required":["results"],"properties":{"dry_run":{"const":true},"results":{"type":"array","items":{"type":"object","required":["status"],"properties":{"status":{"enum":["created","replayed","refused"]},"operation":{"$ref":"#/components/schemas/Operation"},"problem":{"$ref":"#/components/schemas/Problem"}}}}}}]}"##;

pub(crate) const DOC: Doc = Doc {
    id: "create_operations",
    tag: "custody",
    summary: "Make an operation, or several at once",
    description: "The body is one operation, or an array of 1 to 1,000. Each of an array stands for itself and has \
                  its own result, in the order of the array; but one with `linked` stands or falls with the next. \
                  Every operation takes an amount from its debit and gives it to its credit; a deposit or mint comes \
                  from `house:external`, a withdrawal or burn goes there, and either may be left out. A balance is \
                  named by its id, `user:<id or name>`, `user:me` for one's own, or `house:<omnibus|fees|suspense|external>`. The answer leaves \
                  after the commit. An operation may bring its own id, or the request an `Idempotency-Key`: sent \
                  again with the same content it is answered as the first time. Who holds `custody:own` alone may \
                  transfer and withdraw from their own balances.",
    parameters: &[idempotency::HEADER, idempotency::DRY_RUN],
    body: Some(Content::json(
        r##"{"oneOf":[{"type":"array","minItems":1,"maxItems":1000,"items":{"$ref":"#/components/schemas/NewOperation"}},{"$ref":"#/components/schemas/NewOperation"}]}"##,
        &[
            (
                "deposit",
                r#"{"kind":"deposit","asset":"BTC","amount":"2.5","credit":"user:ann","chain":"bitcoin","tx_hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","output":0,"block":870000,"confirmations":6,"reference":"D-17","metadata":{"channel":"web"}}"#,
            ),
            (
                "several",
                r#"[{"kind":"transfer","asset":"BTC","amount":"0.5","debit":"user:ann","credit":"house:omnibus","linked":true},{"kind":"transfer","asset":"BTC","amount":"0.0005","debit":"user:ann","credit":"house:fees"}]"#,
            ),
        ],
    )),
    replies: &[
        Reply {
            headers: &[
                ("Location", "Where the operation is."),
                ("ETag", "The operation's version."),
            ],
            ..Reply::new(
                "201",
                "The operation, of a body that is one.",
                &[Content::new("application/json", SHOWN, example!())],
            )
        },
        Reply {
            headers: &[idempotency::REPLAYED_HEADER],
            ..Reply::new(
                "200",
                "The results of an array; or one operation that had been made before; or what a dry run says.",
                &[Content::json(
                    RESULTS,
                    &[
                        (
                            "results",
                            concat!(
                                r#"{"results":[{"status":"created","operation":"#,
                                example!(),
                                r#"},{"status":"refused","problem":{"type":"/problems/insufficient_funds","title":"Insufficient funds","status":409,"detail":"2.00000000 BTC are available","code":"insufficient_funds","field":"amount","entry":4712}}]}"#
                            ),
                        ),
                        ("replayed", example!()),
                    ],
                )],
            )
        },
    ],
    problems: PROBLEMS,
};

const PROBLEMS: &[(&str, &str, &str)] = &[
    (
        "400",
        "too_many_operations",
        "the array is empty or holds more than 1,000",
    ),
    custody::UNKNOWN_ASSET,
    custody::UNKNOWN_USER,
    custody::UNKNOWN_BALANCE,
    (
        "404",
        "unknown_operation",
        "there is no operation of the id to be reversed",
    ),
    (
        "404",
        "unknown_destination",
        "the user has no such destination for the asset",
    ),
    ("404", "unknown_approval", "there is no such approval"),
    (
        "403",
        "approval_not_own",
        "the approval was requested by somebody else",
    ),
    (
        "409",
        "id_conflict",
        "the id is there with other content; `field` says which",
    ),
    (
        "409",
        "refused_before",
        "the id was refused before, and the answer was erased since",
    ),
    (
        "409",
        "output_conflict",
        "the output of the transaction was reported before with other content",
    ),
    (
        "409",
        "already_reversed",
        "the operation to be reversed was reversed before",
    ),
    (
        "409",
        "not_reversible",
        "the operation to be reversed moved nothing, or is a reversal",
    ),
    (
        "409",
        "reversal_differs",
        "the reversal is not the same amount back between the same balances",
    ),
    ("409", "destination_cooling_off", "the destination is too new"),
    ("409", "debit_closed", "the debit balance is closed"),
    ("409", "credit_closed", "the credit balance is closed"),
    (
        "409",
        "limit_unreadable",
        "a limit in the configuration cannot be said in the asset's scale",
    ),
    (
        "409",
        "tier_limit",
        "more than the user's tier allows in the window",
    ),
    (
        "409",
        "approval_required",
        "the amount is above the threshold, or the output was credited and reversed, and no approval was named",
    ),
    (
        "409",
        "approval_differs",
        "the approval is for another action or other arguments",
    ),
    (
        "409",
        "approval_not_granted",
        "the approval is pending, rejected, withdrawn, used or expired",
    ),
    (
        "409",
        "approval_quorum",
        "the approval was granted by fewer people than the rule demands",
    ),
    (
        "409",
        "insufficient_funds",
        "less is available above the debit balance's minimum",
    ),
    (
        "409",
        "above_maximum",
        "the credit balance would be above its maximum",
    ),
    (
        "409",
        "amount_overflow",
        "a balance would have more than 38 digits",
    ),
    (
        "409",
        "linked_failed",
        "of an array: another operation that it is linked with was refused",
    ),
    idempotency::MALFORMED,
    idempotency::REUSED,
];

pub(crate) async fn handle(mut call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let dry = idempotency::dry_run(&query)?;
    // Names are looked up before the command is decided: who may do nothing here must not learn from them.
    call.require_either(Permission::CustodyOwn, Permission::CustodyWrite)
        .await?;
    let bytes = call.body().await?;
    if bytes.trim_ascii_start().starts_with(b"[") {
        several(&call, &bytes, dry).await
    } else {
        single(&call, &bytes, dry).await
    }
}

async fn single(call: &Call, bytes: &[u8], dry: bool) -> Answer {
    let input: Input = body::object(bytes)?;
    let key = defaults::key(call, bytes).await?;
    let key = key.as_ref();
    if key.is_some() && input.id.is_some() {
        return Err(idempotency::both("id"));
    }
    let new = input.asked(call)?;
    if new.linked {
        let message = "there is no next operation: linked ones come as an array";
        return Err(FieldError::new("linked", message).into());
    }
    let engine = &call.app.engine;
    let eyes = Eyes::of(call)?;
    let refused = |error| eyes.told(idempotency::problem(error, key));
    if dry {
        let prepared = engine.prepare_operation(new, key.map(|key| (key, 0))).await;
        let command = prepared.map_err(refused)?;
        let named = named([&command]);
        let made = only(
            idempotency::try_one(call, command.into(), key)
                .await
                .map_err(|problem| eyes.told(problem))?,
        )?;
        let view = engine.view_made(made, &named).await?;
        return idempotency::dry(&OperationBody::of(&view, eyes).untaken());
    }
    let made = engine
        .create_operation(call.caller()?, call.origin(), new, key)
        .await;
    let made = made.map_err(refused)?;
    let replayed = made.replayed;
    let view = engine.view_made(made, &Named::new()).await?;
    made_answer(&view, replayed, eyes)
}

/// The answer that shows an operation which is an own resource: made now, or before.
pub(super) fn made_answer(view: &OperationView, replayed: bool, eyes: Eyes) -> Answer {
    let status = if replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let mut response = json_with(status, &OperationBody::of(view, eyes))?;
    if let Ok(value) = HeaderValue::try_from(format!("/v1/operations/{}", view.operation.id)) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(idempotency::replayed(tagged(response, view.version), replayed))
}

/// The one operation of a reply.
pub(super) fn only(reply: CommandReply) -> Result<Made, Problem> {
    match reply {
        CommandReply::Operations(mut states) if states.len() == 1 => {
            states.pop().ok_or_else(|| Problem::internal(&"an empty reply"))
        }
        other => Err(Problem::internal(&format_args!("answered with {other:?}"))),
    }
}

#[derive(Serialize)]
struct ResultBody<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<OperationBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Value>,
}

#[derive(Serialize)]
struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    results: Vec<ResultBody<'a>>,
}

async fn several(call: &Call, bytes: &[u8], dry: bool) -> Answer {
    let list: List = body::json(bytes)?;
    if list.length == 0 || list.length > OPERATIONS_MAX {
        let detail = format!(
            "a request holds 1 to {OPERATIONS_MAX} operations, not {}",
            list.length
        );
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "too_many_operations",
            detail,
        ));
    }
    let key = defaults::key(call, bytes).await?;
    let key = key.as_ref();
    let own_id = list.operations.iter().position(|input| input.id.is_some());
    if let Some(position) = own_id.filter(|_| key.is_some()) {
        return Err(idempotency::both(format!("[{position}].id")));
    }
    let asked = list.operations.into_iter().map(|input| input.asked(call));
    let new = asked.collect::<Result<Vec<_>, _>>()?;
    let engine = &call.app.engine;
    let (caller, origin) = (call.caller()?, call.origin());
    let (outcomes, open) = if dry {
        let (prepared, open) = engine.prepare_operations(new, key).await?;
        (engine.try_operations(caller, &origin, prepared).await?, open)
    } else {
        let outcomes = engine.create_operations(caller, origin, new, key).await?;
        (outcomes, Named::new())
    };
    let results = views(call, outcomes, &open, key).await?;
    let eyes = Eyes::of(call)?;
    let output = Output {
        dry_run: dry.then_some(true),
        results: results.iter().map(|result| shown(result, eyes, dry)).collect(),
    };
    let created = output.results.iter().any(|result| result.status == "created");
    let replayed = results.iter().any(|result| match result {
        Ok((_, replayed)) => *replayed,
        Err(problem) => problem.replayed,
    });
    Ok(idempotency::replayed(
        json(&output)?,
        replayed && !created && !dry,
    ))
}

/// What came of each: an operation, and whether it had been made before.
type Outcome = Result<(OperationView, bool), Problem>;

async fn views(
    call: &Call,
    outcomes: Vec<StepOutcome>,
    open: &Named,
    key: Option<&OperationId>,
) -> Result<Vec<Outcome>, Problem> {
    let engine = &call.app.engine;
    let mut results = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        results.push(match outcome {
            Ok(made) => {
                let replayed = made.replayed;
                Ok((engine.view_made(made, open).await?, replayed))
            }
            Err(error @ engine::Error::Refused { .. }) => Err(idempotency::problem(error, key)),
            // Not a matter of this operation, and perhaps not certain: the request is to be sent again.
            Err(error) => return Err(error.into()),
        });
    }
    Ok(results)
}

fn shown(result: &Outcome, eyes: Eyes, dry: bool) -> ResultBody<'_> {
    match result {
        Ok((view, replayed)) => {
            let body = OperationBody::of(view, eyes);
            ResultBody {
                status: if *replayed { "replayed" } else { "created" },
                operation: Some(if dry { body.untaken() } else { body }),
                problem: None,
            }
        }
        Err(problem) => ResultBody {
            status: "refused",
            operation: None,
            problem: Some(eyes.told(problem.clone()).members()),
        },
    }
}
