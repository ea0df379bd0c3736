//! Steps of an operation that is there: how a pending one goes on, and ends. A file a step, and here what they share.

mod approved;
mod cancel;
mod capture;
mod complete;
mod fail;
mod report;
mod resolve;
mod start;
mod transaction;

use std::fmt::Debug;

use serde_json::Value;

use super::create::put;
use super::movement::Found;
use super::outputs::Holder;
use super::{Operation, OperationKind, OperationStatus, limits, movement, outputs};
use crate::custody::chain::hash_key;
use crate::custody::{Account, Amount, Asset, Balance, Owner, asset};
use crate::prelude::*;

pub use cancel::{Cancel, Release};
pub use capture::Capture;
pub use complete::Complete;
pub use fail::{Fail, MarkUnknown};
pub use report::Report;
pub use resolve::Resolve;
pub use start::Start;
pub use transaction::Transaction;

/// Takes a step of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOperation<S> {
    /// The operation.
    pub operation: Uuid,
    /// Its debit balance, which never changes.
    pub debit: Account,
    /// Its credit balance, which never changes.
    pub credit: Account,
    /// Where it goes, which never changes.
    pub destination: Option<Uuid>,
    /// Its version, where the step depends on it.
    pub version: Option<u64>,
    /// The step.
    pub step: S,
}

/// Says what is newly known of an operation's transaction.
pub type ReportOperation = StepOperation<Report>;
/// Starts an operation.
pub type StartOperation = StepOperation<Start>;
/// Completes an operation.
pub type CompleteOperation = StepOperation<Complete>;
/// Lets an operation fail.
pub type FailOperation = StepOperation<Fail>;
/// Cancels an operation.
pub type CancelOperation = StepOperation<Cancel>;
/// Marks that the fate of an operation is not known.
pub type MarkOperationUnknown = StepOperation<MarkUnknown>;
/// Says what became of an operation of unknown fate.
pub type ResolveOperation = StepOperation<Resolve>;
/// Captures a part of a pending transfer.
pub type CaptureOperation = StepOperation<Capture>;
/// Releases what a pending transfer still holds.
pub type ReleaseOperation = StepOperation<Release>;

/// What every step can be refused with.
const EVERY_STEP: Codes = refusals! {
    UNKNOWN_OPERATION, VERSION_MISMATCH, INVALID_FIELD, OPERATION_EXPIRED, WRONG_STATUS, WRONG_KIND,
};

/// What one step is.
pub trait OperationStep: Debug + Sized {
    /// The verb.
    const ACTION: &'static Action;

    /// What it can be refused with.
    const REFUSALS: Codes;

    /// Where the operation must stand.
    const FROM: &'static [OperationStatus];

    /// Whether who made the operation from their own balance may take it too.
    const BY_OWNER: bool = false;

    /// Whether it is for pending transfers only, or for all but them.
    const TRANSFERS: Option<bool> = None;

    /// What it says of the transaction.
    fn transaction(&self) -> Option<&Transaction> {
        None
    }

    /// The approval that it uses.
    fn approval(&self) -> Option<Uuid> {
        None
    }

    /// Adds what an approval of it is bound to, beside the operation.
    fn bind(&self, _arguments: &mut Value) {}

    /// Adds the rows that it reads, beside those of every step.
    fn needs(&self, _destination: Option<Uuid>, _needs: &mut Needs) {}

    /// Checks the input, beside the transaction.
    fn check(&self) -> Result<(), FieldError> {
        Ok(())
    }

    /// Whether the operation is already what the step would make of it: the same again changes nothing. `known` where
    /// all that is said of the transaction is known.
    fn is_done(&self, _row: &Operation, _known: bool) -> bool {
        false
    }

    /// Whether operations that are so have it.
    fn fits(stands: Stands) -> bool {
        Self::TRANSFERS.is_none_or(|transfers| transfers == stands.transfer)
    }

    /// Whether it waits while the tier under which the operation began is not good any more.
    fn waits_for_tier(&self, _row: &Operation) -> bool {
        false
    }

    /// Further checks of how things stand.
    fn check_state(&self, _work: &Work<'_, Self>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Takes it: changes the operation, and adds other rows to `change`.
    fn take(
        &self,
        _work: &Work<'_, Self>,
        _change: &mut Change<'_>,
        _after: &mut Operation,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    /// Decides.
    fn decide(&self, work: &Work<'_, Self>) -> Result<Decision, Refusal> {
        work.decide()
    }
}

/// How an operation stands, as far as it decides which steps it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// Its kind.
    pub kind: OperationKind,
    /// Its status.
    pub status: OperationStatus,
    /// Whether it is a pending transfer, which is captured or released.
    pub transfer: bool,
}

/// Refuses a step that an operation that stands so does not have.
pub fn check_stands<S: OperationStep>(stands: Stands) -> Result<(), Refusal> {
    let Stands {
        kind,
        status,
        transfer,
    } = stands;
    if !S::FROM.contains(&status) {
        let allowed: Vec<_> = S::FROM.iter().map(|status| status.as_str()).collect();
        let message = format!(
            "the operation is {}; this step is for one that is {}",
            status.as_str(),
            allowed.join(" or ")
        );
        return Err(code::WRONG_STATUS.because(message));
    }
    if S::fits(stands) {
        return Ok(());
    }
    let message = if transfer {
        "a pending transfer is captured or released"
    } else if kind == OperationKind::Withdrawal {
        "a withdrawal is started before it is completed"
    } else {
        "only a pending transfer is captured or released"
    };
    Err(code::WRONG_KIND.because(message))
}

/// What a step works on.
#[derive(Debug)]
pub struct Work<'a, S> {
    pub(super) facts: &'a Facts,
    pub(super) command: &'a StepOperation<S>,
    pub(super) before: &'a Sealed<Operation>,
    pub(super) asset: &'a Asset,
    pub(super) debit: &'a Sealed<Balance>,
    pub(super) credit: &'a Sealed<Balance>,
    pub(super) by: By<'a>,
    pub(super) ctx: &'a Context,
}

fn unknown(id: Uuid) -> Refusal {
    code::UNKNOWN_OPERATION.absent(format_args!("operation {id}"), "id")
}

impl<S: OperationStep> Act for StepOperation<S> {
    const ACTION: &'static Action = S::ACTION;
    const CHANGES_ACCESS: bool = false;
    const REFUSALS: Codes = S::REFUSALS;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("operation", self.operation))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::OPERATION, self.operation);
        needs.row(&looks::ASSET, self.debit.asset);
        needs.rows(&looks::BALANCE, [self.debit.id(), self.credit.id()]);
        let users = [self.debit.user(), self.credit.user()];
        needs.rows(&looks::KYC_RECORDS_OF, users.into_iter().flatten());
        needs.approvals(self.step.approval());
        let transaction = self.step.transaction();
        for tx_hash in transaction.iter().flat_map(|transaction| transaction.hashes()) {
            needs.hash(&hash_key(tx_hash), false);
        }
        self.step.needs(self.destination, needs);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let found = facts.operations.get(&self.operation);
        let authority = Self::authorise(by.who, found.map(|found| &found.row))?;
        let before = found.ok_or_else(|| unknown(self.operation))?;
        code::check_version("operation", before.version, self.version)?;
        let missing = |id| crate::custody::balance::unknown(id, "operation");
        let row = &before.row;
        let asset = facts.assets.get(&row.asset_id);
        let debit = facts.balances.get(&row.debit_id);
        let credit = facts.balances.get(&row.credit_id);
        self.step.decide(&Work {
            facts,
            command: self,
            before,
            asset: &asset.ok_or_else(|| asset::unknown(row.asset_id))?.row,
            debit: debit.ok_or_else(|| missing(row.debit_id))?,
            credit: credit.ok_or_else(|| missing(row.credit_id))?,
            by: by.with(&authority),
            ctx,
        })
    }

    /// The entry of a refused step names whose balances are on both sides of the operation.
    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        let mut unmade = Unmade::default();
        if facts.operations.get(&self.operation).is_some() {
            unmade.put("debit_account", Some(self.debit.words()));
            unmade.put("credit_account", Some(self.credit.words()));
        }
        unmade
    }
}

/// Whether an operation is somebody's own: they asked for it, of their own balance. Of a hold that somebody else put on
/// their balance they are not the master, and of somebody else's balance they have nothing to say, even where they made
/// the operation when they held more.
fn is_own(operation: &Operation, user: Uuid) -> bool {
    let balance = Balance::id_of(operation.asset_id, Owner::User(user));
    operation.created_by == Some(user) && operation.debit_id == balance
}

impl<S: OperationStep> StepOperation<S> {
    /// What it asks for, as an approval is bound to it.
    pub fn arguments(&self) -> String {
        let mut members = serde_json::json!({"operation": self.operation.to_string()});
        self.step.bind(&mut members);
        evidence::json::canonical(&members)
    }

    /// Checks that the caller may take the step: any of any operation with `custody:write`; with `custody:own` what
    /// lets go of an own one, or gives it to whom it was meant for.
    fn authorise(who: &Principal, operation: Option<&Operation>) -> Result<Authority, Refusal> {
        let refused = match who.authorise(Permission::CustodyWrite) {
            Ok(authority) => return Ok(authority),
            Err(refused) => refused,
        };
        if !S::BY_OWNER {
            return Err(refused);
        }
        let own = |operation: &Operation| who.actor_id.is_some_and(|user| is_own(operation, user));
        if operation.is_some_and(own) {
            return who.authorise(Permission::CustodyOwn);
        }
        if refused.code != code::PERMISSION_MISSING.name || !who.holds(Permission::CustodyOwn) {
            return Err(refused);
        }
        let verb = S::ACTION.name;
        let message = format!(
            "{verb} is for who made the operation from their own balance, or who holds custody:write"
        );
        Err(Refusal { message, ..refused })
    }
}

impl<S: OperationStep> Work<'_, S> {
    fn accounts(&self) -> (Account, Account) {
        (self.command.debit, self.command.credit)
    }

    fn decide(&self) -> Result<Decision, Refusal> {
        let row = &self.before.row;
        let step = &self.command.step;
        let transaction = step.transaction();
        transaction.map_or(Ok(()), |transaction| transaction.check(row))?;
        step.check()?;
        let known = transaction.is_none_or(|transaction| transaction.on(row) == *row);
        if step.is_done(row, known) {
            let state = OperationState {
                operation: row.clone(),
                version: self.before.version,
                replayed: true,
            };
            return Ok(Decision::nothing(Reply::Operations(vec![state])));
        }
        self.check_status()?;
        let mut change = Change::new(&self.by, self.ctx);
        let mut after = transaction.map_or_else(|| row.clone(), |transaction| transaction.on(row));
        after.updated_at = self.ctx.now;
        self.check_tier()?;
        step.check_state(self)?;
        after.replaces_id = self.check_outputs(&after)?.or(after.replaces_id);
        step.take(self, &mut change, &mut after)?;
        change.alter(self.before, after.clone());
        outputs::claim(&mut change, self.facts, Some(row), &after);
        let draft = change.draft(S::ACTION.name, "operation", after.id);
        let state = OperationState {
            operation: after,
            version: self.before.version + 1,
            replayed: false,
        };
        Ok(Decision::one(Reply::Operations(vec![state]), draft))
    }

    fn check_status(&self) -> Result<(), Refusal> {
        let row = &self.before.row;
        // The same answer whether or not the expiry is written down yet.
        if row.has_expired(self.ctx.now) {
            let message = "the operation is past its time and holds nothing any more";
            return Err(code::OPERATION_EXPIRED.because(message));
        }
        check_stands::<S>(Stands {
            kind: row.kind,
            status: row.status,
            transfer: row.captured.is_some(),
        })
    }

    /// Refuses to begin or receive under a tier that is not good any more.
    fn check_tier(&self) -> Result<(), Refusal> {
        let row = &self.before.row;
        if !self.command.step.waits_for_tier(row) {
            return Ok(());
        }
        limits::check_in_flight(self.facts, row, self.accounts(), self.ctx.now)
    }

    /// Refuses outputs that other operations are of; gives the operation that had one before and came to nothing.
    fn check_outputs(&self, after: &Operation) -> Result<Option<Uuid>, Refusal> {
        let named = self.before.row.outputs();
        let mut replaces = None;
        for (key, position) in after.outputs().iter().zip(0_usize..) {
            if named.contains(key) {
                continue;
            }
            let field = if position == 0 { "output" } else { "transactions" };
            match outputs::holder(self.facts, key, self.ctx.now) {
                Holder::Nobody(before) => {
                    outputs::check_overlap(self.facts, key, after.kind, self.ctx.now)?;
                    replaces = replaces.or(before.filter(|id| *id != after.id));
                }
                Holder::Reversed(other) | Holder::Taken(other) => {
                    return Err(outputs::taken(key, other, field, ""));
                }
            }
        }
        Ok(replaces)
    }

    /// Moves the amount that was held.
    fn complete(&self, change: &mut Change<'_>, after: &mut Operation) -> Result<(), Refusal> {
        movement::check_open(&self.credit.row, "credit")?;
        let freed = movement::release(&self.debit.row, after.held);
        let (debited, credited) = movement::transfer(&freed, &self.credit.row, self.asset, after.amount)?;
        after.status = OperationStatus::Completed;
        after.held = Amount::ZERO;
        after.debit_posted = Some(debited.posted);
        after.credit_posted = Some(credited.posted);
        put(change, &Found::There(self.debit), debited);
        put(change, &Found::There(self.credit), credited);
        Ok(())
    }

    /// Ends it without a movement: what it held is free again.
    fn end(
        &self,
        change: &mut Change<'_>,
        after: &mut Operation,
        status: OperationStatus,
        error: Option<&String>,
    ) {
        change.alter(self.debit, movement::release(&self.debit.row, after.held));
        after.status = status;
        after.held = Amount::ZERO;
        after.error = error.cloned();
    }
}
