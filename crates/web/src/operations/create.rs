//! `POST /v1/operations`
//!
//! A path that carries load: the body is read straight into its type, and the answer is written from what was made,
//! without asking the database again.

use domain::custody::operation::{CreateOperation, OPERATIONS_MAX};
use domain::{Act, FieldError, code};
use engine::custody::{Named, NewOperation, OperationId, StepOutcome};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use views::{OperationView, Shown, Viewer};

use super::input::Input;
use super::steps::Stepped;
use super::{defaults, redacted};
use crate::body::Bounded;
use crate::call::{Answer, Call, json};
use crate::change;
use crate::dry_run::DryRun;
use crate::openapi::{Content, Doc, Listed, Reply, Shape, listed};
use crate::problem::{Members, Problem};
use crate::{body, custody, idempotency};

type Inputs = Bounded<Input, OPERATIONS_MAX>;

const RESULTS: Shape = Shape::AnyOf(&[
    Shape::of::<OperationView>(),
    Shape::own::<Output>(),
    Shape::of::<DryRun>(),
]);

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
    body: Some(Content {
        schema: Shape::OneOf(&[Shape::Of(Inputs::schema), Shape::of::<Input>()]),
        ..Content::json(
            "",
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
        )
    }),
    replies: &[
        Reply {
            headers: &[
                ("Location", "Where the operation is."),
                ("ETag", "The operation's version."),
            ],
            ..Reply::new(
                "201",
                "The operation, of a body that is one.",
                &[Content::shown::<OperationView>()],
            )
        },
        Reply {
            headers: &[idempotency::REPLAYED_HEADER],
            ..Reply::new(
                "200",
                "The results of an array; or one operation that had been made before; or what a dry run says.",
                &[Content {
                    schema: RESULTS,
                    ..Content::shown::<Output>()
                }],
            )
        },
    ],
    problems: PROBLEMS,
    refusals: CreateOperation::REFUSALS,
};

const PROBLEMS: &[Listed] = &[
    listed(&code::TOO_MANY_OPERATIONS),
    custody::UNKNOWN_ASSET,
    custody::UNKNOWN_USER,
    custody::UNKNOWN_BALANCE,
    listed(&code::LINKED_FAILED),
];

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry = idempotency::dry_run(&call.documented()?)?;
    // Names are looked up before the command is decided: who may do nothing here must not learn from them.
    call.require_of_route().await?;
    let bytes = call.body().await?;
    let alone = !bytes.trim_ascii_start().starts_with(b"[");
    let (new, key) = read(&call, &bytes, alone).await?;
    let (outcomes, open) = carried_out(&call, new, key.as_ref(), dry).await?;
    let outcomes = views(&call, outcomes, &open, key.as_ref()).await?;
    if alone {
        shown_alone(&call, outcomes, dry).await
    } else {
        shown(outcomes, dry)
    }
}

/// What is asked for, and the key that it came with.
async fn read(
    call: &Call,
    bytes: &[u8],
    alone: bool,
) -> Result<(Vec<NewOperation>, Option<OperationId>), Problem> {
    let inputs = if alone {
        vec![body::object::<Input>(bytes)?]
    } else {
        body::json::<Inputs>(bytes)?.within_bounds(&code::TOO_MANY_OPERATIONS, "operations", "")?
    };
    let key = defaults::key(call, bytes).await?;
    let own_id = inputs.iter().position(|input| input.id.is_some());
    if let Some(position) = own_id.filter(|_| key.is_some()) {
        let field = if alone {
            "id".to_owned()
        } else {
            format!("[{position}].id")
        };
        return Err(idempotency::both(field));
    }
    let asked = inputs.into_iter().map(|input| input.asked(call));
    let new = asked.collect::<Result<Vec<_>, _>>()?;
    if alone && new.iter().any(|new| new.linked) {
        let message = "there is no next operation: linked ones come as an array";
        return Err(FieldError::new("linked", message).into());
    }
    Ok((new, key))
}

/// Makes the operations, or says what would come of them; with the balances that may not be open.
async fn carried_out(
    call: &Call,
    new: Vec<NewOperation>,
    key: Option<&OperationId>,
    dry: bool,
) -> Result<(Vec<StepOutcome>, Named), Problem> {
    let engine = &call.app.engine;
    let (caller, origin) = (call.caller()?, call.origin());
    if !dry {
        return Ok((
            engine.create_operations(caller, origin, new, key).await?,
            Named::new(),
        ));
    }
    let (prepared, open) = engine.prepare_operations(new, key).await?;
    Ok((engine.try_operations(caller, &origin, prepared).await?, open))
}

/// The answer to one that is no array.
async fn shown_alone(call: &Call, outcomes: Vec<Outcome>, dry: bool) -> Answer {
    let outcome = outcomes.into_iter().next();
    let outcome = outcome.ok_or_else(|| Problem::internal(&"an operation without an outcome"))?;
    let (mut view, before) = outcome?;
    if dry {
        view.leave_out_ids();
        return idempotency::dry(&view);
    }
    let made = Stepped { view, before };
    change::shown(call, &made, true, before).await
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct ResultBody {
    #[schemars(extend("enum" = ["created", "replayed", "refused"]))]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<OperationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Members<'static>>")]
    problem: Option<Value>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = true))]
    dry_run: Option<bool>,
    results: Vec<ResultBody>,
}

impl Shown for Output {
    fn example() -> Output {
        let refusal = code::INSUFFICIENT_FUNDS.because("2.00000000 BTC are available");
        let refused = engine::Error::Refused {
            refusal: refusal.field("amount"),
            entry: Some(4712),
        };
        Output {
            dry_run: None,
            results: vec![
                ResultBody {
                    status: "created",
                    operation: Some(OperationView::example()),
                    problem: None,
                },
                ResultBody {
                    status: "refused",
                    operation: None,
                    problem: Some(Problem::from(refused).members()),
                },
            ],
        }
    }
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
    let viewer = Viewer::of(call.identity()?);
    let mut results = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        results.push(match outcome {
            Ok(made) => {
                let replayed = made.replayed;
                let view = engine.view_made(made, open).await?;
                Ok((OperationView::of(view, viewer), replayed))
            }
            Err(error @ engine::Error::Refused { .. }) => {
                Err(redacted(call, idempotency::problem(error, key)))
            }
            // Not a matter of this operation, and perhaps not certain: the request is to be sent again.
            Err(error) => return Err(error.into()),
        });
    }
    Ok(results)
}

/// The answer to an array.
fn shown(outcomes: Vec<Outcome>, dry: bool) -> Answer {
    let replayed = outcomes.iter().any(|outcome| match outcome {
        Ok((_, replayed)) => *replayed,
        Err(problem) => problem.replayed,
    });
    let result = |outcome| match outcome {
        Ok((mut view, replayed)) => {
            if dry {
                OperationView::leave_out_ids(&mut view);
            }
            ResultBody {
                status: if replayed { "replayed" } else { "created" },
                operation: Some(view),
                problem: None,
            }
        }
        Err(problem) => ResultBody {
            status: "refused",
            operation: None,
            problem: Some(Problem::members(&problem)),
        },
    };
    let output = Output {
        dry_run: dry.then_some(true),
        results: outcomes.into_iter().map(result).collect(),
    };
    let created = output.results.iter().any(|result| result.status == "created");
    Ok(idempotency::replayed(
        json(&output)?,
        replayed && !created && !dry,
    ))
}
