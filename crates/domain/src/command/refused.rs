//! The entry that records a refusal.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Command;
use crate::context::Context;
use crate::custody::Account;
use crate::custody::operation::{self, CreateOperation};
use crate::decision::Draft;
use crate::facts::Facts;
use crate::identity::Principal;
use crate::refusal::{Refusal, RefusalKind};

/// The entry that records a refusal: what was asked for, and why not. It repeats nothing of the input but the field's path.
pub(super) fn refusal_draft(
    facts: &Facts,
    who: &Principal,
    command: &Command,
    refusal: &Refusal,
    ctx: &Context,
) -> Draft {
    let mut payload = who.payload(ctx);
    let mut details = evidence::json::StrictObject::default();
    details.0.insert("code".into(), refusal.code.into());
    if let Some(permission) = command.action().demand.permission() {
        details.0.insert("permission".into(), permission.as_str().into());
    }
    if let Some(field) = &refusal.field {
        details.0.insert("field".into(), field.as_str().into());
    }
    let created = created(command, refusal);
    if let Some(created) = created {
        describe_refusal(&mut details.0, created, refusal);
    }
    if let Command::StepOperation(command) = command
        && facts.operations.get(&command.operation).is_some()
    {
        put(&mut details.0, "debit_account", Some(command.debit.words()));
        put(&mut details.0, "credit_account", Some(command.credit.words()));
    }
    let remembered = created.filter(|created| refusal.sticks && created.id.is_some());
    if let Some(created) = remembered {
        remember_refusal(&mut details.0, created, refusal);
    }
    payload.details = Some(details);
    // Its own purpose numbers keep these ids and salts apart from those of the decision that did not come to be.
    let (id, salt) = (ctx.id(u32::MAX), ctx.salt(u32::MAX));
    let authority = who.without_authority();
    let mut draft = Draft::new(id, who, &authority, command.action().refused, salt, &payload);
    draft.outcome = match refusal.kind {
        RefusalKind::Invalid | RefusalKind::NotFound | RefusalKind::Conflict | RefusalKind::Precondition => {
            evidence::Outcome::Failed
        }
        RefusalKind::Unauthenticated | RefusalKind::Forbidden | RefusalKind::TooMany => {
            evidence::Outcome::Refused
        }
    };
    // The same id again is to get the same answer: the entry that says so has that id.
    if let Some(id) = remembered.and_then(|created| id_to_keep(facts, command, created)) {
        draft.id = id;
    }
    // An id that is not there is whatever the caller wrote, and does not belong in a leaf.
    match command.target() {
        Some((kind, id)) if is_there(facts, kind, id) => draft.on(kind, id),
        // What was not made has no id: it is found by the user whom it was about.
        None => match user_about(facts, command, refusal) {
            Some(id) => draft.on("user", id),
            None => draft,
        },
        _ => draft,
    }
}

/// The user whom a command that would have made something was about, where there is that user.
fn user_about(facts: &Facts, command: &Command, refusal: &Refusal) -> Option<Uuid> {
    let there = |id: &Uuid| is_there(facts, "user", *id);
    match command {
        Command::CreateOperation(_) | Command::CreateLinked(_) => {
            let CreateOperation { debit, credit, .. } = created(command, refusal)?;
            let mut sides = [debit, credit];
            // What stood in the way was on the other side.
            if matches!(refusal.code, "credit_closed" | "above_maximum") {
                sides.reverse();
            }
            let open = |account: &&Account| facts.balances.contains_key(&account.id());
            sides.into_iter().find_map(|account| {
                let user = account.user()?;
                (open(&account) || there(&user)).then_some(user)
            })
        }
        Command::SubmitKyc(command) => Some(command.user).filter(there),
        Command::AddDestination(command) => Some(command.user).filter(there),
        Command::CreateApiKey(command) => facts.user_named(&command.owner).map(|user| user.row.id),
        _ => None,
    }
}

/// The new operation that was refused.
fn created<'a>(command: &'a Command, refusal: &Refusal) -> Option<&'a CreateOperation> {
    match command {
        Command::CreateOperation(command) => Some(command),
        Command::CreateLinked(commands) => commands.get(usize::from(refusal.position?)),
        _ => None,
    }
}

/// The id under which a refusal is remembered. A chain that came with a key is known again by its first operation, so
/// that another request with the key is seen to be another, however long it is.
fn id_to_keep(facts: &Facts, command: &Command, refused: &CreateOperation) -> Option<Uuid> {
    let first = match command {
        Command::CreateLinked(chain) if refused.request.is_some() => chain.first()?.id,
        _ => None,
    };
    let free = |id: &Uuid| facts.operations.get(id).is_none() && !facts.entries.contains_key(id);
    first.filter(free).or(refused.id)
}

fn put(details: &mut Map<String, Value>, name: &str, text: Option<String>) {
    if let Some(text) = text {
        details.insert(name.to_owned(), text.into());
    }
}

/// Who tried to move what, and which rule was in the way: without the caller's own words.
fn describe_refusal(details: &mut Map<String, Value>, created: &CreateOperation, refusal: &Refusal) {
    let CreateOperation { debit, credit, .. } = created;
    let asked = json!({
        "kind": created.kind.as_str(),
        "asset": debit.asset.to_string(),
        "debit": debit.id().to_string(),
        "credit": credit.id().to_string(),
        "debit_account": debit.words(),
        "credit_account": credit.words(),
        "amount": created.amount.to_string(),
    });
    details.insert("asked".to_owned(), asked);
    put(details, "message", Some(refusal.message.clone()));
    if let Some(rule) = &refusal.rule {
        put(details, "rule", Some(rule.rule.clone()));
        put(details, "limit", rule.limit.clone());
        put(details, "remaining", rule.remaining.clone());
        put(details, "lifted_by", Some(rule.lifted_by.clone()));
    }
}

/// What it takes to know the same question again, beside what describes the answer.
fn remember_refusal(details: &mut Map<String, Value>, created: &CreateOperation, refusal: &Refusal) {
    if let (Some(position), Some(_)) = (refusal.position, created.request) {
        details.insert("position".to_owned(), position.into());
    }
    put(details, "content", Some(operation::replay::content(created)));
    let request = created
        .request
        .map(|request| evidence::json::hex(&request.digest));
    put(details, "request", request);
}

fn is_there(facts: &Facts, kind: &str, id: Uuid) -> bool {
    match kind {
        "user" => facts.users.contains_key(&id),
        "session" => facts.sessions.contains_key(&id),
        "balance" => facts.balances.contains_key(&id),
        "operation" => facts.operations.get(&id).is_some(),
        "kyc_record" => facts.kyc_records.contains_key(&id),
        "destination" => facts.destinations.contains_key(&id),
        "approval" => facts.approvals.contains_key(&id),
        _ => facts.api_keys.contains_key(&id),
    }
}
