//! Commands: every way to change anything.

use uuid::Uuid;

use crate::audit::erase::{self, EraseEntries};
use crate::audit::record_events::{self, RecordEvents};
use crate::audit::restore::{self, AcknowledgeRestore};
use crate::context::{Caller, Context};
use crate::decision::{Decision, Draft};
use crate::facts::{Facts, Needs};
use crate::identity::api_key::{self, CreateApiKey};
use crate::identity::user::{self, CreateUser};
use crate::identity::{Permission, Principal};
use crate::refusal::{Refusal, RefusalKind};

/// A change that someone asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Record events.
    RecordEvents(RecordEvents),
    /// Erase payloads.
    EraseEntries(EraseEntries),
    /// Acknowledge a restore.
    AcknowledgeRestore(AcknowledgeRestore),
    /// Make a user.
    CreateUser(CreateUser),
    /// Make an API key.
    CreateApiKey(CreateApiKey),
    /// Revoke the API key of this id.
    RevokeApiKey(Uuid),
}

impl Command {
    /// The verb, as entries about it name it.
    pub fn action(&self) -> &'static str {
        match self {
            Command::RecordEvents(_) => "audit.append",
            Command::EraseEntries(_) => "audit.erase",
            Command::AcknowledgeRestore(_) => "log.acknowledge_restore",
            Command::CreateUser(_) => "user.create",
            Command::CreateApiKey(_) => "api_key.create",
            Command::RevokeApiKey(_) => "api_key.revoke",
        }
    }

    /// The permission it takes.
    pub fn permission(&self) -> Permission {
        match self {
            Command::RecordEvents(_) => Permission::AuditWrite,
            Command::EraseEntries(_) => Permission::AuditErase,
            Command::AcknowledgeRestore(_) => Permission::LogRestore,
            Command::CreateUser(_) => Permission::UsersWrite,
            Command::CreateApiKey(_) | Command::RevokeApiKey(_) => Permission::ApiKeysWrite,
        }
    }

    /// How many entries it may append, for bounding a batch.
    pub fn weight(&self) -> usize {
        match self {
            Command::RecordEvents(command) => command.events.len().max(1),
            _ => 1,
        }
    }

    /// Adds the rows that `caller` and the command need.
    pub fn needs(&self, caller: &Caller, needs: &mut Needs) {
        if let Caller::ApiKey(id) = caller {
            needs.callers.insert(*id);
        }
        match self {
            Command::RecordEvents(command) => {
                let own = command.events.iter().filter(|event| event.own_id);
                needs.entry_ids.extend(own.map(|event| event.id));
            }
            Command::EraseEntries(command) => needs.entry_indexes.extend(command.entries.iter().copied()),
            Command::AcknowledgeRestore(_) => {}
            Command::CreateUser(command) => needs.username(&command.username),
            Command::CreateApiKey(command) => needs.username(&command.owner),
            Command::RevokeApiKey(id) => drop(needs.api_keys.insert(*id)),
        }
    }
}

/// Authorises and decides. The refusal comes with the entry that records it, unless nobody was identified.
pub fn decide(
    facts: &Facts,
    caller: &Caller,
    command: &Command,
    ctx: &Context,
) -> Result<Decision, (Refusal, Option<Box<Draft>>)> {
    let who = Principal::of(caller, facts, ctx.now).map_err(|refusal| (refusal, None))?;
    decide_authorised(facts, &who, command, ctx).map_err(|refusal| {
        let draft = refusal_draft(&who, command, &refusal, ctx);
        (refusal, Some(Box::new(draft)))
    })
}

fn decide_authorised(
    facts: &Facts,
    who: &Principal,
    command: &Command,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    let authority = who.authorise(command.permission())?;
    match command {
        Command::RecordEvents(command) => record_events::record(facts, command, who, &authority, ctx),
        Command::EraseEntries(command) => erase::erase(facts, command, who, &authority, ctx),
        Command::AcknowledgeRestore(command) => restore::acknowledge(command, who, &authority, ctx),
        Command::CreateUser(command) => user::create(facts, command, who, &authority, ctx),
        Command::CreateApiKey(command) => api_key::create(facts, command, who, &authority, ctx),
        Command::RevokeApiKey(id) => api_key::revoke(facts, *id, who, &authority, ctx),
    }
}

/// The entry that records a refusal: what was asked for, and why not. It repeats nothing of the input but the field's path.
fn refusal_draft(who: &Principal, command: &Command, refusal: &Refusal, ctx: &Context) -> Draft {
    let mut payload = who.payload(ctx);
    let mut details = evidence::json::StrictObject::default();
    details.0.insert("code".into(), refusal.code.into());
    details
        .0
        .insert("permission".into(), command.permission().as_str().into());
    if let Some(field) = &refusal.field {
        details.0.insert("field".into(), field.as_str().into());
    }
    payload.details = Some(details);
    // Its own purpose numbers keep these ids and salts apart from those of the decision that did not come to be.
    let (id, salt) = (ctx.id(u32::MAX), ctx.salt(u32::MAX));
    let authority = who.without_authority();
    let mut draft = Draft::new(id, who, &authority, command.action(), salt, &payload);
    draft.outcome = match refusal.kind {
        RefusalKind::Invalid | RefusalKind::NotFound | RefusalKind::Conflict => evidence::Outcome::Failed,
        RefusalKind::Unauthenticated | RefusalKind::Forbidden => evidence::Outcome::Refused,
    };
    draft
}
