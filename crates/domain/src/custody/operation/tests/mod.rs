//! A desk for tests: an asset, people with balances, and operations of every sort.

pub(crate) mod approvals;
pub(crate) mod clock;
pub(crate) mod create;
pub(crate) mod kinds;
mod linked;
pub(crate) mod outputs;
mod overlap;
mod own;
pub(crate) mod refused;
mod replay;
pub(crate) mod step;
mod tiers;
pub(crate) mod who;

use std::sync::Arc;

use evidence::Salt;
use uuid::Uuid;

use super::{CreateOperation, OperationKind, Step, StepOperation};
use crate::approval::{ApprovalStatus, CastVote, RequestApproval, operation_of};
use crate::audit::known::KnownEntry;
use crate::command::Command;
use crate::context::Caller;
use crate::custody::asset::CreateAsset;
use crate::custody::destination::Destination;
use crate::custody::kyc::{KycRecord, KycStatus};
use crate::custody::rules::{CustodyRules, LimitRule, ThresholdRule};
use crate::custody::{AMOUNT_MAX, Account, Amount, Balance, House, Owner};
use crate::decision::{Decision, Draft, OperationState, Reply};
use crate::identity::Scope;
use crate::identity::world::{World, operator};
use crate::record::Sealed;
use crate::refusal::Refusal;

/// The hash of a transaction.
pub const HASH: &str = "f00f00f00f00f00f00f00f00f00f00f00f00f00f00f00f00f00f00f00f00f00f";

/// Of another one.
pub const OTHER_HASH: &str = "ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2ba2b";

pub struct Desk {
    pub world: World,
    pub asset: Uuid,
    pub ada: Uuid,
    pub ben: Uuid,
    pub cora: Uuid,
    pub dora: Uuid,
    /// A key that may do everything for everyone.
    pub clerk: Caller,
    numbers: u128,
}

/// A field, and what makes it another.
pub type Spoil = (&'static str, fn(&mut CreateOperation, &Desk));

pub fn units(units: i128) -> Amount {
    Amount::new(units).unwrap()
}

pub fn sealed<T>(row: T) -> Sealed<T> {
    Sealed {
        row,
        version: 1,
        entry: 0,
        salt: Salt([0; 16]),
    }
}

impl Desk {
    /// Ada and Ben have 1,000 each, of an asset with 2 digits after the point.
    pub fn new() -> Desk {
        let mut world = World::new();
        let (ada, ben) = (world.user("ada", "user"), world.user("ben", "user"));
        let (cora, dora) = (world.user("cora", "compliance"), world.user("dora", "compliance"));
        world.user("root", "admin");
        let clerk = world.key("root", &[Scope::Custody]);
        let asset = Uuid::from_u128(0xa55e7);
        let create = CreateAsset {
            id: Some(asset),
            code: "EUR".to_owned(),
            name: "Euro".to_owned(),
            scale: 2,
            chain: None,
        };
        world.run(&operator(), &Command::CreateAsset(create)).unwrap();
        let mut desk = Desk {
            world,
            asset,
            ada,
            ben,
            cora,
            dora,
            clerk,
            numbers: 0,
        };
        for user in [ada, ben] {
            let deposit = desk.new_operation(OperationKind::Deposit, desk.external(), desk.of(user), 1_000);
            desk.done(&deposit);
        }
        desk
    }

    pub fn of(&self, user: Uuid) -> Account {
        Account {
            asset: self.asset,
            owner: Owner::User(user),
        }
    }

    pub fn house(&self, house: House) -> Account {
        Account {
            asset: self.asset,
            owner: Owner::House(house),
        }
    }

    pub fn external(&self) -> Account {
        self.house(House::External)
    }

    pub fn id(&mut self) -> Uuid {
        self.numbers += 1;
        Uuid::from_u128(0x0b00 + self.numbers)
    }

    /// An operation with an id of its own.
    pub fn new_operation(
        &mut self,
        kind: OperationKind,
        debit: Account,
        credit: Account,
        amount: i128,
    ) -> CreateOperation {
        CreateOperation {
            id: Some(self.id()),
            ..CreateOperation::new(kind, debit, credit, units(amount))
        }
    }

    /// A transfer from Ada to Ben.
    pub fn transfer(&mut self, amount: i128) -> CreateOperation {
        self.new_operation(
            OperationKind::Transfer,
            self.of(self.ada),
            self.of(self.ben),
            amount,
        )
    }

    /// A withdrawal of Ada's to a destination that can be used.
    pub fn withdrawal(&mut self, amount: i128) -> CreateOperation {
        CreateOperation {
            destination: Some(self.destination(0)),
            ..self.new_operation(
                OperationKind::Withdrawal,
                self.of(self.ada),
                self.external(),
                amount,
            )
        }
    }

    /// A destination of Ada's that can be used in so many seconds.
    pub fn destination(&mut self, seconds: i64) -> Uuid {
        let row = Destination {
            id: self.id(),
            user_id: self.ada,
            asset_id: self.asset,
            address: "there".to_owned(),
            label: None,
            created_by: None,
            created_at: self.world.now,
            usable_at: self.world.now.plus_seconds(seconds),
            removed_at: None,
        };
        let id = row.id;
        self.world.facts.destinations.insert(id, sealed(row));
        id
    }

    pub fn rules(&mut self, change: impl FnOnce(&mut CustodyRules)) {
        change(&mut Arc::make_mut(&mut self.world.facts.rules).custody);
    }

    pub fn limit(&mut self, tier: u64, kind: OperationKind, amount: &str) {
        let rule = LimitRule {
            tier,
            asset: "eur".to_owned(),
            kind,
            window_s: 3_600,
            amount: amount.to_owned(),
        };
        self.rules(|rules| rules.limits.push(rule));
    }

    pub fn threshold(&mut self, kind: OperationKind, amount: &str, quorum: u64) {
        let rule = ThresholdRule {
            asset: "EUR".to_owned(),
            kind,
            amount: amount.to_owned(),
            quorum,
        };
        self.rules(|rules| rules.thresholds.push(rule));
    }

    /// Gives Ada a tier from now on, for so many seconds.
    pub fn tier(&mut self, tier: u64, seconds: i64) {
        let row = KycRecord {
            id: self.id(),
            user_id: self.ada,
            tier,
            status: KycStatus::Approved,
            submitted_by: None,
            submitted_at: self.world.now,
            decided_by: Some(self.cora),
            decided_at: Some(self.world.now),
            reason: None,
            expires_at: Some(self.world.now.plus_seconds(seconds)),
            ended_at: None,
        };
        self.world.facts.kyc_records.insert(row.id, sealed(row));
    }

    /// Changes a balance behind the back of the rules.
    pub fn bend(&mut self, account: Account, change: impl FnOnce(&mut Balance)) {
        let balance = self.world.facts.balances.get_mut(&account.id()).unwrap();
        change(&mut balance.row);
    }

    /// Decides a command, and remembers its entries as the log does.
    pub fn decide(&mut self, caller: &Caller, command: &Command) -> Result<Decision, Refusal> {
        let decided = self.world.decide(caller, command);
        let (answer, drafts) = match decided {
            Ok(decision) => (Ok(decision.clone()), decision.drafts),
            Err((refusal, draft)) => (Err(refusal), draft.into_iter().map(|draft| *draft).collect()),
        };
        for draft in drafts {
            let known = known(&draft);
            let before = self.world.facts.entries.insert(draft.id, known);
            assert_eq!(before, None, "an entry of this id is there");
        }
        answer
    }

    pub fn send(&mut self, caller: &Caller, command: &CreateOperation) -> Result<OperationState, Refusal> {
        let command = Command::CreateOperation(Box::new(command.clone()));
        self.decide(caller, &command).map(|decision| only(decision.reply))
    }

    /// The operation, which must be made.
    pub fn done(&mut self, command: &CreateOperation) -> OperationState {
        let clerk = self.clerk.clone();
        let state = self.send(&clerk, command).unwrap();
        assert!(!state.replayed);
        self.check();
        state
    }

    /// The code of the refusal, `replayed` or `done`.
    pub fn code(&mut self, command: &CreateOperation) -> &'static str {
        let clerk = self.clerk.clone();
        code(self.send(&clerk, command))
    }

    /// The command that takes a step of an operation.
    pub fn command(&self, operation: Uuid, step: Step) -> StepOperation<Step> {
        let row = &self.world.facts.operations.get(&operation).unwrap().row;
        let account = |id| self.world.facts.balances[&id].row.account();
        StepOperation {
            operation,
            debit: account(row.debit_id),
            credit: account(row.credit_id),
            destination: row.destination_id,
            version: None,
            step,
        }
    }

    pub fn take(&mut self, caller: &Caller, command: StepOperation<Step>) -> Result<OperationState, Refusal> {
        self.decide(caller, &command.command())
            .map(|decision| only(decision.reply))
    }

    /// What comes of a step by the clerk.
    pub fn step(&mut self, operation: Uuid, step: Step) -> Result<OperationState, Refusal> {
        let clerk = self.clerk.clone();
        let command = self.command(operation, step);
        let state = self.take(&clerk, command);
        self.check();
        state
    }

    /// Posted and held of a balance.
    pub fn balance(&self, account: Account) -> (i128, i128) {
        let row = &self.world.facts.balances[&account.id()].row;
        (row.posted.units(), row.held.units())
    }

    /// An approval by these for what the clerk asks for.
    pub fn approval(&mut self, action: &str, arguments: String, voters: &[Uuid]) -> Uuid {
        let clerk = self.clerk.clone();
        self.approval_of(&clerk, action, arguments, voters)
    }

    pub fn approval_of(&mut self, by: &Caller, action: &str, arguments: String, voters: &[Uuid]) -> Uuid {
        let request = RequestApproval {
            id: None,
            action: action.to_owned(),
            arguments,
            reason: None,
            quorum: Some(voters.len().max(1) as u64),
            expires_at: None,
            execution: None,
        };
        let reply = self.decide(by, &Command::RequestApproval(request)).unwrap().reply;
        let Reply::Approval { approval, .. } = reply else {
            panic!("{reply:?}")
        };
        for voter in voters {
            let session = self.world.session(*voter);
            let vote = CastVote {
                approval: approval.id,
                operation: operation_of(&approval),
                approve: true,
                suggested_arguments: None,
                reason: None,
            };
            self.decide(&session, &Command::CastVote(vote)).unwrap();
        }
        approval.id
    }

    pub fn approval_status(&self, id: Uuid) -> ApprovalStatus {
        self.world.facts.approvals[&id].row.status
    }

    /// Every asset sums to zero, and what balances hold is what operations hold.
    pub fn check(&self) {
        let facts = &self.world.facts;
        let balances = facts.balances.values().map(|balance| &balance.row);
        let sum: i128 = balances.clone().map(|row| row.posted.units()).sum();
        assert_eq!(sum, 0);
        for balance in balances {
            let own = facts.operations.values().map(|operation| &operation.row);
            let own = own.filter(|row| row.debit_id == balance.id);
            let held: i128 = own.map(|row| row.held.units()).sum();
            assert_eq!(balance.held.units(), held, "{}", balance.words());
            assert!(
                balance
                    .minimum
                    .is_none_or(|minimum| balance.available() >= minimum)
            );
        }
        for operation in facts.operations.values().map(|operation| &operation.row) {
            assert_eq!(
                operation.status.is_final(),
                operation.held == Amount::ZERO,
                "{operation:?}"
            );
            assert_eq!(
                operation.debit_posted.is_some(),
                operation.credit_posted.is_some()
            );
        }
    }
}

/// What the log knows of an entry.
pub fn known(draft: &Draft) -> KnownEntry {
    draft.known()
}

pub fn code(answer: Result<OperationState, Refusal>) -> &'static str {
    match answer {
        Ok(state) if state.replayed => "replayed",
        Ok(_) => "done",
        Err(refusal) => refusal.code,
    }
}

pub fn states(reply: Reply) -> Vec<OperationState> {
    match reply {
        Reply::Operations(states) => states,
        other => panic!("{other:?}"),
    }
}

pub fn only(reply: Reply) -> OperationState {
    let mut states = states(reply);
    assert_eq!(states.len(), 1);
    states.remove(0)
}

/// A balance that has no room for more.
pub fn full(balance: &mut Balance) {
    balance.posted = units(AMOUNT_MAX);
}

/// The entries' verbs.
pub fn actions(drafts: &[Draft]) -> Vec<&str> {
    drafts.iter().map(|draft| &*draft.action).collect()
}

/// The same, to wait for another step.
pub fn waiting(command: CreateOperation) -> CreateOperation {
    CreateOperation {
        waits: true,
        ..command
    }
}
