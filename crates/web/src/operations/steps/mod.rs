//! Steps of an operation: a file per verb, and what they share.

pub(crate) mod cancel;
pub(crate) mod capture;
pub(crate) mod complete;
pub(crate) mod fail;
pub(crate) mod mark_unknown;
pub(crate) mod release;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod start;

use domain::custody::operation::{Step, Transaction};
use domain::identity::Permission;
use engine::custody::{NewStep, OperationId, StepKind};
use serde::Deserialize;
use uuid::Uuid;

use super::create::{made_answer, only};
use super::shown::{Eyes, OperationBody};
use super::transactions::{self, Further};
use super::{UNKNOWN, example, show};
use crate::call::{Answer, Call, if_match_given, json, tagged};
use crate::custody::reads_all;
use crate::id::Id;
use crate::idempotency;
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::problem::Problem;

/// The version that the caller has seen.
const IF_MATCH: &[Parameter] = &[Parameter::header(
    "If-Match",
    "The `ETag` that you read, where the step depends on it.",
    r#"{"type":"string","examples":["\"1\""]}"#,
)];

const VERSION: (&str, &str, &str) = (
    "412",
    "version_mismatch",
    "somebody changed the operation meanwhile; read it again",
);
const MALFORMED_MATCH: (&str, &str, &str) = (
    "400",
    "malformed_if_match",
    "`If-Match` is neither one entity tag nor `*`",
);
const EXPIRED: (&str, &str, &str) = (
    "409",
    "operation_expired",
    "the operation is past its time and holds nothing any more",
);
const STATUS: (&str, &str, &str) = (
    "409",
    "wrong_status",
    "the operation's status does not allow the step",
);
const KIND: (&str, &str, &str) = (
    "409",
    "wrong_kind",
    "operations of this kind do not have the step",
);
const DESTINATION: (&str, &str, &str) = (
    "409",
    "destination_removed",
    "the destination of the withdrawal was removed since",
);
const KYC: (&str, &str, &str) = (
    "409",
    "kyc_expired",
    "the tier under which it began is no longer good: it is on hold",
);
const OUTPUT: (&str, &str, &str) = (
    "409",
    "output_conflict",
    "another operation is of this output of the transaction",
);
const CREDIT_CLOSED: (&str, &str, &str) = ("409", "credit_closed", "the credit balance is closed");
const MAXIMUM: (&str, &str, &str) = (
    "409",
    "above_maximum",
    "the credit balance would be above its maximum",
);
const OVERFLOW: (&str, &str, &str) = (
    "409",
    "amount_overflow",
    "a balance would have more than 38 digits",
);
const APPROVAL: [(&str, &str, &str); 5] = [
    (
        "409",
        "approval_required",
        "the step needs an approval, and none was named",
    ),
    ("404", "unknown_approval", "there is no such approval"),
    (
        "403",
        "approval_not_own",
        "the approval was requested by somebody else",
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
];
const QUORUM: (&str, &str, &str) = (
    "409",
    "approval_quorum",
    "the approval was granted by fewer people than the rule demands",
);

/// The problems of every step, and those of one.
macro_rules! problems {
    ($($own:expr),* $(,)?) => {
        &[
            super::UNKNOWN, super::VERSION, super::MALFORMED_MATCH, super::EXPIRED, super::STATUS, super::KIND,
            $($own),*
        ]
    };
}
use problems;

/// The members of a body that are about a transaction, as JSON schema.
macro_rules! transaction {
    () => {
        r##""chain":{"type":"string","minLength":1,"maxLength":32,"pattern":"^[a-z0-9-]+$","description":"The asset's own chain unless given."},"tx_hash":{"type":"string","minLength":1,"maxLength":128},"output":{"type":"integer","minimum":0,"maximum":9223372036854775807},"block":{"type":"integer","minimum":0,"maximum":9223372036854775807},"confirmations":{"type":"integer","minimum":0,"maximum":9223372036854775807},"transactions":{"type":"array","maxItems":8,"description":"The transactions beside it, all of them: they take the place of those that were known.","items":{"$ref":"#/components/schemas/Transaction"}}"##
    };
}
use transaction;

/// The operation as the answer.
const ANSWER: Reply = Reply {
    headers: &[("ETag", "The operation's version."), idempotency::REPLAYED_HEADER],
    ..Reply::new(
        "200",
        "The operation as it is now, or would be. The same step again changes nothing.",
        &[Content::new(
            "application/json",
            r##"{"$ref":"#/components/schemas/Operation"}"##,
            example!(),
        )],
    )
};

/// What is newly known of a transaction.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    chain: Option<String>,
    tx_hash: Option<String>,
    output: Option<u64>,
    block: Option<u64>,
    confirmations: Option<u64>,
    transactions: Option<Vec<Further>>,
}

impl From<Known> for Transaction {
    fn from(known: Known) -> Transaction {
        Transaction {
            chain: known.chain,
            tx_hash: known.tx_hash,
            output: known.output,
            block: known.block,
            confirmations: known.confirmations,
            further: known.transactions.map(transactions::asked),
        }
    }
}

/// Who may take a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Who holds `custody:write`.
    Writers,
    /// They, and who holds `custody:own` for their own.
    Owners,
}

/// A step that the caller may ask for.
struct Asked {
    id: Uuid,
    version: Option<u64>,
    dry: bool,
}

impl Asked {
    /// Reads everything but the body. The operation is looked up before the command is decided: who may take no such
    /// step must not learn from that.
    async fn read(call: &mut Call, doc: &Doc, who: Who) -> Result<Asked, Problem> {
        let query = call.query(doc)?;
        let dry = idempotency::dry_run(&query)?;
        let (own, all) = (Permission::CustodyOwn, Permission::CustodyWrite);
        match who {
            Who::Writers => call.require(all).await?,
            Who::Owners => call.require_either(own, all).await?,
        }
        let id = call.id("operation").await?;
        let version = if_match_given(&call.parts)?;
        if !call.identity()?.principal.holds(all) {
            let reads_all = reads_all(call)?;
            show::visible(call, id, reads_all).await?;
        }
        Ok(Asked { id, version, dry })
    }

    fn step(&self, kind: StepKind) -> NewStep {
        NewStep {
            operation: self.id,
            version: self.version,
            kind,
        }
    }

    /// Takes the step, and answers with the operation.
    async fn take(self, call: &Call, step: Step) -> Answer {
        let engine = &call.app.engine;
        let step = self.step(StepKind::Other(step));
        let eyes = Eyes::of(call)?;
        if self.dry {
            let prepared = engine.prepare_step(step).await?;
            let command = prepared.command();
            let made = only(idempotency::try_one(call, command, None).await?)?;
            let view = engine.view_stepped(made).await?;
            return idempotency::dry(&OperationBody::of(&view, eyes));
        }
        let made = engine.step_operation(call.caller()?, call.origin(), step).await?;
        let replayed = made.replayed;
        let view = engine.view_stepped(made).await?;
        let response = tagged(json(&OperationBody::of(&view, eyes))?, view.version);
        Ok(idempotency::replayed(response, replayed))
    }

    /// Makes a capture, and answers with it.
    async fn capture(
        self,
        call: &Call,
        (id, amount): (Option<Id>, Option<String>),
        key: Option<&OperationId>,
    ) -> Answer {
        let engine = &call.app.engine;
        let id = idempotency::id(id, key)?;
        let step = self.step(StepKind::Capture { id, amount });
        let eyes = Eyes::of(call)?;
        if self.dry {
            let prepared = engine.prepare_step(step).await?;
            let command = prepared.command();
            let made = only(
                idempotency::try_one(call, command, key)
                    .await
                    .map_err(|problem| eyes.told(problem))?,
            )?;
            let view = engine.view_stepped(made).await?;
            return idempotency::dry(&OperationBody::of(&view, eyes).untaken());
        }
        let made = engine.step_operation(call.caller()?, call.origin(), step).await;
        let made = made.map_err(|error| eyes.told(idempotency::problem(error, key)))?;
        let replayed = made.replayed;
        let view = engine.view_stepped(made).await?;
        made_answer(&view, replayed, eyes)
    }
}
