//! Random commands about custody, in the model's terms and in the program's.

use domain::custody::OperationKind::{self, Burn, Deposit, Mint, Reversal, Transfer, Withdrawal};
use domain::custody::asset::CreateAsset;
use domain::custody::balance::ConfigureBalance;
use domain::custody::destination::AddDestination;
use domain::custody::operation::{CreateLinked, CreateOperation, Step, StepOperation, Transaction};
use domain::custody::rules::LimitRule;
use domain::custody::{self, Amount, House};
use domain::identity::Rules;
use domain::{Command, Refusal, Reply};
use evidence::Timestamp;
use uuid::Uuid;

use crate::custody_model::{Account, Act, Create, Do, EXTERNAL, GHOST, Limit, Model};
use domain::custody::operation::steps::{
    Cancel, Capture, Complete, Fail, MarkUnknown, Release, Resolve, Start,
};

/// Numbers that follow from a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.roll(number) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()].clone()
    }
}

pub const LIMITS: [Limit; 4] = [
    limit(0, Transfer, 100, 600),
    limit(0, Transfer, 10_000, 2_000),
    limit(0, Deposit, 1_000, 3_000),
    limit(1, Withdrawal, 3_600, 300),
];

const fn limit(asset: usize, kind: OperationKind, window_s: i64, amount: i128) -> Limit {
    Limit {
        asset,
        kind,
        window_s,
        amount,
    }
}

/// A sequence of commands as it comes to be; what was sent before is sent again now and then.
pub struct Sequence {
    dice: Dice,
    next: u64,
    sent: Vec<Create>,
    /// Whether operations expire after seconds, or after an age.
    clock: bool,
}

impl Sequence {
    pub fn new(seed: u64, clock: bool) -> Sequence {
        Sequence {
            dice: Dice(seed),
            next: 0,
            sent: Vec::new(),
            clock,
        }
    }

    /// So many seconds go by, most often none.
    pub fn wait(&mut self) -> i64 {
        if self.dice.one_in(3) {
            i64::try_from(self.dice.roll(120)).unwrap()
        } else {
            0
        }
    }

    /// How many commands are sent together.
    pub fn together(&mut self) -> u64 {
        if self.dice.one_in(2) {
            1
        } else {
            self.dice.roll(12) + 2
        }
    }

    fn create(&mut self, now: i64, model: &Model) -> Create {
        let dice = &mut self.dice;
        if !self.sent.is_empty() && dice.one_in(6) {
            let mut again = dice.pick(&self.sent);
            match dice.roll(6) {
                0 => again.amount += 1,
                1 => again.reference = Some(77),
                2 => again.id = self.next,
                _ => {}
            }
            return again;
        }
        self.next += 1;
        let asset = usize::from(dice.one_in(4));
        let kinds = [
            Deposit, Deposit, Transfer, Transfer, Transfer, Withdrawal, Mint, Burn, Reversal,
        ];
        let kind = dice.pick(&kinds);
        let users = [0, 0, 1, 1, 2, 2, 3, 5, 6];
        let inside = |dice: &mut Dice| if dice.one_in(40) { GHOST } else { dice.pick(&users) };
        let (mut debit, mut credit) = (inside(dice), inside(dice));
        match kind {
            Deposit | Mint => debit = EXTERNAL,
            Withdrawal | Burn => credit = EXTERNAL,
            _ => {}
        }
        let huge = 60_000_000_000_000_000_000_000_000_000_000_000_000;
        let mut new = Create {
            id: self.next,
            kind,
            asset,
            debit,
            credit,
            amount: if asset == 1 && dice.one_in(10) {
                huge
            } else {
                i128::from(dice.roll(300))
            },
            waits: kind == Withdrawal || (kind != Reversal && dice.one_in(3)),
            expires: None,
            reverses: None,
            tx: (kind == Deposit && dice.one_in(4)).then(|| (dice.roll(20), dice.roll(3))),
            reference: dice.one_in(3).then(|| dice.roll(3)),
        };
        if new.waits && dice.one_in(2) {
            let seconds = if self.clock {
                i64::try_from(dice.roll(400)).unwrap()
            } else {
                1_000_000
            };
            new.expires = Some(now + seconds * 1_000_000);
        }
        if kind == Reversal && !self.sent.is_empty() {
            let there = |sent: &&Create| model.operations.contains_key(&sent.id);
            let recent = self.sent.iter().rev().filter(there).take(6);
            let recent: Vec<&Create> = recent.collect();
            let original = if recent.is_empty() {
                &self.sent[0]
            } else {
                dice.pick(&recent)
            }
            .clone();
            (new.asset, new.debit, new.credit) = (original.asset, original.credit, original.debit);
            new.amount = original.amount + i128::from(dice.one_in(10));
            new.reverses = Some(original.id);
        } else if kind == Reversal {
            new.kind = Transfer;
        }
        self.sent.push(new.clone());
        new
    }

    fn act(&mut self) -> Act {
        let dice = &mut self.dice;
        match dice.roll(14) {
            0..=2 => Act::Start,
            3 | 4 => Act::Complete,
            5 => Act::Fail(dice.roll(2)),
            6 => Act::Cancel,
            7 => Act::Lose(dice.roll(2)),
            8 => Act::Resolve,
            9 => Act::Release,
            number => {
                self.next += 1;
                let part = if dice.one_in(8) {
                    dice.roll(self.next) + 1
                } else {
                    self.next
                };
                let amount = (number > 10).then(|| i128::from(dice.roll(90) + 1));
                Act::Capture(part, amount)
            }
        }
    }

    pub fn command(&mut self, now: i64, model: &Model) -> Do {
        match self.dice.roll(20) {
            0..=9 => Do::Create(self.create(now, model)),
            10 | 11 => {
                let length = self.dice.roll(3) + 2;
                Do::Linked((0..length).map(|_| self.create(now, model)).collect())
            }
            12 => {
                let dice = &mut self.dice;
                let bound = |dice: &mut Dice, sign: i128| Some(sign * i128::from(dice.roll(1_500)));
                Do::Configure {
                    account: (
                        usize::from(dice.one_in(4)),
                        dice.pick(&[0, 1, 2, 3, 5, 6, 7, EXTERNAL]),
                    ),
                    minimum: match dice.roll(9) {
                        0 => Some(bound(dice, -1)),
                        1 => Some(None),
                        2 => Some(Some(0)),
                        _ => None,
                    },
                    maximum: dice.one_in(2).then(|| bound(dice, 1).filter(|_| !dice.one_in(2))),
                    closed: dice.one_in(2).then(|| dice.one_in(8)),
                }
            }
            _ => {
                // Most often one that is not done yet.
                let any = self.dice.one_in(4);
                let all = model.operations.iter().rev();
                let some = all.filter(|(_, known)| any || !known.status.is_final()).take(16);
                let some: Vec<u64> = some.map(|(id, _)| *id).collect();
                let unknown = some.is_empty() || self.dice.one_in(30);
                let id = if unknown { 999_999 } else { self.dice.pick(&some) };
                Do::Step(id, self.act())
            }
        }
    }
}

/// Names and ids of the world that the commands are about.
pub struct World {
    pub users: Vec<Uuid>,
    /// Added to the model's clock, in microseconds.
    pub epoch: i64,
}

pub fn uuid(number: u64) -> Uuid {
    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

impl World {
    pub fn asset(number: usize) -> Uuid {
        uuid(7_000_000 + number as u64)
    }

    pub fn account(&self, (asset, owner): Account) -> custody::Account {
        let houses = [House::Omnibus, House::Fees, House::Suspense, House::External];
        let owner = match owner {
            GHOST => custody::Owner::User(uuid(8_000_000)),
            user if user < GHOST => custody::Owner::User(self.users[user]),
            house => custody::Owner::House(houses[house - 5]),
        };
        custody::Account {
            asset: World::asset(asset),
            owner,
        }
    }

    fn destination(asset: usize, owner: usize) -> Uuid {
        uuid(9_000_000 + (asset * 10 + owner) as u64)
    }

    /// Assets without digits, and a destination of each user for each: what is sent first.
    pub fn first(&self) -> Vec<Command> {
        let mut commands = Vec::new();
        for asset in 0..2 {
            commands.push(Command::CreateAsset(CreateAsset {
                id: Some(World::asset(asset)),
                code: format!("A{asset}"),
                name: "Asset".into(),
                scale: 0,
                chain: None,
            }));
            for (owner, user) in self.users.iter().enumerate() {
                commands.push(Command::AddDestination(AddDestination {
                    id: Some(World::destination(asset, owner)),
                    user: *user,
                    asset: World::asset(asset),
                    address: "somewhere".into(),
                    label: None,
                }));
            }
        }
        commands
    }

    fn create(&self, new: &Create) -> CreateOperation {
        let [debit, credit] = [new.debit, new.credit].map(|owner| self.account((new.asset, owner)));
        let own = new.kind == Withdrawal && new.debit <= GHOST;
        let at = |micros| Timestamp::from_micros(self.epoch + micros).unwrap();
        CreateOperation {
            id: Some(uuid(new.id)),
            waits: new.waits,
            expires_at: new.expires.map(at),
            reverses: new.reverses.map(uuid),
            destination: own.then(|| World::destination(new.asset, new.debit)),
            chain: new.tx.map(|_| "chain".into()),
            tx_hash: new.tx.map(|(hash, _)| format!("{hash:x}")),
            output: new.tx.map(|(_, output)| output),
            reference: new.reference.map(|number| format!("reference {number}")),
            opens: debit.user().into_iter().chain(credit.user()).collect(),
            ..CreateOperation::new(new.kind, debit, credit, Amount::new(new.amount).unwrap())
        }
    }

    pub fn command(&self, command: &Do, model: &Model) -> Command {
        let transaction = Transaction::default;
        match command {
            Do::Create(new) => Command::CreateOperation(Box::new(self.create(new))),
            Do::Linked(list) => Command::CreateLinked(CreateLinked {
                operations: list.iter().map(|new| self.create(new)).collect(),
            }),
            Do::Step(id, act) => {
                let known = model.operations.get(id);
                let sides = known.map_or(((0, 0), (0, 1)), |known| (known.debit, known.credit));
                let own = known.is_some_and(|known| known.kind == Withdrawal) && sides.0.1 <= GHOST;
                let error = |number: &u64| format!("error {number}");
                let step = match act {
                    Act::Start => Step::Start(Start {
                        transaction: transaction(),
                        approval: None,
                    }),
                    Act::Complete => Step::Complete(Complete {
                        transaction: transaction(),
                    }),
                    Act::Fail(number) => Step::Fail(Fail { error: error(number) }),
                    Act::Lose(number) => Step::MarkUnknown(MarkUnknown { error: error(number) }),
                    Act::Cancel => Step::Cancel(Cancel { reason: None }),
                    Act::Release => Step::Release(Release { reason: None }),
                    Act::Resolve => Step::Resolve(Resolve {
                        completed: true,
                        evidence: "seen".into(),
                        transaction: transaction(),
                        approval: None,
                    }),
                    Act::Capture(part, amount) => Step::Capture(Capture {
                        id: Some(uuid(*part)),
                        amount: amount.map(|amount| Amount::new(amount).unwrap()),
                    }),
                };
                StepOperation {
                    operation: uuid(*id),
                    debit: self.account(sides.0),
                    credit: self.account(sides.1),
                    destination: own.then(|| World::destination(sides.0.0, sides.0.1)),
                    version: None,
                    step,
                }
                .command()
            }
            Do::Configure {
                account,
                minimum,
                maximum,
                closed,
            } => Command::ConfigureBalance(ConfigureBalance {
                balance: self.account(*account).id(),
                asset: World::asset(account.0),
                version: None,
                minimum: minimum.map(|bound| bound.and_then(Amount::new)),
                maximum: maximum.map(|bound| bound.and_then(Amount::new)),
                closed: *closed,
            }),
        }
    }
}

pub fn rules(rules: &mut Rules) {
    rules.custody.cooling_off_s = 0;
    let rule = |limit: &Limit| LimitRule {
        tier: 0,
        asset: format!("A{}", limit.asset),
        kind: limit.kind,
        window_s: limit.window_s,
        amount: limit.amount.to_string(),
    };
    rules.custody.limits = LIMITS.iter().map(rule).collect();
}

/// The same words as the model's.
pub fn words(answer: Result<Reply, Refusal>) -> String {
    match answer {
        Ok(Reply::Operations(states)) => {
            let word = |replayed| if replayed { "replayed" } else { "done" };
            let all: Vec<_> = states.iter().map(|state| word(state.replayed)).collect();
            all.join(" ")
        }
        Ok(_) => "done".into(),
        Err(refusal) => refusal.code.into(),
    }
}
