//! What each command needs to know: the rows that are loaded and locked before it is decided.

use uuid::Uuid;

use super::Command;
use crate::context::Caller;
use crate::custody::chain::hash_key;
use crate::custody::operation::{CreateOperation, Step, StepOperation, limits};
use crate::facts::Needs;
use crate::identity::Rules;
use crate::identity::session::EndSessions;

impl Command {
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
                needs.due_of.insert(command.balance);
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
            Command::CastVote(command) => {
                needs.approvals.insert(command.approval);
                needs.operations.extend(command.operation);
            }
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
        for key in command.outputs() {
            self.hash(&key.tx_hash, command.evidence.is_some());
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
        if matches!(command.step, Step::Start { .. }) {
            self.destinations.extend(command.destination);
        }
        self.approvals.extend(command.step.approval());
        if let Step::Capture { id: Some(id), .. } = &command.step {
            self.operations.insert(*id);
            self.entry_ids.insert(*id);
        }
        let transaction = command.step.transaction();
        for tx_hash in transaction.iter().flat_map(|transaction| transaction.hashes()) {
            self.hash(&hash_key(tx_hash), false);
        }
    }

    /// Operations of a transaction, by the key of its hash; with their reversals, where those matter.
    fn hash(&mut self, key: &str, reversals: bool) {
        if key.contains('\0') {
            return;
        }
        self.tx_hashes.insert(key.to_owned());
        if reversals {
            self.reversed_of.insert(key.to_owned());
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
