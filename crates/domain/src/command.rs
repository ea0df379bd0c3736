//! Commands: every way to change anything.
//!
//! A command is a type that says of itself all there is to know, as an [`Act`], in a file of its own or beside its twin.
//! [`commands!`] is the one list of them: it makes [`Command`] and passes each question on.

use crate::code::{self, Code, Codes};
use std::fmt::Debug;

use uuid::Uuid;

use crate::act::{Act, By, Unmade};
use crate::action::{Action, Demand};
use crate::approval::{
    CastVote, ExpireApprovals, ReportOutcome, RequestApproval, SaltApprovals, UseApproval, WithdrawApproval,
};
use crate::audit::erase::EraseEntries;
use crate::audit::export_key::ExportKey;
use crate::audit::hold::{CreateHold, ReleaseHold};
use crate::audit::prune::PruneEntries;
use crate::audit::record_events::RecordEvents;
use crate::audit::restore::AcknowledgeRestore;
use crate::context::{Caller, Context};
use crate::custody::asset::CreateAsset;
use crate::custody::balance::ConfigureBalance;
use crate::custody::destination::{AddDestination, RemoveDestination};
use crate::custody::kyc::{ApproveKyc, CheckDocument, ExpireKyc, RejectKyc, RevokeKyc, SubmitKyc};
use crate::custody::operation::steps::{
    CancelOperation, CaptureOperation, CompleteOperation, FailOperation, MarkOperationUnknown,
    ReleaseOperation, ReportOperation, ResolveOperation, StartOperation,
};
use crate::custody::operation::{CreateLinked, CreateOperation, ExpireOperations};
use crate::custody::sum::KeepSums;
use crate::decision::{Decision, Draft};
use crate::governance::agent::{CreateAgent, DisableAgent, EnableAgent, UpdateAgent};
use crate::identity::api_key::{CreateApiKey, RevokeApiKey, RotateApiKey};
use crate::identity::invitation::{AcceptInvitation, InviteUser};
use crate::identity::login::LogIn;
use crate::identity::second_factor::{
    ConfirmSecondFactor, EnrolSecondFactor, RemoveSecondFactor, RenewRecoveryCodes, ResetSecondFactor,
};
use crate::identity::security_event::SecurityEvent;
use crate::identity::session::{EndSession, EndSessionsOf, RenewSession};
use crate::identity::user::{
    ChangePassword, CreateUser, DisableUser, EnableUser, EraseUser, ImportUser, RecoverUser, ResetPassword,
    SetRole, UpdateUser,
};
use crate::identity::{Authority, Must, Principal, Rules};
use crate::looks::Needs;
use crate::refusal::{Refusal, RefusalKind};
use crate::tables::Facts;
use crate::upkeep::{RecordJob, RunJob};
use crate::workflow::conversation::{CreateConversation, EndConversation, UpdateConversation};
use crate::workflow::execution::{
    CancelExecution, CompleteExecution, ExpireExecutions, FailExecution, StartExecution,
};
use crate::workflow::metric::RecordMetrics;
use crate::workflow::step::RecordSteps;
use crate::workflow::trace::ObserveTrace;

/// Makes the enum of commands, and the only matches over it.
macro_rules! commands {
    (@held $name:ident) => { $name };
    (@held $name:ident $holder:ident) => { $holder<$name> };
    ($($name:ident $(in $holder:ident)?),* $(,)?) => {
        /// A change that someone asks for.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Command { $(
            #[doc = concat!("[`", stringify!($name), "`]")]
            $name(commands!(@held $name $($holder)?)),
        )* }

        $(impl From<$name> for Command {
            fn from(command: $name) -> Command { Command::$name(command.into()) }
        })*

        /// Every verb with what a command of it can be refused with. A verb of several commands is there for each.
        static ACTS: &[(&Action, Codes)] = &[$((<$name as Act>::ACTION, <$name as Act>::REFUSALS)),*];

        impl Command {
            /// The verb, and what it takes.
            pub fn action(&self) -> &'static Action {
                match self { $(Command::$name(_) => <$name as Act>::ACTION),* }
            }

            /// Whether it may change what a credential is good for, so that nothing known of callers may be used any
            /// more. A new credential changes no other, and a session that goes on was good before.
            pub fn changes_access(&self) -> bool {
                match self { $(Command::$name(_) => <$name as Act>::CHANGES_ACCESS),* }
            }

            /// How many entries it may append, for bounding a batch.
            pub fn weight(&self) -> usize {
                match self { $(Command::$name(command) => command.weight()),* }
            }

            /// How many entries it brings whose ids are the caller's own.
            pub fn own_ids(&self) -> usize {
                match self { $(Command::$name(command) => command.own_ids()),* }
            }

            /// What it is about, where that is one thing that Probity made.
            fn target(&self) -> Option<(&'static str, Uuid)> {
                match self { $(Command::$name(command) => command.target()),* }
            }

            /// What it can be refused with, beside what its demand refuses.
            pub fn refusals(&self) -> Codes {
                match self { $(Command::$name(_) => <$name as Act>::REFUSALS),* }
            }

            fn own_needs(&self, rules: &Rules, needs: &mut Needs) {
                match self { $(Command::$name(command) => command.needs(rules, needs)),* }
            }

            fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
                match self { $(Command::$name(command) => command.decide(facts, by, ctx)),* }
            }

            fn unmade(&self, facts: &Facts, refusal: &Refusal) -> Unmade {
                match self { $(Command::$name(command) => command.unmade(facts, refusal)),* }
            }
        }
    };
}

commands! {
    RecordEvents, EraseEntries, PruneEntries, CreateHold, ReleaseHold, AcknowledgeRestore, ExportKey,
    RunJob, RecordJob,
    CreateUser, ImportUser, InviteUser, UpdateUser, SetRole, EnableUser, DisableUser, ResetPassword, RecoverUser,
    ResetSecondFactor, EraseUser,
    AcceptInvitation, LogIn, ChangePassword,
    EnrolSecondFactor, ConfirmSecondFactor, RemoveSecondFactor, RenewRecoveryCodes,
    RenewSession, EndSession, EndSessionsOf,
    CreateApiKey, RotateApiKey, RevokeApiKey,
    SecurityEvent,
    CreateAsset, ConfigureBalance, KeepSums,
    CreateOperation in Box, CreateLinked, ExpireOperations,
    ReportOperation in Box, StartOperation in Box, CompleteOperation in Box, FailOperation in Box,
    CancelOperation in Box, MarkOperationUnknown in Box, ResolveOperation in Box, CaptureOperation in Box,
    ReleaseOperation in Box,
    SubmitKyc, CheckDocument, ApproveKyc, RejectKyc, RevokeKyc, ExpireKyc,
    AddDestination, RemoveDestination,
    CreateConversation, UpdateConversation, EndConversation,
    CreateAgent, UpdateAgent, DisableAgent, EnableAgent,
    StartExecution in Box, CompleteExecution, FailExecution, CancelExecution, ExpireExecutions, RecordSteps,
    ObserveTrace in Box, RecordMetrics,
    RequestApproval, CastVote, WithdrawApproval, UseApproval, ReportOutcome, ExpireApprovals, SaltApprovals,
}

impl Command {
    fn may_refuse(&self, name: &str) -> bool {
        let demanded = self.action().demand.refusals();
        self.refusals()
            .iter()
            .chain(demanded)
            .any(|code| code.name == name)
    }

    /// Adds the rows that `caller` and the command need.
    pub fn needs(&self, caller: &Caller, rules: &Rules, needs: &mut Needs) {
        needs.caller(caller);
        self.own_needs(rules, needs);
    }
}

/// What commands of a verb can be refused with, beside what its demand refuses; each code once.
pub fn refusals(action: &Action) -> Vec<&'static Code> {
    let of_verb = ACTS.iter().filter(|(other, _)| other.name == action.name);
    let mut codes: Vec<&Code> = Vec::new();
    for code in of_verb.flat_map(|(_, codes)| codes.iter().copied()) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// Authorises and decides. The refusal comes with the entry that records it, unless nobody was identified or it is the
/// answer to what was refused and recorded before.
pub fn decide(
    facts: &Facts,
    caller: &Caller,
    command: &Command,
    ctx: &Context,
) -> Result<Decision, (Refusal, Option<Box<Draft>>)> {
    let who = Principal::of(caller, facts, ctx.now).map_err(|refusal| (refusal, None))?;
    let decided = authorise(&who, command.action().demand).and_then(|authority| {
        let by = By::new(&who, &authority);
        command.decide(facts, &by, ctx)
    });
    decided.map_err(|refusal| {
        debug_assert!(
            command.may_refuse(refusal.code),
            "{} is refused with {}, which it does not name",
            command.action().name,
            refusal.code
        );
        let draft =
            (refusal.before.is_none()).then(|| Box::new(refusal_draft(facts, &who, command, &refusal, ctx)));
        (refusal, draft)
    })
}

/// What the command's demand allows; where it depends on whose the thing is, the command itself looks.
fn authorise(who: &Principal, demand: Demand) -> Result<Authority, Refusal> {
    match demand {
        Demand::Permission(permission) => who.authorise(permission),
        Demand::OwnOr(..) | Demand::OwnSessionOr(_) | Demand::Vote(..) => {
            who.good().map(|()| who.without_authority())
        }
        Demand::SecondFactor if who.must() == Some(Must::ChangePassword) => who.session_in_full(),
        Demand::Session | Demand::SecondFactor => who.session(),
        Demand::Credentials | Demand::System if who.is_local() => Ok(who.without_authority()),
        Demand::Credentials | Demand::System => {
            Err(code::INTERNAL_COMMAND.because("only Probity itself does this"))
        }
    }
}

/// The entry that records a refusal: what was asked for, and why not. It repeats nothing of the input but the field's path,
/// and what the command says of what was not made.
fn refusal_draft(
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
    let mut unmade = command.unmade(facts, refusal);
    details.0.append(&mut unmade.details);
    payload.details = Some(details);
    // Its own purpose numbers keep these ids and salts apart from those of the decision that did not come to be.
    let (id, salt) = (ctx.id(u32::MAX), ctx.salt(u32::MAX));
    let authority = who.without_authority();
    let mut draft = Draft::new(id, who, &authority, command.action().refused, salt, &payload);
    draft.outcome = match refusal.kind {
        RefusalKind::Invalid
        | RefusalKind::NotFound
        | RefusalKind::Conflict
        | RefusalKind::Precondition
        | RefusalKind::Unprocessable => evidence::Outcome::Failed,
        RefusalKind::Unauthenticated | RefusalKind::Forbidden | RefusalKind::TooMany => {
            evidence::Outcome::Refused
        }
    };
    // The same id again is to get the same answer: the entry that says so has that id.
    draft.id = unmade.id.unwrap_or(draft.id);
    // An id that is not there is whatever the caller wrote, and does not belong in a leaf. What was not made has no id: it
    // is found by the user whom it was about.
    match (command.target(), unmade.about) {
        (Some((kind, id)), _) if facts.has(kind, id) => draft.on(kind, id),
        (None, Some(user)) => draft.on("user", user),
        _ => draft,
    }
}

#[cfg(test)]
#[path = "refused_tests.rs"]
mod refused;
#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
