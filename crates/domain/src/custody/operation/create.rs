//! Making operations: what is asked for, the checks in their order, and the movement or hold.
//!
//! The order of the checks is the one of the table in `docs/custody.md`.

use super::movement::Found;
use super::new::CreateOperation;
use super::replay::{Credit, Found as Known};
use super::threshold::Demanded;
use super::transactions::Transactions;
use super::{
    Operation, OperationKind, OperationStatus, expire, input, limits, movement, outputs, replay, results,
    threshold, unmade,
};
use crate::custody::{Amount, Asset, Balance, asset};
use crate::prelude::*;

/// Checks that the caller may do this: anything with `custody:write`, and from one's own balance with `custody:own`.
fn authorise(command: &CreateOperation, who: &Principal) -> Result<Authority, Refusal> {
    let refused = match who.authorise(Permission::CustodyWrite) {
        Ok(authority) => return Ok(authority),
        Err(refused) => refused,
    };
    let own = who.actor_id.is_some() && command.debit.user() == who.actor_id;
    let kinds = [OperationKind::Transfer, OperationKind::Withdrawal];
    if own && kinds.contains(&command.kind) && command.outputs().is_empty() {
        return who.authorise(Permission::CustodyOwn);
    }
    Err(refused)
}

/// What a command needs to have checked before it is decided.
struct Checked<'a> {
    asset: &'a Asset,
    debit: Found<'a>,
    credit: Found<'a>,
    limited: Option<Uuid>,
    /// What the approval of others is needed for; a withdrawal needs it when it is started, not here.
    demanded: Option<Demanded>,
}

/// The checks that depend on the state of things, in their order.
fn check_state<'a>(
    facts: &'a Facts,
    command: &CreateOperation,
    ctx: &Context,
) -> Result<Checked<'a>, Refusal> {
    let asset_id = command.debit.asset;
    let asset = &facts
        .assets
        .get(&asset_id)
        .ok_or_else(|| asset::unknown(asset_id))?
        .row;
    let debit = movement::find(facts, command.debit, "debit", ctx)?;
    let credit = movement::find(facts, command.credit, "credit", ctx)?;
    if let Some(reverses) = command.reverses {
        check_reversal(facts, command, reverses)?;
    }
    if let Some(id) = command.destination {
        check_destination(facts, command, id, ctx.now)?;
    }
    movement::check_open(debit.row(), "debit")?;
    movement::check_open(credit.row(), "credit")?;
    let accounts = (command.debit, command.credit);
    // Read before a limit is applied: what cannot be read comes first.
    let demanded = match command.kind {
        OperationKind::Withdrawal => None,
        kind => threshold::above_threshold(facts, asset, kind, command.amount)?,
    };
    let limited = limits::check(facts, asset, command.kind, accounts, command.amount, ctx.now)?;
    Ok(Checked {
        asset,
        debit,
        credit,
        limited,
        demanded,
    })
}

fn check_reversal(facts: &Facts, command: &CreateOperation, reverses: Uuid) -> Result<(), Refusal> {
    let conflict = |code: &Code, message: String| Err(code.because(message).field("reverses"));
    let Some(original) = facts.operations.get(&reverses) else {
        return Err(code::UNKNOWN_OPERATION.absent(format_args!("operation {reverses}"), "reverses"));
    };
    let original = &original.row;
    if let Some(reversal) = facts.operations.reversal_of(reverses) {
        let message = format!(
            "operation {reverses} was reversed already, by {}",
            reversal.row.id
        );
        return conflict(&code::ALREADY_REVERSED, message);
    }
    if original.debit_posted.is_none() || original.kind == OperationKind::Reversal {
        let message = format!(
            "operation {reverses} moved nothing, or is a reversal itself: a completed movement can be reversed, once"
        );
        return conflict(&code::NOT_REVERSIBLE, message);
    }
    let same = original.amount == command.amount
        && original.credit_id == command.debit.id()
        && original.debit_id == command.credit.id();
    if !same {
        let message = "a reversal moves the same amount back between the same balances".to_owned();
        return conflict(&code::REVERSAL_DIFFERS, message);
    }
    Ok(())
}

fn check_destination(
    facts: &Facts,
    command: &CreateOperation,
    id: Uuid,
    now: Timestamp,
) -> Result<(), Refusal> {
    let known = facts.destinations.get(&id).map(|sealed| &sealed.row);
    let own = known.filter(|known| {
        Some(known.user_id) == command.debit.user()
            && known.asset_id == command.debit.asset
            && known.removed_at.is_none()
    });
    let Some(destination) = own else {
        let message = format!("the user has no destination {id} for this asset");
        return Err(code::UNKNOWN_DESTINATION.because(message).field("destination"));
    };
    if destination.usable_at <= now {
        return Ok(());
    }
    let message = format!(
        "the destination is new and can be used from {} on",
        destination.usable_at
    );
    let rule = BrokenRule {
        rule: format!(
            "a new destination is used after {} only",
            limits::duration(facts.rules.custody.cooling_off_s)
        ),
        limit: Some(destination.usable_at.to_string()),
        lifted_by: "time: the cooling-off time is the installation's configuration".to_owned(),
        ..BrokenRule::default()
    };
    Err(code::DESTINATION_COOLING_OFF
        .because(message)
        .field("destination")
        .by(rule))
}

impl Act for CreateOperation {
    act! { action: OPERATION_CREATE, changes_access: false, target: none, refusals: = results::CREATE_CODES }

    fn needs(&self, rules: &Rules, needs: &mut Needs) {
        needs.row(&looks::ASSET, self.debit.asset);
        let (debit, credit) = (self.debit.id(), self.credit.id());
        needs.rows(&looks::BALANCE, [debit, credit]);
        needs.row(&looks::DUE_OF, debit);
        // Their rows will count the balance: two that only relied on one would wait for each other.
        needs.rows(&looks::USER, &self.opens);
        let first = self.request.map(|request| request.first);
        for id in self.id.into_iter().chain(first) {
            needs.row(&looks::OPERATION, id);
            needs.row(&looks::ENTRY, id);
        }
        if let Some(reverses) = self.reverses {
            needs.row(&looks::OPERATION, reverses);
            needs.row(&looks::REVERSALS_OF, reverses);
        }
        for key in self.outputs() {
            needs.hash(&key.tx_hash, self.evidence.is_some());
        }
        needs.rows(&looks::DESTINATION, self.destination);
        needs.approvals(self.approval);
        if !rules.custody.limits.is_empty()
            && let Some((user, account)) = limits::subject(self.kind, self.debit, self.credit)
        {
            needs.row(&looks::KYC_RECORDS_OF, user);
            needs.row(&looks::COUNTED_OF, account.id());
        }
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (state, drafts) = create_one(facts, self, None, by.who, ctx)?;
        Ok(Decision {
            reply: Reply::Operations(vec![state]),
            drafts,
        })
    }

    fn unmade(&self, facts: &Facts, refusal: &Refusal) -> Unmade {
        unmade::of(facts, self, refusal, self.id)
    }
}

pub(super) fn create_one(
    facts: &Facts,
    command: &CreateOperation,
    link: Option<Uuid>,
    who: &Principal,
    ctx: &Context,
) -> Result<(OperationState, Vec<Draft>), Refusal> {
    let authority = authorise(command, who)?;
    let credit = match replay::find(facts, command, who, ctx.now)? {
        Known::Again(known) => return Ok((*known, Vec::new())),
        Known::New(credit) => credit,
    };
    input::check(command, credit.again, ctx.now)?;
    // What the clock has released is released first, each with an entry of its own.
    let (expired, facts) = expire::due(facts, command.debit.id(), ctx);
    let made =
        decide_new(&facts, command, (link, credit), (who, &authority), ctx).map_err(results::finalise)?;
    let mut drafts = expired;
    let (state, draft) = made;
    drafts.push(draft);
    Ok((state, drafts))
}

fn decide_new(
    facts: &Facts,
    command: &CreateOperation,
    (link, credit): (Option<Uuid>, Credit),
    (who, authority): (&Principal, &Authority),
    ctx: &Context,
) -> Result<(OperationState, Draft), Refusal> {
    let mut checked = check_state(facts, command, ctx)?;
    if credit.again {
        checked.demanded = Some(threshold::credited_again(checked.demanded));
    }
    let mut change = Change::new(&By::new(who, authority), ctx);
    let wanted = threshold::Use {
        approval: command.approval,
        action: action::OPERATION_CREATE.name,
        arguments: &|| command.arguments(),
    };
    threshold::approve(
        &mut change,
        facts,
        checked.demanded.clone(),
        &wanted,
        who,
        ctx.now,
    )?;
    let operation = new_operation(command, (link, credit), &checked, who, ctx);
    let (debit, credit) = (checked.debit.row(), checked.credit.row());
    let operation = if command.waits {
        let held = movement::hold(debit, checked.asset, command.amount)?;
        put(&mut change, &checked.debit, held);
        // Opened with the hold, so that what comes later finds it.
        if let Found::New(credit) = &checked.credit {
            change.insert(Balance::clone(credit));
        }
        operation
    } else {
        let (debited, credited) = movement::transfer(debit, credit, checked.asset, command.amount)?;
        let moved = Operation {
            status: OperationStatus::Completed,
            held: Amount::ZERO,
            debit_posted: Some(debited.posted),
            credit_posted: Some(credited.posted),
            ..operation
        };
        put(&mut change, &checked.debit, debited);
        put(&mut change, &checked.credit, credited);
        moved
    };
    change.insert(operation.clone());
    outputs::claim(&mut change, facts, None, &operation);
    let mut draft = change.draft(action::OPERATION_CREATE.name, "operation", operation.id);
    draft.id = operation.id;
    let state = OperationState {
        operation,
        version: 1,
        replayed: false,
    };
    Ok((state, draft))
}

/// Writes a balance as it is after the operation.
pub(super) fn put(change: &mut Change<'_>, before: &Found<'_>, after: Balance) {
    match before {
        Found::There(before) => change.alter(before, after),
        Found::New(_) => change.insert(after),
    }
}

fn new_operation(
    command: &CreateOperation,
    (link, credit): (Option<Uuid>, Credit),
    checked: &Checked<'_>,
    who: &Principal,
    ctx: &Context,
) -> Operation {
    Operation {
        id: command.id.unwrap_or_else(|| ctx.id(0)),
        kind: command.kind,
        status: OperationStatus::Pending,
        asset_id: command.debit.asset,
        debit_id: command.debit.id(),
        credit_id: command.credit.id(),
        amount: command.amount,
        waits: command.waits.then_some(true),
        held: command.amount,
        captured: (command.waits && command.kind == OperationKind::Transfer).then_some(Amount::ZERO),
        debit_posted: None,
        credit_posted: None,
        parent_id: None,
        replaces_id: credit.replaces,
        reverses_id: command.reverses,
        link_id: link,
        destination_id: command.destination,
        approval_id: command.approval,
        chain: command.chain.clone(),
        tx_hash: command.canonical_hash(),
        output: command.output,
        block: command.block,
        confirmations: command.confirmations,
        transactions: (!command.transactions.is_empty())
            .then(|| Transactions::canonical(&command.transactions)),
        error: None,
        evidence: command.evidence.clone(),
        limited_id: checked.limited,
        request: command.request.map(|request| request.digest.to_vec()),
        reference: command.reference.clone(),
        metadata: command.metadata.clone(),
        created_by: who.actor_id,
        created_at: ctx.now,
        updated_at: ctx.now,
        expires_at: command.expires_at,
    }
}
