//! Steps of an operation that is there: how a pending one goes on, and ends.

use uuid::Uuid;

use super::asked::{Step, StepOperation, Transaction};
use super::create::put;
use super::movement::{self, Found};
use super::outputs::{self, Holder, Transactions};
use super::{Operation, OperationKind, OperationStatus, limits};
use crate::change::Change;
use crate::context::Context;
use crate::custody::asset::{self, check_text};
use crate::custody::chain::{OutputKey, canonical_hash, check_chain};
use crate::custody::{Account, Amount, Asset, Balance, Owner};
use crate::decision::{Decision, Draft, OperationState, Reply};
use crate::facts::Facts;
use crate::identity::{Authority, Permission, Principal};
use crate::record::Sealed;
use crate::refusal::{self, FieldError, Refusal, RefusalKind};

/// Longest error, evidence or reason, in characters.
pub const REMARK_LEN_MAX: usize = 1_000;

/// What a step works on.
pub(super) struct Work<'a> {
    pub facts: &'a Facts,
    pub command: &'a StepOperation,
    pub before: &'a Sealed<Operation>,
    pub asset: &'a Asset,
    pub debit: &'a Sealed<Balance>,
    pub credit: &'a Sealed<Balance>,
    pub who: &'a Principal,
    pub authority: &'a Authority,
    pub ctx: &'a Context,
}

fn unknown(id: Uuid) -> Refusal {
    let message = format!("there is no operation {id}");
    Refusal::new(RefusalKind::NotFound, "unknown_operation", message).field("id")
}

/// Decides [`StepOperation`].
pub fn step(
    facts: &Facts,
    command: &StepOperation,
    who: &Principal,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    let found = facts.operations.get(&command.operation);
    let authority = authorise(&command.step, who, found.map(|found| &found.row))?;
    let before = found.ok_or_else(|| unknown(command.operation))?;
    refusal::check_version("operation", before.version, command.version)?;
    let missing = |id| crate::custody::balance::unknown(id, "operation");
    let row = &before.row;
    let work = Work {
        facts,
        command,
        before,
        asset: &facts
            .assets
            .get(&row.asset_id)
            .ok_or_else(|| asset::unknown(row.asset_id))?
            .row,
        debit: facts
            .balances
            .get(&row.debit_id)
            .ok_or_else(|| missing(row.debit_id))?,
        credit: facts
            .balances
            .get(&row.credit_id)
            .ok_or_else(|| missing(row.credit_id))?,
        who,
        authority: &authority,
        ctx,
    };
    if let Step::Capture { id, amount } = &command.step {
        return work.capture(*id, *amount);
    }
    work.check_input()?;
    if work.is_done() {
        return Ok(Decision::nothing(Reply::Operations(vec![OperationState {
            operation: row.clone(),
            version: before.version,
            replayed: true,
        }])));
    }
    work.check_status()?;
    work.take()
}

/// Whether an operation is somebody's own: they asked for it, of their own balance. Of a hold that somebody else put on
/// their balance they are not the master, and of somebody else's balance they have nothing to say, even where they made
/// the operation when they held more.
fn is_own(operation: &Operation, user: Uuid) -> bool {
    let balance = Balance::id_of(operation.asset_id, Owner::User(user));
    operation.created_by == Some(user) && operation.debit_id == balance
}

/// Checks that the caller may take the step: any of any operation with `custody:write`; with `custody:own` what lets
/// go of an own one, or gives it to whom it was meant for.
fn authorise(step: &Step, who: &Principal, operation: Option<&Operation>) -> Result<Authority, Refusal> {
    let refused = match who.authorise(Permission::CustodyWrite) {
        Ok(authority) => return Ok(authority),
        Err(refused) => refused,
    };
    if !matches!(
        step,
        Step::Cancel { .. } | Step::Capture { .. } | Step::Release { .. }
    ) {
        return Err(refused);
    }
    let own = |operation: &Operation| who.actor_id.is_some_and(|user| is_own(operation, user));
    if operation.is_some_and(own) {
        return who.authorise(Permission::CustodyOwn);
    }
    if refused.code != "permission_missing" || !who.holds(Permission::CustodyOwn) {
        return Err(refused);
    }
    let verb = step.action().name;
    let message =
        format!("{verb} is for who made the operation from their own balance, or who holds custody:write");
    Err(Refusal { message, ..refused })
}

impl Work<'_> {
    fn accounts(&self) -> (Account, Account) {
        (self.command.debit, self.command.credit)
    }

    fn check_input(&self) -> Result<(), FieldError> {
        if let Some(transaction) = self.command.step.transaction() {
            let known = transaction;
            super::input::check_counts(known.output, known.block, known.confirmations)?;
            transaction.chain.as_deref().map_or(Ok(()), check_chain)?;
            let after = self.with(transaction);
            // What is known already stays as it was spelt, before there was a rule.
            let new = after.tx_hash != self.before.row.tx_hash;
            if let Some(hash) = transaction.tx_hash.as_ref().filter(|_| new) {
                canonical_hash(after.chain.as_deref().unwrap_or_default(), hash)?;
            }
            let further = transaction.further.as_deref().unwrap_or_default();
            Transactions::check(further, after.first_output().as_ref())?;
            if after.tx_hash.is_some() != after.chain.is_some() {
                return Err(FieldError::new("tx_hash", "chain and tx_hash go together"));
            }
            if after.tx_hash.is_none() && (after.output.is_some() || after.block.is_some()) {
                return Err(FieldError::new(
                    "output",
                    "output and block belong to a transaction: give chain and tx_hash",
                ));
            }
        }
        match &self.command.step {
            Step::Fail { error } | Step::MarkUnknown { error } => check_text("error", error, REMARK_LEN_MAX),
            Step::Cancel { reason: Some(reason) } | Step::Release { reason: Some(reason) } => {
                check_text("reason", reason, REMARK_LEN_MAX)
            }
            Step::Resolve { evidence, .. } => check_text("evidence", evidence, REMARK_LEN_MAX),
            _ => Ok(()),
        }
    }

    /// The operation with what is newly known of its transaction.
    fn with(&self, transaction: &Transaction) -> Operation {
        let before = self.before.row.clone();
        let chain = transaction.chain.clone().or(before.chain.clone());
        let spelt = chain.as_deref().unwrap_or_default();
        let canonical = |hash: &String| canonical_hash(spelt, hash).unwrap_or_else(|_| hash.clone());
        let tx_hash = transaction.tx_hash.as_ref().map(canonical);
        let tx_hash = tx_hash.or(before.tx_hash.clone());
        let key = |chain: &Option<String>, hash: &Option<String>| {
            let (chain, hash) = chain.as_deref().zip(hash.as_deref())?;
            Some(OutputKey::of(chain, hash, None))
        };
        // The same transaction spelt otherwise stays as it was spelt.
        let (chain, tx_hash) = if key(&chain, &tx_hash) == key(&before.chain, &before.tx_hash) {
            (before.chain.clone(), before.tx_hash.clone())
        } else {
            (chain, tx_hash)
        };
        let further = transaction.further.as_deref().map(Transactions::canonical);
        Operation {
            chain,
            tx_hash,
            transactions: further
                .map_or(before.transactions.clone(), Some)
                .filter(|further| !further.0.is_empty()),
            output: transaction.output.or(before.output),
            block: transaction.block.or(before.block),
            confirmations: transaction.confirmations.or(before.confirmations),
            ..before
        }
    }

    /// Whether the operation is already what the step would make of it: the same again changes nothing.
    fn is_done(&self) -> bool {
        use OperationStatus::{Cancelled, Completed, Failed, Processing, Unknown};
        let row = &self.before.row;
        let known = self
            .command
            .step
            .transaction()
            .is_none_or(|transaction| self.with(transaction) == *row);
        match &self.command.step {
            Step::Report(_) => known,
            Step::Start { .. } => row.status == Processing && known,
            Step::Complete(_) => row.status == Completed && row.debit_posted.is_some() && known,
            Step::Fail { error } => row.status == Failed && row.error.as_ref() == Some(error),
            Step::Cancel { reason } => row.status == Cancelled && row.error == *reason,
            Step::MarkUnknown { error } => row.status == Unknown && row.error.as_ref() == Some(error),
            Step::Resolve {
                completed, evidence, ..
            } => {
                let status = if *completed { Completed } else { Failed };
                row.status == status && row.evidence.as_ref() == Some(evidence) && known
            }
            Step::Release { reason } => {
                row.captured.is_some()
                    && row.status.is_final()
                    && !row.has_expired(self.ctx.now)
                    && (reason.is_none() || row.error == *reason)
            }
            Step::Capture { .. } => false,
        }
    }

    pub fn check_status(&self) -> Result<(), Refusal> {
        use OperationStatus::{Pending, Processing, Unknown};
        let row = &self.before.row;
        let from: &[OperationStatus] = match &self.command.step {
            Step::Report(_) => &[Pending, Processing, Unknown],
            Step::Start { .. } | Step::Cancel { .. } | Step::Capture { .. } | Step::Release { .. } => {
                &[Pending]
            }
            Step::Complete(_) | Step::Fail { .. } => &[Pending, Processing],
            Step::MarkUnknown { .. } => &[Processing],
            Step::Resolve { .. } => &[Unknown],
        };
        // The same answer whether or not the expiry is written down yet.
        if row.has_expired(self.ctx.now) {
            let message = "the operation is past its time and holds nothing any more";
            return Err(Refusal::new(RefusalKind::Conflict, "operation_expired", message));
        }
        if !from.contains(&row.status) {
            let allowed: Vec<_> = from.iter().map(|status| status.as_str()).collect();
            let message = format!(
                "the operation is {}; this step is for one that is {}",
                row.status.as_str(),
                allowed.join(" or ")
            );
            return Err(Refusal::new(RefusalKind::Conflict, "wrong_status", message));
        }
        let transfer = row.captured.is_some();
        let fits = match &self.command.step {
            Step::Capture { .. } | Step::Release { .. } => transfer,
            Step::Complete(_) if row.kind == OperationKind::Withdrawal => row.status == Processing,
            Step::Start { .. } | Step::Complete(_) | Step::Fail { .. } | Step::MarkUnknown { .. } => {
                !transfer
            }
            Step::Report(_) | Step::Cancel { .. } | Step::Resolve { .. } => true,
        };
        if fits && !(transfer && matches!(self.command.step, Step::Cancel { .. })) {
            return Ok(());
        }
        let message = if transfer {
            "a pending transfer is captured or released"
        } else if row.kind == OperationKind::Withdrawal {
            "a withdrawal is started before it is completed"
        } else {
            "only a pending transfer is captured or released"
        };
        Err(Refusal::new(RefusalKind::Conflict, "wrong_kind", message))
    }

    /// Refuses to begin or receive under a tier that is not good any more.
    pub fn check_tier(&self) -> Result<(), Refusal> {
        let row = &self.before.row;
        let waits = match &self.command.step {
            Step::Start { .. } | Step::Capture { .. } => true,
            // What has left cannot be called back by a tier; what comes in can wait.
            Step::Complete(_) => row.kind != OperationKind::Withdrawal,
            _ => false,
        };
        if !waits {
            return Ok(());
        }
        limits::check_in_flight(self.facts, row, self.accounts(), self.ctx.now)
    }

    /// Refuses to send to a destination that was removed since.
    fn check_destination(&self) -> Result<(), Refusal> {
        let starts = matches!(self.command.step, Step::Start { .. });
        let Some(id) = self.before.row.destination_id.filter(|_| starts) else {
            return Ok(());
        };
        let known = self.facts.destinations.get(&id).map(|sealed| &sealed.row);
        if known.is_some_and(|known| known.removed_at.is_none()) {
            return Ok(());
        }
        let message =
            format!("destination {id} was removed since: cancel the withdrawal, and make another one");
        Err(Refusal::new(RefusalKind::Conflict, "destination_removed", message).field("destination"))
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

    fn take(&self) -> Result<Decision, Refusal> {
        let row = &self.before.row;
        let mut change = Change::new(self.who, self.authority, self.ctx);
        let mut after = match self.command.step.transaction() {
            Some(transaction) => self.with(transaction),
            None => row.clone(),
        };
        after.updated_at = self.ctx.now;
        self.check_tier()?;
        self.check_destination()?;
        after.replaces_id = self.check_outputs(&after)?.or(after.replaces_id);
        match &self.command.step {
            // A capture is an operation of its own, and was made before this.
            Step::Report(_) | Step::Capture { .. } => {}
            Step::Start { .. } => {
                self.approve_start(&mut change)?;
                after.status = OperationStatus::Processing;
                after.approval_id = self.command.step.approval().or(after.approval_id);
            }
            Step::Complete(_) => self.complete(&mut change, &mut after)?,
            Step::Fail { error } => self.end(&mut change, &mut after, OperationStatus::Failed, Some(error)),
            Step::Cancel { reason } => {
                self.end(
                    &mut change,
                    &mut after,
                    OperationStatus::Cancelled,
                    reason.as_ref(),
                );
            }
            Step::MarkUnknown { error } => {
                after.status = OperationStatus::Unknown;
                after.error = Some(error.clone());
            }
            Step::Resolve {
                completed,
                evidence,
                approval,
                ..
            } => {
                self.approve_resolution(&mut change)?;
                after.approval_id = approval.or(after.approval_id);
                after.evidence = Some(evidence.clone());
                if *completed {
                    self.complete(&mut change, &mut after)?;
                } else {
                    self.end(
                        &mut change,
                        &mut after,
                        OperationStatus::Failed,
                        row.error.as_ref(),
                    );
                }
            }
            Step::Release { reason } => {
                let captured = row.captured.is_some_and(Amount::is_positive);
                let status = if captured {
                    OperationStatus::Completed
                } else {
                    OperationStatus::Cancelled
                };
                self.end(&mut change, &mut after, status, reason.as_ref());
            }
        }
        change.alter(self.before, after.clone());
        outputs::claim(&mut change, self.facts, Some(row), &after);
        let draft = change.draft(self.command.step.action().name, "operation", after.id);
        Ok(self.decided(after, draft))
    }

    fn decided(&self, operation: Operation, draft: Draft) -> Decision {
        let state = OperationState {
            operation,
            version: self.before.version + 1,
            replayed: false,
        };
        Decision::one(Reply::Operations(vec![state]), draft)
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
