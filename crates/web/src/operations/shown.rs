//! Operations as answers show them. What is absent is left out.

use domain::custody::operation::limits;
use domain::custody::{Account, Amount, OperationKind, OperationStatus};
use domain::identity::Permission;
use engine::custody::OperationView;
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::transactions;
use crate::call::Call;
use crate::custody::{Holder, Units};
use crate::problem::Problem;

/// Who looks. What somebody else has posted is shown only to those who may read everybody's balances.
#[derive(Clone, Copy)]
pub(crate) struct Viewer {
    all: bool,
    own: Uuid,
}

impl Viewer {
    /// The caller.
    pub fn of(call: &Call) -> Result<Viewer, Problem> {
        let identity = call.identity()?;
        let holds = |permission| identity.principal.holds(permission);
        Ok(Viewer {
            all: holds(Permission::CustodyRead) || holds(Permission::CustodyWrite),
            own: identity.user.id,
        })
    }

    fn see(self, account: Account) -> bool {
        self.all || account.user() == Some(self.own)
    }

    /// The problem without what the viewer may not see: how much more somebody else's balance takes would tell what it
    /// holds. Callers who may move only their own never give to themselves, so it is always another's balance.
    pub fn redacted(self, mut problem: Problem) -> Problem {
        if problem.code == "above_maximum" && !self.all {
            let message = "the credit balance would be above its maximum";
            message.clone_into(&mut problem.detail);
            if let Some(rule) = &mut problem.rule {
                message.clone_into(&mut rule.rule);
                (rule.limit, rule.remaining) = (None, None);
            }
        }
        problem
    }
}

#[derive(Serialize, JsonSchema)]
struct Side {
    balance: Uuid,
    account: Holder,
}

impl Side {
    fn of(id: Uuid, account: Account) -> Side {
        Side {
            balance: id,
            account: Holder(account),
        }
    }
}

/// The tier under which it began is no longer good: it waits for it.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct OnHold {
    tier_then: u64,
    tier_now: u64,
}

/// An operation. What is absent is left out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Operation")]
pub(crate) struct OperationBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    #[schemars(with = "OperationKind")]
    kind: &'static str,
    #[schemars(with = "OperationStatus")]
    status: &'static str,
    /// Code of the asset.
    asset: &'a str,
    amount: Units,
    debit: Side,
    credit: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debit_posted: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_posted: Option<Units>,
    /// The pending transfer that it captures.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reverses: Option<Uuid>,
    /// The operation that reversed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_by: Option<Uuid>,
    /// The operation that had its output before, and came to nothing or was reversed.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<Uuid>,
    /// The first of the operations that it is linked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<Uuid>,
    /// The approval that was used for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tx_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmations: Option<u64>,
    /// Its transactions beside that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    transactions: Option<Vec<transactions::Shown<'a>>>,
    /// Why it failed, was cancelled or released.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// What shows how one of unknown fate ended, or why an output is credited again.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<&'a RawValue>,
    /// The user who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<Uuid>,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_hold: Option<OnHold>,
    version: u64,
}

impl OperationBody<'_> {
    /// Shows an operation to these viewer.
    pub fn of(view: &OperationView, viewer: Viewer) -> OperationBody<'_> {
        let operation = &view.operation;
        let units = |amount| Units::of(amount, &view.asset);
        let posted = |amount: Option<Amount>, account| amount.filter(|_| viewer.see(account)).map(units);
        let subject = limits::subject(operation.kind, view.debit, view.credit);
        let sees_tier = subject.is_some_and(|(_, account)| viewer.see(account));
        OperationBody {
            id: Some(operation.id),
            kind: operation.kind.as_str(),
            status: operation.status.as_str(),
            asset: &view.asset.code,
            amount: units(operation.amount),
            debit: Side::of(operation.debit_id, view.debit),
            credit: Side::of(operation.credit_id, view.credit),
            held: Some(operation.held).filter(|held| held.is_positive()).map(units),
            captured: operation.captured.map(units),
            debit_posted: posted(operation.debit_posted, view.debit),
            credit_posted: posted(operation.credit_posted, view.credit),
            parent: operation.parent_id,
            reverses: operation.reverses_id,
            reversed_by: view.reversed_by,
            replaces: operation.replaces_id,
            link: operation.link_id,
            destination: operation.destination_id,
            approval: operation.approval_id,
            chain: operation.chain.as_deref(),
            tx_hash: operation.tx_hash.as_deref(),
            output: operation.output,
            block: operation.block,
            confirmations: operation.confirmations,
            transactions: operation.transactions.as_ref().map(transactions::shown),
            error: operation.error.as_deref(),
            evidence: operation.evidence.as_deref(),
            reference: operation.reference.as_deref(),
            // As it is stored: canonical JSON.
            metadata: operation
                .metadata
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok()),
            created_by: operation.created_by,
            created_at: operation.created_at,
            updated_at: operation.updated_at,
            expires_at: operation.expires_at,
            on_hold: view
                .on_hold
                .filter(|_| sees_tier)
                .map(|(tier_then, tier_now)| OnHold { tier_then, tier_now }),
            version: view.version,
        }
    }

    /// Leaves out the ids that it has not got yet.
    pub fn leave_out_ids(&mut self) {
        (self.id, self.link) = (None, None);
    }
}
