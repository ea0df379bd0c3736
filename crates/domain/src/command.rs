//! Commands: every way to change anything.

use serde_json::{Map, Value};
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
use crate::custody::operation::{self, CreateOperation, Step, StepOperation, limits};
use crate::decision::{Decision, Draft};
use crate::facts::{Facts, Needs};
use crate::identity::api_key::{self, CreateApiKey, RotateApiKey};
use crate::identity::invitation::{self, AcceptInvitation, InviteUser};
use crate::identity::login::{self, LogIn};
use crate::identity::second_factor::{self, ChangeSecondFactor};
use crate::identity::security_event::{self, SecurityEvent};
use crate::identity::session::{self, EndSessions};
use crate::identity::user::{
    self, ChangePassword, CreateUser, EraseUser, ResetPassword, SetActive, SetRole, UpdateUser,
};
use crate::identity::{Authority, Principal, Rules};
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

    /// Adds the rows that `caller` and the command need.
    pub fn needs(&self, caller: &Caller, rules: &Rules, needs: &mut Needs) {
        match caller {
            Caller::ApiKey(id) => drop(needs.callers.insert(*id)),
            Caller::Session(id) => drop(needs.calling_sessions.insert(*id)),
            Caller::Operator { .. } | Caller::System { .. } => {}
        }
        match self {
            Command::RecordEvents(command) => {
                let own = command.events.iter().filter(|event| event.own_id);
                needs.entry_ids.extend(own.map(|event| event.id));
            }
            Command::EraseEntries(command) => needs.entry_indexes.extend(command.entries.iter().copied()),
            Command::AcknowledgeRestore(_) | Command::SecurityEvent(_) => {}
            Command::CreateUser(command) => {
                needs.username(&command.username);
                command.email.iter().for_each(|email| needs.email(email));
            }
            Command::UpdateUser(command) => {
                needs.users.insert(command.user);
                command.username.iter().for_each(|name| needs.username(name));
                command
                    .email
                    .iter()
                    .flatten()
                    .for_each(|email| needs.email(email));
            }
            Command::InviteUser(command) => {
                needs.users.insert(command.user);
                needs.invitations_of.insert(command.user);
            }
            Command::SetRole(command) => {
                needs.users.insert(command.user);
                needs.admins = true;
            }
            Command::SetActive(command) => {
                needs.users.insert(command.user);
                needs.sessions_of.insert(command.user);
                needs.admins = true;
            }
            Command::ResetPassword(command) => needs.account(command.user),
            Command::ResetSecondFactor(user) => {
                needs.users.insert(*user);
                needs.second_factors.insert(*user);
            }
            Command::EraseUser(command) => {
                needs.account(command.user);
                needs.api_keys_of.insert(command.user);
                needs.admins = true;
                needs.entry_indexes.extend(command.entries.iter().copied());
            }
            Command::AcceptInvitation(command) => needs.account(command.user),
            Command::LogIn(command) => needs.account(command.user),
            Command::ChangePassword(command) => needs.account(command.user),
            Command::ChangeSecondFactor(command) => {
                needs.users.insert(command.user);
                needs.second_factors.insert(command.user);
                needs.sessions.insert(command.session);
            }
            Command::RenewSession(id) | Command::EndSessions(EndSessions::One(id)) => {
                needs.sessions.insert(*id);
            }
            Command::EndSessions(EndSessions::AllOf(user)) => {
                needs.users.insert(*user);
                needs.sessions_of.insert(*user);
            }
            Command::CreateApiKey(command) => needs.username(&command.owner),
            Command::RotateApiKey(command) => drop(needs.api_keys.insert(command.id)),
            Command::RevokeApiKey(id) => drop(needs.api_keys.insert(*id)),
            _ => self.custody_needs(rules, needs),
        }
    }

    fn custody_needs(&self, rules: &Rules, needs: &mut Needs) {
        match self {
            Command::CreateAsset(command) => {
                needs.asset_codes.insert(command.code.to_ascii_lowercase());
                needs.assets.extend(command.id);
            }
            Command::ConfigureBalance(command) => {
                needs.balances.insert(command.balance);
                needs.assets.insert(command.asset);
            }
            Command::CreateOperation(command) => needs.operation(command, rules),
            Command::CreateLinked(commands) => {
                for command in commands {
                    needs.operation(command, rules);
                }
            }
            Command::StepOperation(command) => needs.step(command),
            Command::ExpireOperations(operations) => {
                for (operation, debit) in operations {
                    needs.operations.insert(*operation);
                    needs.balances.insert(*debit);
                }
            }
            Command::SubmitKyc(command) => {
                needs.owners.insert(command.user);
                needs.kyc_records.extend(command.id);
                needs.documents_of.extend(command.id);
                needs.kyc_of.insert(command.user);
            }
            Command::CheckDocument(command) => {
                needs.kyc_records.insert(command.record);
                needs.documents_of.insert(command.record);
            }
            Command::DecideKyc(command) => {
                // By its id too: those of the user may leave out what was rejected.
                needs.kyc_records.insert(command.record);
                needs.kyc_of.insert(command.user);
                needs.documents_of.insert(command.record);
            }
            Command::ExpireKyc(records) => {
                needs.kyc_records.extend(records);
                needs.documents_of.extend(records);
            }
            Command::AddDestination(command) => {
                needs.owners.insert(command.user);
                needs.assets.insert(command.asset);
                needs.destinations.extend(command.id);
                needs.destinations_of.insert(command.user);
            }
            Command::RemoveDestination(command) => drop(needs.destinations.insert(command.destination)),
            Command::RequestApproval(command) => needs.approvals.extend(command.id),
            Command::CastVote(command) => drop(needs.approvals.insert(command.approval)),
            Command::WithdrawApproval(id) => drop(needs.approvals.insert(*id)),
            Command::UseApproval(command) => drop(needs.approvals.insert(command.approval)),
            Command::ExpireApprovals(ids) => needs.approvals.extend(ids),
            _ => {}
        }
    }
}

impl Needs {
    /// What a new operation needs.
    fn operation(&mut self, command: &CreateOperation, rules: &Rules) {
        self.assets.insert(command.debit.asset);
        let (debit, credit) = (command.debit.id(), command.credit.id());
        self.balances.extend([debit, credit]);
        self.due_of.insert(debit);
        self.owners.extend(&command.opens);
        let own = command
            .id
            .into_iter()
            .chain(command.request.map(|request| request.first));
        for id in own {
            self.operations.insert(id);
            self.entry_ids.insert(id);
        }
        if let Some(reverses) = command.reverses {
            self.operations.insert(reverses);
            self.reversals_of.insert(reverses);
        }
        if let Some(tx_hash) = &command.tx_hash
            && !tx_hash.contains('\0')
        {
            self.tx_hashes.insert(tx_hash.clone());
        }
        self.destinations.extend(command.destination);
        self.approvals.extend(command.approval);
        if !rules.custody.limits.is_empty()
            && let Some((user, account)) = limits::subject(command.kind, command.debit, command.credit)
        {
            self.tier_of.insert(user);
            self.limited_of.insert(account.id());
        }
    }

    /// What a step of an operation needs.
    fn step(&mut self, command: &StepOperation) {
        self.operations.insert(command.operation);
        self.assets.insert(command.debit.asset);
        self.balances.extend([command.debit.id(), command.credit.id()]);
        self.tier_of.extend(
            [command.debit.user(), command.credit.user()]
                .into_iter()
                .flatten(),
        );
        self.approvals.extend(command.step.approval());
        if let Step::Capture { id: Some(id), .. } = &command.step {
            self.operations.insert(*id);
            self.entry_ids.insert(*id);
        }
        if let Some(tx_hash) = command
            .step
            .transaction()
            .and_then(|transaction| transaction.tx_hash.as_ref())
            && !tx_hash.contains('\0')
        {
            self.tx_hashes.insert(tx_hash.clone());
        }
    }

    /// A user with all that hangs on its credentials.
    fn account(&mut self, user: Uuid) {
        self.users.insert(user);
        self.sessions_of.insert(user);
        self.invitations_of.insert(user);
        self.second_factors.insert(user);
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
        let draft = refusal_draft(facts, &who, command, &refusal, ctx);
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

/// The entry that records a refusal: what was asked for, and why not. It repeats nothing of the input but the field's path.
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
    let remembered = remembered(command, refusal);
    if let Some(created) = remembered {
        describe_refusal(&mut details.0, created, refusal);
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
    if let Some(id) = remembered.and_then(|created| created.id) {
        draft.id = id;
    }
    // An id that is not there is whatever the caller wrote, and does not belong in a leaf.
    match command.target() {
        Some((kind, id)) if is_there(facts, kind, id) => draft.on(kind, id),
        _ => draft,
    }
}

/// The new operation whose id stays refused.
fn remembered<'a>(command: &'a Command, refusal: &Refusal) -> Option<&'a CreateOperation> {
    let created = match command {
        Command::CreateOperation(command) => Some(&**command),
        Command::CreateLinked(commands) => commands.get(refusal.position?),
        _ => None,
    };
    created.filter(|created| refusal.sticks && created.id.is_some())
}

/// What it takes to give the same answer again, and to know the same question.
fn describe_refusal(details: &mut Map<String, Value>, created: &CreateOperation, refusal: &Refusal) {
    let mut put = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            details.insert(name.to_owned(), text.into());
        }
    };
    put("message", Some(refusal.message.clone()));
    put("content", Some(operation::replay::content(created)));
    put(
        "request",
        created
            .request
            .map(|request| evidence::json::hex(&request.digest)),
    );
    if let Some(rule) = &refusal.rule {
        put("rule", Some(rule.rule.clone()));
        put("limit", rule.limit.clone());
        put("remaining", rule.remaining.clone());
        put("lifted_by", Some(rule.lifted_by.clone()));
    }
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

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
