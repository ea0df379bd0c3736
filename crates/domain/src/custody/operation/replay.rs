//! The same again: an operation that is there under the same id, or that reports the same output of a transaction.

use crate::{code, own_id};
use evidence::payload::Payload;
use evidence::time::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::outputs::{self, Holder};
use super::transactions::Transactions;
use super::{CreateOperation, Operation};
use crate::audit::known::KnownEntry;
use crate::custody::{Balance, Owner};
use crate::decision::OperationState;
use crate::identity::{Permission, Principal};
use crate::record::Sealed;
use crate::refusal::{BrokenRule, Refusal};
use crate::tables::Facts;

/// SHA-256 of what is asked for, by which a refused request is known again.
pub(crate) fn content(command: &CreateOperation) -> String {
    evidence::json::hex(&Sha256::digest(command.arguments()))
}

/// What an operation has to do with those that had its outputs before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Credit {
    /// The one that came to nothing or was reversed.
    pub replaces: Option<Uuid>,
    /// Whether it was completed and reversed, so that more is needed than that its output is free.
    pub again: bool,
}

/// What a command asks for.
pub(super) enum Found {
    /// It is there.
    Again(Box<OperationState>),
    /// It is new.
    New(Credit),
}

fn again(sealed: &Sealed<Operation>) -> Found {
    Found::Again(Box::new(OperationState {
        operation: sealed.row.clone(),
        version: sealed.version,
        replayed: true,
    }))
}

/// The operation that a command asks for, where it is there; an error where the same id means something else, or was
/// refused before.
pub(super) fn find(
    facts: &Facts,
    command: &CreateOperation,
    who: &Principal,
    now: Timestamp,
) -> Result<Found, Refusal> {
    if let Some(request) = command.request {
        check_request(facts, request.first, &request.digest)?;
    }
    if let Some(id) = command.id {
        if let Some(known) = facts.operations.get(&id) {
            return match difference(&known.row, command) {
                None => Ok(again(known)),
                Some(field) => Err(conflict(&known.row, field, who)),
            };
        }
        if let Some(entry) = facts.entries.get(&id) {
            return Err(refused_before(entry, command, who));
        }
    }
    reported(facts, command, now)
}

/// The refusal of an id that is another operation's: what differs is told to callers who may read that operation.
pub(super) fn conflict(known: &Operation, field: &str, who: &Principal) -> Refusal {
    let is_own = |user: Uuid| {
        let balance = Balance::id_of(known.asset_id, Owner::User(user));
        known.created_by == Some(user) || known.debit_id == balance || known.credit_id == balance
    };
    let may_read = reads_all(who) || who.actor_id.is_some_and(is_own);
    own_id::conflict_seen(may_read, "operation", known.id, field)
}

/// The refusal of an id that an entry has.
pub(super) fn taken(entry: &KnownEntry, who: &Principal) -> Refusal {
    own_id::conflict_seen(who.holds(Permission::AuditRead), "entry", entry.id, "action")
}

fn reads_all(who: &Principal) -> bool {
    who.holds(Permission::CustodyRead) || who.holds(Permission::CustodyWrite)
}

/// What was reported of the same outputs before.
fn reported(facts: &Facts, command: &CreateOperation, now: Timestamp) -> Result<Found, Refusal> {
    let mut credit = Credit::default();
    for (key, position) in command.outputs().iter().zip(0_usize..) {
        let field = if position == 0 { "output" } else { "transactions" };
        let known = match outputs::holder(facts, key, now) {
            Holder::Nobody(before) => {
                outputs::check_overlap(facts, key, command.kind, now)?;
                credit.replaces = credit.replaces.or(before);
                continue;
            }
            Holder::Reversed(known) if command.evidence.is_some() => {
                credit.replaces = credit.replaces.or(Some(known.row.id));
                credit.again = true;
                continue;
            }
            Holder::Reversed(known) | Holder::Taken(known) => known,
        };
        // Whoever names it beside another transaction asked for something else.
        if position > 0 || known.row.first_output().as_ref() != Some(key) {
            return Err(outputs::taken(key, known, field, ""));
        }
        // Block and confirmations grow; they do not make it another output.
        return match difference(&known.row, command) {
            None => Ok(again(known)),
            Some(field) => Err(outputs::taken(
                key,
                known,
                field,
                &format!(", with another {field}"),
            )),
        };
    }
    Ok(Found::New(credit))
}

/// The first field in which an operation is not what a command asks for.
fn difference(known: &Operation, command: &CreateOperation) -> Option<&'static str> {
    // A pending one may have got its transaction since.
    let later = command.tx_hash.is_none() && command.waits;
    // Spelt otherwise it is the same chain and hash.
    let known_output = known.first_output();
    let same = later || known_output.is_some() && known_output == command.first_output();
    let further = Transactions(command.transactions.clone());
    let same_further = later || further.same_outputs(known.transactions.as_ref());
    // What is said of one whose fate was not known takes the place of what was said when it was made.
    let same_evidence = command.waits || known.evidence == command.evidence;
    let fields = [
        ("kind", known.kind == command.kind),
        ("asset", known.asset_id == command.debit.asset),
        ("debit", known.debit_id == command.debit.id()),
        ("credit", known.credit_id == command.credit.id()),
        ("amount", known.amount == command.amount),
        ("pending", known.waits == command.waits.then_some(true)),
        ("expires_at", known.expires_at == command.expires_at),
        // A part that was captured is never what a command makes.
        ("id", known.parent_id.is_none()),
        ("reverses", known.reverses_id == command.reverses),
        ("destination", known.destination_id == command.destination),
        ("chain", same || known.chain == command.chain),
        ("tx_hash", same || known.tx_hash == command.tx_hash),
        ("output", later || known.output == command.output),
        ("transactions", same_further),
        ("evidence", same_evidence),
        ("reference", known.reference == command.reference),
        ("metadata", known.metadata == command.metadata),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

/// Refuses a key that came with another request before.
fn check_request(facts: &Facts, first: Uuid, digest: &[u8; 32]) -> Result<(), Refusal> {
    let made = facts.operations.get(&first);
    let same = match (made, facts.entries.get(&first)) {
        (Some(made), _) => made.row.request.as_deref() == Some(digest),
        (None, Some(entry)) => refused_details(entry).is_none_or(|details| {
            text(&details, "request").as_deref() == Some(&*evidence::json::hex(digest))
        }),
        (None, None) => true,
    };
    if same {
        return Ok(());
    }
    let message = "this Idempotency-Key came with another request before; use a new key for a new request";
    Err(code::IDEMPOTENCY_KEY_REUSED
        .because(message)
        .field("Idempotency-Key"))
}

type Details = serde_json::Map<String, serde_json::Value>;

fn text(details: &Details, name: &str) -> Option<String> {
    details.get(name)?.as_str().map(str::to_owned)
}

fn refused_details(entry: &KnownEntry) -> Option<Details> {
    let payload = Payload::parse(entry.payload.as_deref()?).ok()?;
    payload.details.map(|details| details.0)
}

/// The answer to an id that is an entry's, but no operation's: it was refused before, or is something else.
fn refused_before(entry: &KnownEntry, command: &CreateOperation, who: &Principal) -> Refusal {
    let id = entry.id;
    if entry.action != crate::action::OPERATION_CREATE.name {
        return taken(entry, who);
    }
    // Somebody else's request is nobody's business.
    let own = who.actor_id.is_some() && entry.actor_id == who.actor_id;
    if !own && !reads_all(who) {
        return own_id::taken(id);
    }
    let Some(details) = refused_details(entry) else {
        let message = format!("operation {id} was refused before; why was erased since");
        return before(message, entry);
    };
    // The same request, all of it: what is remembered may be of another operation of its chain.
    let same = command.request.is_some_and(|request| {
        text(&details, "request").as_deref() == Some(&*evidence::json::hex(&request.digest))
    });
    if !same && text(&details, "content").is_some_and(|before| before != content(command)) {
        let message = format!("operation {id} was asked for with other content before, and refused");
        return code::ID_CONFLICT.because(message).field("id");
    }
    again_refused(&details, entry)
        .unwrap_or_else(|| before(format!("operation {id} was refused before"), entry))
}

/// The answer that is left of one that cannot be given again.
fn before(message: String, entry: &KnownEntry) -> Refusal {
    Refusal {
        before: Some(Box::new(entry.again())),
        ..code::REFUSED_BEFORE.because(message)
    }
}

/// A field's path without the position that it had in the list that was refused: who sends it again gives its own.
fn without_position(field: &str) -> &str {
    match field.strip_prefix('[').and_then(|rest| rest.split_once("].")) {
        Some((_, field)) => field,
        None if field.starts_with('[') => "",
        None => field,
    }
}

/// The refusal that an entry records.
fn again_refused(details: &Details, entry: &KnownEntry) -> Option<Refusal> {
    let code = code::find(&text(details, "code")?)?;
    let mut refusal = code.because(text(details, "message")?);
    refusal.before = Some(Box::new(entry.again()));
    let position = details.get("position").and_then(serde_json::Value::as_u64);
    refusal.position = position.and_then(|position| u16::try_from(position).ok());
    refusal.field = text(details, "field")
        .map(|field| without_position(&field).to_owned())
        .filter(|field| !field.is_empty());
    if let Some(rule) = text(details, "rule") {
        refusal = refusal.by(BrokenRule {
            rule,
            limit: text(details, "limit"),
            remaining: text(details, "remaining"),
            lifted_by: text(details, "lifted_by").unwrap_or_default(),
        });
    }
    Some(refusal)
}
