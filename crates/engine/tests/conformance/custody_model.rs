//! A slow model of operations: plain maps, whole numbers, one command at a time, and the clock before everything else.
//! It is written from the rules, not from the code that it is compared with.

#![expect(
    clippy::option_option,
    reason = "a bound that stays, and one that is taken away, are two things"
)]

use std::collections::BTreeMap;

use domain::custody::OperationKind::{self, Burn, Deposit, Mint, Reversal, Transfer, Withdrawal};
use domain::custody::OperationStatus::{self, Cancelled, Completed, Failed, Pending};

/// Who owns: 0 to 3 are users, 4 is nobody's user, 5 to 8 are the house accounts.
pub type Owner = usize;
/// The user that is not there.
pub const GHOST: Owner = 4;
/// The world outside.
pub const EXTERNAL: Owner = 8;
/// An asset and an owner.
pub type Account = (usize, Owner);

const MOST: i128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

/// A new operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Create {
    pub id: u64,
    pub kind: OperationKind,
    pub asset: usize,
    pub debit: Owner,
    pub credit: Owner,
    pub amount: i128,
    pub waits: bool,
    /// In microseconds of the model's clock.
    pub expires: Option<i64>,
    pub reverses: Option<u64>,
    /// Transaction and output.
    pub tx: Option<(u64, u64)>,
    pub reference: Option<u64>,
}

/// What is done to an operation that is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Start,
    Complete,
    Fail(u64),
    Cancel,
    Lose(u64),
    Resolve,
    Capture(u64, Option<i128>),
    Release,
}

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub enum Do {
    Create(Create),
    Linked(Vec<Create>),
    Step(u64, Act),
    Configure {
        account: Account,
        minimum: Option<Option<i128>>,
        maximum: Option<Option<i128>>,
        closed: Option<bool>,
    },
}

/// What users may move within a window; all of them are of tier 0.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub asset: usize,
    pub kind: OperationKind,
    pub window_s: i64,
    pub amount: i128,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Balance {
    pub posted: i128,
    pub minimum: Option<i128>,
    pub maximum: Option<i128>,
    pub closed: bool,
}

#[derive(Clone, Debug)]
pub struct Operation {
    /// What it was made from; none for a capture.
    pub made: Option<Create>,
    pub kind: OperationKind,
    pub debit: Account,
    pub credit: Account,
    pub amount: i128,
    pub status: OperationStatus,
    pub held: i128,
    pub captured: Option<i128>,
    pub error: Option<String>,
    pub expires: Option<i64>,
    pub created: i64,
    pub limited: Option<Account>,
    /// Posted of both sides after the movement.
    pub posted: Option<(i128, i128)>,
}

pub type Code = &'static str;

#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Microseconds.
    pub now: i64,
    pub limits: Vec<Limit>,
    pub balances: BTreeMap<Account, Balance>,
    pub operations: BTreeMap<u64, Operation>,
    pub refused: BTreeMap<u64, (Create, Code)>,
}

pub fn final_status(status: OperationStatus) -> bool {
    [Completed, Failed, Cancelled].contains(&status)
}

fn sticks(code: Code) -> bool {
    let passing = ["invalid_field", "id_conflict", "output_conflict"];
    !passing.contains(&code)
}

impl Model {
    /// Assets whose house accounts are open.
    pub fn new(assets: usize, limits: Vec<Limit>) -> Model {
        let mut model = Model {
            limits,
            ..Model::default()
        };
        for account in (0..assets).flat_map(|asset| (5..=EXTERNAL).map(move |owner| (asset, owner))) {
            model.open(account);
        }
        model
    }

    fn open(&mut self, account: Account) {
        self.balances
            .entry(account)
            .or_insert_with(|| Balance::new(account));
    }

    pub fn balance(&self, account: Account) -> Balance {
        let found = self.balances.get(&account).cloned();
        found.unwrap_or_else(|| Balance::new(account))
    }

    /// What is held of an account now.
    pub fn held(&self, account: Account) -> i128 {
        let of = self.operations.values().filter(|found| found.debit == account);
        of.map(|found| found.held).sum()
    }

    /// What the clock has ended is ended.
    fn expire(&mut self) {
        for found in self.operations.values_mut() {
            if found.status == Pending && found.expires.is_some_and(|expires| expires <= self.now) {
                let moved = found.captured.is_some_and(|captured| captured > 0);
                found.status = if moved { Completed } else { Cancelled };
                found.held = 0;
                found.error = Some("expired".into());
            }
        }
    }

    /// What comes of a command: a word for each operation, or the code of the refusal.
    pub fn run(&mut self, command: &Do) -> String {
        self.expire();
        let word = |replayed: bool| if replayed { "replayed" } else { "done" };
        match command {
            Do::Create(create) => {
                let made = self.create(create);
                self.remember(create, made);
                made.map_or_else(Into::into, |replayed| word(replayed).into())
            }
            Do::Linked(list) => {
                let before = self.clone();
                let mut words = Vec::new();
                for create in list {
                    match self.create(create) {
                        Ok(replayed) => words.push(word(replayed)),
                        Err(code) => {
                            *self = before;
                            // What an earlier one of the chain would have made is not there.
                            self.remember(create, Err(code));
                            return code.into();
                        }
                    }
                }
                words.join(" ")
            }
            Do::Step(id, act) => self
                .step(*id, act)
                .map_or_else(Into::into, |replayed| word(replayed).into()),
            Do::Configure {
                account,
                minimum,
                maximum,
                closed,
            } => self
                .configure(*account, *minimum, *maximum, *closed)
                .map_or_else(Into::into, |()| "done".into()),
        }
    }

    fn remember(&mut self, create: &Create, made: Result<bool, Code>) {
        if let Err(code) = made
            && sticks(code)
            && !self.operations.contains_key(&create.id)
        {
            let first = || (create.clone(), code);
            self.refused.entry(create.id).or_insert_with(first);
        }
    }

    fn create(&mut self, new: &Create) -> Result<bool, Code> {
        if let Some(known) = self.operations.get(&new.id) {
            let same = known.made.as_ref() == Some(new);
            return same.then_some(true).ok_or("id_conflict");
        }
        if let Some((before, code)) = self.refused.get(&new.id) {
            return Err(if before == new { code } else { "id_conflict" });
        }
        if new.tx.is_some() {
            let of = |known: &&Operation| {
                let made = known.made.as_ref().is_some_and(|made| made.tx == new.tx);
                // What came to nothing frees its output.
                made && ![Failed, Cancelled].contains(&known.status)
            };
            if let Some(known) = self.operations.values().find(of) {
                let made = known.made.clone().unwrap();
                let same = Create { id: new.id, ..made } == *new;
                return if same { Ok(true) } else { Err("output_conflict") };
            }
        }
        let past = new.expires.is_some_and(|expires| expires <= self.now);
        if new.amount < 0 || new.amount == 0 && new.tx.is_none() || new.debit == new.credit || past {
            return Err("invalid_field");
        }
        let (debit, credit) = ((new.asset, new.debit), (new.asset, new.credit));
        if new.debit == GHOST || new.credit == GHOST {
            return Err("unknown_user");
        }
        if let Some(reverses) = new.reverses {
            self.reversible(new, reverses)?;
        }
        if self.balance(debit).closed {
            return Err("debit_closed");
        }
        if self.balance(credit).closed {
            return Err("credit_closed");
        }
        let limited = self.limit(new)?;
        let mut made = Operation {
            made: Some(new.clone()),
            kind: new.kind,
            debit,
            credit,
            amount: new.amount,
            status: Pending,
            held: 0,
            captured: (new.waits && new.kind == Transfer).then_some(0),
            error: None,
            expires: new.expires,
            created: self.now,
            limited,
            posted: None,
        };
        if new.waits {
            self.funds(debit, 0, new.amount)?;
            let held = self.held(debit) + new.amount;
            if held > MOST || self.balance(debit).posted - held < -MOST {
                return Err("amount_overflow");
            }
            made.held = new.amount;
        } else {
            made.posted = Some(self.transfer(debit, 0, credit, new.amount)?);
            made.status = Completed;
        }
        self.open(debit);
        self.open(credit);
        self.operations.insert(new.id, made);
        Ok(false)
    }

    fn reversible(&self, new: &Create, reverses: u64) -> Result<(), Code> {
        let original = self.operations.get(&reverses).ok_or("unknown_operation")?;
        let of = |made: &Option<Create>| made.as_ref().is_some_and(|made| made.reverses == Some(reverses));
        if self.operations.values().any(|other| of(&other.made)) {
            return Err("already_reversed");
        }
        if original.posted.is_none() || original.kind == Reversal {
            return Err("not_reversible");
        }
        let back = ((new.asset, new.credit), (new.asset, new.debit), new.amount);
        if (original.debit, original.credit, original.amount) != back {
            return Err("reversal_differs");
        }
        Ok(())
    }

    /// The account that it counts against, where there is a limit at all.
    fn limit(&self, new: &Create) -> Result<Option<Account>, Code> {
        let owner = match new.kind {
            Withdrawal | Transfer | Burn => new.debit,
            Deposit | Mint => new.credit,
            Reversal => return Ok(None),
        };
        let account = (new.asset, owner);
        let fits = |limit: &&Limit| limit.asset == new.asset && limit.kind == new.kind;
        if owner >= GHOST || !self.limits.iter().any(|limit| fits(&limit)) {
            return Ok(None);
        }
        for limit in self.limits.iter().filter(fits) {
            let since = self.now - limit.window_s * 1_000_000;
            let earlier = self.operations.values().filter(|known| {
                known.limited == Some(account)
                    && known.kind == new.kind
                    && known.created > since
                    && ![Failed, Cancelled].contains(&known.status)
            });
            let used: i128 = earlier
                .map(|known| match known.captured {
                    Some(captured) if final_status(known.status) => captured,
                    _ => known.amount,
                })
                .sum();
            if used + new.amount > limit.amount {
                return Err("tier_limit");
            }
        }
        Ok(Some(account))
    }

    /// Whether an amount is there to be taken, of which `freed` was held for it.
    fn funds(&self, debit: Account, freed: i128, amount: i128) -> Result<(), Code> {
        let balance = self.balance(debit);
        let available = balance.posted - (self.held(debit) - freed);
        match balance.minimum {
            Some(minimum) if available - amount < minimum => Err("insufficient_funds"),
            _ => Ok(()),
        }
    }

    /// Moves an amount, of which `freed` was held for it; posted of both sides after it.
    pub fn transfer(
        &mut self,
        debit: Account,
        freed: i128,
        credit: Account,
        amount: i128,
    ) -> Result<(i128, i128), Code> {
        self.funds(debit, freed, amount)?;
        let (mut from, mut to) = (self.balance(debit), self.balance(credit));
        from.posted -= amount;
        to.posted += amount;
        if to.maximum.is_some_and(|maximum| to.posted > maximum) {
            return Err("above_maximum");
        }
        let available = from.posted - (self.held(debit) - freed);
        if to.posted > MOST || from.posted < -MOST || available < -MOST {
            return Err("amount_overflow");
        }
        let posted = (from.posted, to.posted);
        self.balances.insert(debit, from);
        self.balances.insert(credit, to);
        Ok(posted)
    }

    fn configure(
        &mut self,
        account: Account,
        minimum: Option<Option<i128>>,
        maximum: Option<Option<i128>>,
        closed: Option<bool>,
    ) -> Result<(), Code> {
        let mut after = self.balances.get(&account).cloned().ok_or("unknown_balance")?;
        after.minimum = minimum.unwrap_or(after.minimum);
        after.maximum = maximum.unwrap_or(after.maximum);
        let held = self.held(account);
        if after.minimum.is_none() && account.1 != EXTERNAL {
            return Err("invalid_field");
        }
        if closed == Some(true) && held != 0 {
            return Err("funds_held");
        }
        after.closed = closed.unwrap_or(after.closed);
        match (after.minimum, after.maximum) {
            (Some(minimum), Some(maximum)) if minimum > maximum => return Err("invalid_field"),
            (Some(minimum), _) if after.posted - held < minimum => return Err("below_minimum"),
            (_, Some(maximum)) if after.posted > maximum => return Err("above_maximum"),
            _ => {}
        }
        self.balances.insert(account, after);
        Ok(())
    }

    /// What must hold whatever was done.
    pub fn assert_sound(&self) {
        let mut sums: BTreeMap<usize, i128> = BTreeMap::new();
        for (account, balance) in &self.balances {
            *sums.entry(account.0).or_default() += balance.posted;
            let held = self.held(*account);
            assert!(held >= 0 && balance.maximum.is_none_or(|maximum| balance.posted <= maximum));
            assert!(
                balance
                    .minimum
                    .is_none_or(|minimum| balance.posted - held >= minimum)
            );
        }
        assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    }
}

impl Balance {
    fn new((_, owner): Account) -> Balance {
        Balance {
            minimum: (owner != EXTERNAL).then_some(0),
            ..Balance::default()
        }
    }
}

impl Operation {
    /// Whether it is a capture of that one.
    pub fn created_by(&self, parent: u64) -> bool {
        self.error.as_deref() == Some(format!("part of {parent}").as_str())
    }
}
