//! Commands: every way to change anything.

mod needs;
mod refused;

use uuid::Uuid;

use crate::action::{self, Action, Demand};
use crate::approval::{self, CastVote, RequestApproval, UseApproval};
use crate::audit::erase::{self, EraseEntries};
use crate::audit::record_events::{self, RecordEvents};
use crate::audit::restore::{self, AcknowledgeRestore};
use crate::context::{Caller, Context};
use crate::custody::asset::{self, CreateAsset};
use crate::custody::balance::{self, ConfigureBalance};
use crate::custody::destination::{self, AddDestination, RemoveDestination};
use crate::custody::kyc::{self, CheckDocument, DecideKyc, SubmitKyc};
use crate::custody::operation::{self, CreateOperation, StepOperation};
use crate::decision::{Decision, Draft};
use crate::facts::Facts;
use crate::identity::api_key::{self, CreateApiKey, RotateApiKey};
use crate::identity::invitation::{self, AcceptInvitation, InviteUser};
use crate::identity::login::{self, LogIn};
use crate::identity::second_factor::{self, ChangeSecondFactor};
use crate::identity::security_event::{self, SecurityEvent};
use crate::identity::session::{self, EndSessions};
use crate::identity::user::{
    self, ChangePassword, CreateUser, EraseUser, ResetPassword, SetActive, SetRole, UpdateUser,
};
use crate::identity::{Authority, Principal};
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
    /// Invite a user again.
    InviteUser(InviteUser),
    /// Change what a user is called.
    UpdateUser(UpdateUser),
    /// Give a user another role.
    SetRole(SetRole),
    /// Disable or enable a user.
    SetActive(SetActive),
    /// Give a user a one-time password.
    ResetPassword(ResetPassword),
    /// Remove the second factor of the user of this id.
    ResetSecondFactor(Uuid),
    /// Erase what is personal of a user.
    EraseUser(EraseUser),
    /// Accept an invitation.
    AcceptInvitation(AcceptInvitation),
    /// Begin a session.
    LogIn(LogIn),
    /// Change one's own password.
    ChangePassword(ChangePassword),
    /// Change one's own second factor.
    ChangeSecondFactor(ChangeSecondFactor),
    /// Let the calling session, of this id, go on.
    RenewSession(Uuid),
    /// End sessions.
    EndSessions(EndSessions),
    /// Make an API key.
    CreateApiKey(CreateApiKey),
    /// Put a new API key in the place of another.
    RotateApiKey(RotateApiKey),
    /// Revoke the API key of this id.
    RevokeApiKey(Uuid),
    /// Record an event of authentication or refused access.
    SecurityEvent(SecurityEvent),
    /// Make an asset.
    CreateAsset(CreateAsset),
    /// Change the bounds of a balance, or close or open it.
    ConfigureBalance(ConfigureBalance),
    /// Make an operation.
    CreateOperation(Box<CreateOperation>),
    /// Make operations that stand or fall together.
    CreateLinked(Vec<CreateOperation>),
    /// Take a step of an operation.
    StepOperation(Box<StepOperation>),
    /// Release what is past its time: operations with their debit balances.
    ExpireOperations(Vec<(Uuid, Uuid)>),
    /// Submit a KYC record.
    SubmitKyc(SubmitKyc),
    /// Check a document of a KYC record.
    CheckDocument(CheckDocument),
    /// Decide on a KYC record.
    DecideKyc(DecideKyc),
    /// Record the expiry of KYC records.
    ExpireKyc(Vec<Uuid>),
    /// Add a destination.
    AddDestination(AddDestination),
    /// Remove a destination.
    RemoveDestination(RemoveDestination),
    /// Ask for an approval.
    RequestApproval(RequestApproval),
    /// Vote on an approval.
    CastVote(CastVote),
    /// Take back the approval of this id.
    WithdrawApproval(Uuid),
    /// Use an approval for something outside Probity.
    UseApproval(UseApproval),
    /// Record the expiry of approvals.
    ExpireApprovals(Vec<Uuid>),
}

impl Command {
    /// The verb, and what it takes.
    pub fn action(&self) -> &'static Action {
        match self {
            Command::RecordEvents(_) => &action::AUDIT_APPEND,
            Command::EraseEntries(_) => &action::AUDIT_ERASE,
            Command::AcknowledgeRestore(_) => &action::LOG_ACKNOWLEDGE_RESTORE,
            Command::CreateUser(command) if command.imported => &action::USER_IMPORT,
            Command::CreateUser(_) => &action::USER_CREATE,
            Command::InviteUser(_) => &action::USER_INVITE,
            Command::UpdateUser(_) => &action::USER_UPDATE,
            Command::SetRole(_) => &action::USER_SET_ROLE,
            Command::SetActive(command) if command.active => &action::USER_ENABLE,
            Command::SetActive(_) => &action::USER_DISABLE,
            Command::ResetPassword(command) if command.recover => &action::USER_RECOVER,
            Command::ResetPassword(_) => &action::USER_RESET_PASSWORD,
            Command::ResetSecondFactor(_) => &action::SECOND_FACTOR_RESET,
            Command::EraseUser(_) => &action::USER_ERASE,
            Command::AcceptInvitation(_) => &action::INVITATION_ACCEPT,
            Command::LogIn(_) => &action::LOGIN,
            Command::ChangePassword(_) => &action::PASSWORD_CHANGE,
            Command::ChangeSecondFactor(command) => command.change.action(),
            Command::RenewSession(_) => &action::SESSION_RENEW,
            Command::EndSessions(_) => &action::SESSION_END,
            Command::CreateApiKey(_) => &action::API_KEY_CREATE,
            Command::RotateApiKey(_) => &action::API_KEY_ROTATE,
            Command::RevokeApiKey(_) => &action::API_KEY_REVOKE,
            Command::SecurityEvent(_) => &action::SECURITY_EVENT,
            Command::CreateAsset(_) => &action::ASSET_CREATE,
            Command::ConfigureBalance(_) => &action::BALANCE_CONFIGURE,
            Command::CreateOperation(_) | Command::CreateLinked(_) => &action::OPERATION_CREATE,
            Command::StepOperation(command) => command.step.action(),
            Command::ExpireOperations(_) => &action::OPERATION_EXPIRE,
            Command::SubmitKyc(_) => &action::KYC_SUBMIT,
            Command::CheckDocument(_) => &action::KYC_CHECK_DOCUMENT,
            Command::DecideKyc(command) => command.decision.action(),
            Command::ExpireKyc(_) => &action::KYC_EXPIRE,
            Command::AddDestination(_) => &action::DESTINATION_ADD,
            Command::RemoveDestination(_) => &action::DESTINATION_REMOVE,
            Command::RequestApproval(_) => &action::APPROVAL_REQUEST,
            Command::CastVote(_) => &action::APPROVAL_VOTE,
            Command::WithdrawApproval(_) => &action::APPROVAL_WITHDRAW,
            Command::UseApproval(_) => &action::APPROVAL_USE,
            Command::ExpireApprovals(_) => &action::APPROVAL_EXPIRE,
        }
    }

    /// Whether it may change what a credential is good for, so that nothing known of callers may be used any more. A
    /// new credential changes no other, and a session that goes on was good before.
    pub fn changes_access(&self) -> bool {
        matches!(
            self,
            Command::UpdateUser(_)
                | Command::SetRole(_)
                | Command::SetActive(_)
                | Command::ResetPassword(_)
                | Command::ResetSecondFactor(_)
                | Command::EraseUser(_)
                | Command::AcceptInvitation(_)
                | Command::ChangePassword(_)
                | Command::ChangeSecondFactor(_)
                | Command::EndSessions(_)
                | Command::RotateApiKey(_)
                | Command::RevokeApiKey(_)
        )
    }

    /// How many entries it may append, for bounding a batch.
    pub fn weight(&self) -> usize {
        match self {
            Command::RecordEvents(command) => command.events.len().max(1),
            Command::CreateLinked(commands) => commands.len().max(1),
            Command::ExpireOperations(operations) => operations.len().max(1),
            Command::ExpireKyc(ids) | Command::ExpireApprovals(ids) => ids.len().max(1),
            _ => 1,
        }
    }

    /// What it is about, where that is one thing that Probity made.
    fn target(&self) -> Option<(&'static str, Uuid)> {
        let user = |id: &Uuid| Some(("user", *id));
        match self {
            Command::InviteUser(command) => user(&command.user),
            Command::UpdateUser(command) => user(&command.user),
            Command::SetRole(command) => user(&command.user),
            Command::SetActive(command) => user(&command.user),
            Command::ResetPassword(command) => user(&command.user),
            Command::EraseUser(command) => user(&command.user),
            Command::AcceptInvitation(command) => user(&command.user),
            Command::LogIn(command) => user(&command.user),
            Command::ChangePassword(command) => user(&command.user),
            Command::ChangeSecondFactor(command) => user(&command.user),
            Command::ResetSecondFactor(id) | Command::EndSessions(EndSessions::AllOf(id)) => user(id),
            Command::EndSessions(EndSessions::One(id)) | Command::RenewSession(id) => Some(("session", *id)),
            Command::RotateApiKey(command) => Some(("api_key", command.id)),
            Command::RevokeApiKey(id) => Some(("api_key", *id)),
            Command::ConfigureBalance(command) => Some(("balance", command.balance)),
            Command::StepOperation(command) => Some(("operation", command.operation)),
            Command::CheckDocument(command) => Some(("kyc_record", command.record)),
            Command::DecideKyc(command) => Some(("kyc_record", command.record)),
            Command::RemoveDestination(command) => Some(("destination", command.destination)),
            Command::CastVote(command) => Some(("approval", command.approval)),
            Command::UseApproval(command) => Some(("approval", command.approval)),
            Command::WithdrawApproval(id) => Some(("approval", *id)),
            _ => None,
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
        let draft = refused::refusal_draft(facts, &who, command, &refusal, ctx);
        (refusal, Some(Box::new(draft)))
    })
}

/// What the command's demand allows; where it depends on whose the thing is, the command's own file looks.
fn authorise(who: &Principal, command: &Command) -> Result<Option<Authority>, Refusal> {
    match command.action().demand {
        Demand::Permission(permission) => who.authorise(permission).map(Some),
        Demand::OwnOr(..) | Demand::OwnSessionOr(_) | Demand::Vote(..) => who.good().map(|()| None),
        Demand::Session => match command {
            // What a session must do first, and what it needs for that.
            Command::ChangePassword(_) | Command::RenewSession(_) => who.session().map(Some),
            Command::ChangeSecondFactor(_) if who.must() != Some(crate::identity::Must::ChangePassword) => {
                who.session().map(Some)
            }
            _ => who.session_in_full().map(Some),
        },
        Demand::Credentials | Demand::System if who.is_local() => Ok(Some(who.without_authority())),
        Demand::Credentials | Demand::System => Err(Refusal::new(
            RefusalKind::Forbidden,
            "internal_command",
            "only Probity itself does this",
        )),
    }
}

fn decide_authorised(
    facts: &Facts,
    who: &Principal,
    command: &Command,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    let authority = authorise(who, command)?.unwrap_or_else(|| who.without_authority());
    let authority = &authority;
    match command {
        Command::RecordEvents(command) => record_events::record(facts, command, who, authority, ctx),
        Command::EraseEntries(command) => erase::erase(facts, command, who, authority, ctx),
        Command::AcknowledgeRestore(command) => restore::acknowledge(command, who, authority, ctx),
        Command::CreateUser(command) => user::create(facts, command, who, authority, ctx),
        Command::InviteUser(command) => invitation::invite_again(facts, command, who, authority, ctx),
        Command::UpdateUser(command) => user::update(facts, command, who, authority, ctx),
        Command::SetRole(command) => user::set_role(facts, command, who, authority, ctx),
        Command::SetActive(command) => user::set_active(facts, command, who, authority, ctx),
        Command::ResetPassword(command) => user::reset_password(facts, command, who, authority, ctx),
        Command::ResetSecondFactor(id) => second_factor::reset(facts, *id, who, authority, ctx),
        Command::EraseUser(command) => user::erase(facts, command, who, authority, ctx),
        Command::AcceptInvitation(command) => invitation::accept(facts, command, ctx),
        Command::LogIn(command) => login::log_in(facts, command, ctx),
        Command::ChangePassword(command) => user::change_password(facts, command, who, authority, ctx),
        Command::ChangeSecondFactor(command) => second_factor::change(facts, command, who, authority, ctx),
        Command::RenewSession(id) => session::renew(facts, *id, who, authority, ctx),
        Command::EndSessions(command) => session::end(facts, command, who, ctx),
        Command::CreateApiKey(command) => api_key::create(facts, command, who, ctx),
        Command::RotateApiKey(command) => api_key::rotate(facts, command, who, ctx),
        Command::RevokeApiKey(id) => api_key::revoke(facts, *id, who, ctx),
        Command::SecurityEvent(event) => Ok(security_event::record(event, who, authority, ctx)),
        _ => decide_custody(facts, who, authority, command, ctx),
    }
}

fn decide_custody(
    facts: &Facts,
    who: &Principal,
    authority: &Authority,
    command: &Command,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    match command {
        Command::CreateAsset(command) => asset::create(facts, command, who, authority, ctx),
        Command::ConfigureBalance(command) => balance::configure(facts, command, who, authority, ctx),
        Command::CreateOperation(command) => operation::create(facts, command, who, ctx),
        Command::CreateLinked(commands) => operation::create_linked(facts, commands, who, ctx),
        Command::StepOperation(command) => operation::step(facts, command, who, ctx),
        Command::ExpireOperations(operations) => {
            let ids: Vec<Uuid> = operations.iter().map(|(operation, _)| *operation).collect();
            operation::expire(facts, &ids, ctx)
        }
        Command::SubmitKyc(command) => kyc::submit(facts, command, who, ctx),
        Command::CheckDocument(command) => kyc::check_document(facts, command, who, authority, ctx),
        Command::DecideKyc(command) => kyc::decide(facts, command, who, authority, ctx),
        Command::ExpireKyc(records) => kyc::expire(facts, records, ctx),
        Command::AddDestination(command) => destination::add(facts, command, who, ctx),
        Command::RemoveDestination(command) => destination::remove(facts, command, who, ctx),
        Command::RequestApproval(command) => approval::request(facts, command, who, authority, ctx),
        Command::CastVote(command) => approval::vote(facts, command, who, ctx),
        Command::WithdrawApproval(id) => approval::withdraw(facts, *id, who, authority, ctx),
        Command::UseApproval(command) => approval::use_once(facts, command, who, authority, ctx),
        Command::ExpireApprovals(ids) => approval::expire(facts, ids, ctx),
        _ => Err(Refusal::new(
            RefusalKind::Invalid,
            "unknown_command",
            "nothing decides this command: report this as a bug",
        )),
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
