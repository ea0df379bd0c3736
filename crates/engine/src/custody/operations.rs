//! Making operations and carrying them on: names and decimals become ids and amounts, then the Writer decides.

use domain::code::check_count;
use domain::custody::operation::{CreateOperation, OPERATIONS_MAX, OnChain, Request, Step, StepOperation};
use domain::custody::{Account, Amount, Asset, House, Operation, OperationKind};
use domain::own_id::derived_id;
use domain::record::Kind;
use domain::{Caller, Command, FieldError, Origin, code};
use evidence::Timestamp;
use evidence::json::{self, StrictObject};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Named;
use super::names::amount;
use super::on_chain::{with_chain, with_transaction};
use super::outcomes::{Made, StepOutcome, spread, within};
use crate::engine::Engine;
use crate::error::Error;
use crate::writer::Answer;
use domain::custody::operation::CreateLinked;
use domain::custody::operation::steps::Capture;

/// What is known of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionInput {
    /// The chain; the asset's own otherwise.
    pub chain: Option<String>,
    /// Its hash.
    pub tx_hash: Option<String>,
    /// Which output, from 0.
    pub output: Option<u64>,
    /// The height of its block.
    pub block: Option<u64>,
    /// Blocks on it.
    pub confirmations: Option<u64>,
    /// The transactions beside it; of one without a chain it is the asset's own.
    pub further: Vec<OnChain>,
}

/// An operation as a caller asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOperation {
    /// The caller's own id for it.
    pub id: Option<Uuid>,
    /// What sort.
    pub kind: OperationKind,
    /// Code or id of the asset; not needed where a balance is named by its id.
    pub asset: Option<String>,
    /// How much, as a decimal.
    pub amount: Option<String>,
    /// What is debited; the external balance for a deposit or mint.
    pub debit: Option<String>,
    /// What is credited; the external balance for a withdrawal or burn.
    pub credit: Option<String>,
    /// Whether it waits for another step.
    pub pending: Option<bool>,
    /// From when a pending one no longer holds anything.
    pub expires_at: Option<Timestamp>,
    /// The operation to be reversed.
    pub reverses: Option<Uuid>,
    /// Where a withdrawal goes.
    pub destination: Option<Uuid>,
    /// The approval to use.
    pub approval: Option<Uuid>,
    /// Its transaction.
    pub transaction: TransactionInput,
    /// Why an output that was credited and reversed is credited again.
    pub evidence: Option<String>,
    /// The caller's own words.
    pub reference: Option<String>,
    /// The caller's own data.
    pub metadata: Option<StrictObject>,
    /// Whether it stands or falls with the next one.
    pub linked: bool,
    /// Whether its user names are looked up: for callers who may read users.
    pub by_name: bool,
}

impl NewOperation {
    /// A plain operation of this kind.
    pub fn new(kind: OperationKind) -> NewOperation {
        NewOperation {
            id: None,
            kind,
            asset: None,
            amount: None,
            debit: None,
            credit: None,
            pending: None,
            expires_at: None,
            reverses: None,
            destination: None,
            approval: None,
            transaction: TransactionInput::default(),
            evidence: None,
            reference: None,
            metadata: None,
            linked: false,
            by_name: true,
        }
    }
}

/// An `Idempotency-Key` with the body that it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationId {
    /// Who brought the key: keys of different callers are different keys.
    pub caller: String,
    /// What the key is used for, so that one used for something else is another.
    pub purpose: &'static str,
    /// The key.
    pub key: String,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
}

impl OperationId {
    /// A key, with the digest of the body in canonical form.
    pub fn new(caller: String, purpose: &'static str, key: &str, body: &Value) -> OperationId {
        OperationId {
            caller,
            purpose,
            key: key.to_owned(),
            digest: Sha256::digest(json::canonical(body)).into(),
        }
    }

    /// The id of the `position`th thing that is made under the key.
    pub fn id(&self, position: usize) -> Uuid {
        derived_id(
            "idempotency",
            &[
                self.caller.as_bytes(),
                self.purpose.as_bytes(),
                self.key.as_bytes(),
                &(position as u64).to_be_bytes(),
            ],
        )
    }
}

/// A step as a caller asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStep {
    /// The operation.
    pub operation: Uuid,
    /// Its version, where the step depends on it.
    pub version: Option<u64>,
    /// The step.
    pub kind: StepKind,
}

/// What sort of step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Captures a part, as a decimal, or all that is held.
    Capture {
        /// The capture's own id.
        id: Option<Uuid>,
        /// How much.
        amount: Option<String>,
    },
    /// Any other step.
    Other(Step),
}

fn one(answer: Answer) -> Result<Made, Error> {
    let mut states = answer.typed::<Vec<Made>>()?.reply;
    states
        .pop()
        .ok_or_else(|| Error::problem("an operation was answered with none", "report this as a bug"))
}

impl Engine {
    /// Reads an operation: names become ids, decimals amounts.
    pub async fn prepare_operation(
        &self,
        new: NewOperation,
        key: Option<(&OperationId, usize)>,
    ) -> Result<CreateOperation, Error> {
        let original = match new.reverses {
            Some(id) => self.one::<Operation>("id", Kind::Uuid, id.into()).await?,
            None => None,
        };
        let original = original.map(|sealed| sealed.row);
        if new.reverses.is_some() && original.is_none() && new.kind == OperationKind::Reversal {
            return Err(code::UNKNOWN_OPERATION
                .absent("such operation", "reverses")
                .into());
        }
        let asset = match (&new.asset, &original) {
            (Some(text), _) => Some(self.asset_named(text).await?),
            (None, Some(original)) => self.asset(original.asset_id).await?,
            (None, None) => None,
        };
        let (debit, credit) = self.sides(&new, original.as_ref(), asset.as_deref()).await?;
        let asset = match asset {
            Some(asset) => asset,
            None => self.asset_of(debit.asset).await?,
        };
        let units = match (&new.amount, &original) {
            (Some(text), _) => amount("amount", text, &asset)?,
            (None, Some(original)) => original.amount,
            (None, None) => return Err(FieldError::new("amount", "is missing").into()),
        };
        let opens = self.opens([debit, credit]).await?;
        Ok(Self::command(new, (debit, credit), units, &asset, opens, key))
    }

    fn command(
        new: NewOperation,
        (debit, credit): (Account, Account),
        units: Amount,
        asset: &Asset,
        opens: Vec<Uuid>,
        key: Option<(&OperationId, usize)>,
    ) -> CreateOperation {
        let on_chain = new.transaction.tx_hash.is_some();
        CreateOperation {
            id: new.id.or(key.map(|(key, position)| key.id(position))),
            waits: new.pending.unwrap_or(new.kind == OperationKind::Withdrawal),
            expires_at: new.expires_at,
            reverses: new.reverses,
            destination: new.destination,
            approval: new.approval,
            chain: new
                .transaction
                .chain
                .or_else(|| asset.chain.clone().filter(|_| on_chain)),
            tx_hash: new.transaction.tx_hash,
            output: new.transaction.output,
            block: new.transaction.block,
            confirmations: new.transaction.confirmations,
            transactions: with_chain(new.transaction.further, asset),
            evidence: new.evidence,
            reference: new.reference,
            metadata: new
                .metadata
                .map(|metadata| json::canonical(&Value::Object(metadata.0))),
            request: key.map(|(key, _)| Request {
                first: key.id(0),
                digest: key.digest,
            }),
            opens,
            ..CreateOperation::new(new.kind, debit, credit, units)
        }
    }

    /// Debit and credit: what is named, or what goes without saying.
    async fn sides(
        &self,
        new: &NewOperation,
        original: Option<&Operation>,
        asset: Option<&Asset>,
    ) -> Result<(Account, Account), Error> {
        use OperationKind::{Burn, Deposit, Mint, Withdrawal};
        let external = format!("house:{}", House::External.as_str());
        let missing = |field| Error::from(FieldError::new(field, "is missing"));
        let own = |text: &Option<String>, implied: bool, of: Option<Uuid>, field| {
            text.clone()
                .or_else(|| of.map(|id| id.to_string()))
                .or_else(|| implied.then(|| external.clone()))
                .ok_or_else(|| missing(field))
        };
        let debit = own(
            &new.debit,
            matches!(new.kind, Deposit | Mint),
            original.map(|original| original.credit_id),
            "debit",
        )?;
        let credit = own(
            &new.credit,
            matches!(new.kind, Withdrawal | Burn),
            original.map(|original| original.debit_id),
            "credit",
        )?;
        // The asset may follow from whichever side is named by its id.
        let asset = asset.map(|asset| asset.id);
        if asset.is_none() && Uuid::try_parse(&debit).is_err() {
            let credit = self.account_named("credit", &credit, None, new.by_name).await?;
            let debit = self
                .account_named("debit", &debit, Some(credit.asset), new.by_name)
                .await?;
            return Ok((debit, credit));
        }
        let debit = self.account_named("debit", &debit, asset, new.by_name).await?;
        let credit = self
            .account_named("credit", &credit, Some(debit.asset), new.by_name)
            .await?;
        Ok((debit, credit))
    }

    /// Makes an operation.
    pub async fn create_operation(
        &self,
        caller: &Caller,
        origin: Origin,
        new: NewOperation,
        key: Option<&OperationId>,
    ) -> Result<Made, Error> {
        let command = self.prepare_operation(new, key.map(|key| (key, 0))).await?;
        let named = super::named([&command]);
        let made = one(self.submit(caller, origin, command.into()).await?)?;
        self.remember_opened(&named, [&made]);
        Ok(made)
    }

    /// Reads a list of operations as commands: linked ones become one. With the balances that they name.
    pub async fn prepare_operations(
        &self,
        new: Vec<NewOperation>,
        key: Option<&OperationId>,
    ) -> Result<(Vec<(usize, Result<Command, Error>)>, Named), Error> {
        let code = &code::TOO_MANY_OPERATIONS;
        check_count(code, "operations", new.len(), OPERATIONS_MAX, "")?;
        if new.last().is_some_and(|last| last.linked) {
            let field = format!("[{}].linked", new.len() - 1);
            return Err(FieldError::new(field, "the last one has no next one to be linked with").into());
        }
        let mut commands = Vec::with_capacity(new.len());
        let mut chain: Vec<CreateOperation> = Vec::new();
        let mut broken: Option<(usize, Error)> = None;
        let mut named = Named::new();
        let mut length = 0;
        for (position, new) in new.into_iter().enumerate() {
            let linked = new.linked;
            length += 1;
            match self.prepare_operation(new, key.map(|key| (key, position))).await {
                Ok(command) => chain.push(command),
                Err(Error::Refused { refusal, .. }) => {
                    broken.get_or_insert((length - 1, Error::from(refusal)));
                }
                Err(other) => return Err(other),
            }
            if linked {
                continue;
            }
            let made = std::mem::take(&mut chain);
            if broken.is_none() {
                named.extend(super::named(&made));
            }
            let command = match broken.take() {
                Some((_, error)) if length == 1 => Err(error),
                Some((at, error)) => Err(within(error, at)),
                None if length == 1 => made
                    .into_iter()
                    .next()
                    .map(Command::from)
                    .ok_or_else(|| Error::problem("a chain of no operations", "report this as a bug")),
                None => Ok(Command::CreateLinked(CreateLinked { operations: made })),
            };
            commands.push((length, command));
            length = 0;
        }
        Ok((commands, named))
    }

    /// Makes operations: each stands for itself, but linked ones together. The answers are in the order of the list.
    pub async fn create_operations(
        &self,
        caller: &Caller,
        origin: Origin,
        new: Vec<NewOperation>,
        key: Option<&OperationId>,
    ) -> Result<Vec<StepOutcome>, Error> {
        let (prepared, named) = self.prepare_operations(new, key).await?;
        let lengths: Vec<usize> = prepared.iter().map(|(length, _)| *length).collect();
        let mut wrong = Vec::new();
        let mut commands = Vec::new();
        for (_, command) in prepared {
            match command {
                Ok(command) => {
                    commands.push(command);
                    wrong.push(None);
                }
                Err(error) => wrong.push(Some(error)),
            }
        }
        let mut answers = self.submit_all(caller, &origin, commands).await?.into_iter();
        let mut outcomes = Vec::new();
        for (length, wrong) in lengths.into_iter().zip(wrong) {
            let answer = match wrong {
                Some(error) => Err(error),
                None => answers.next().unwrap_or_else(|| Err(crate::writer::stopped())),
            };
            spread(answer, length, &mut outcomes)?;
        }
        self.remember_opened(&named, outcomes.iter().flatten());
        Ok(outcomes)
    }

    /// Reads a step.
    pub async fn prepare_step(&self, new: NewStep) -> Result<StepOperation<Step>, Error> {
        let found = self
            .one::<Operation>("id", Kind::Uuid, new.operation.into())
            .await?;
        let row = found.map(|sealed| sealed.row).ok_or_else(|| {
            Error::from(code::UNKNOWN_OPERATION.absent(format_args!("operation {}", new.operation), "id"))
        })?;
        let unknown = || Error::from(store::Error::data("an operation's balance is missing"));
        let debit = self.account_of(row.debit_id).await?.ok_or_else(unknown)?;
        let credit = self.account_of(row.credit_id).await?.ok_or_else(unknown)?;
        let asset = self.asset_of(row.asset_id).await?;
        let step = match new.kind {
            StepKind::Capture { id, amount: text } => Step::Capture(Capture {
                id,
                amount: text.map(|text| amount("amount", &text, &asset)).transpose()?,
            }),
            StepKind::Other(step) => with_transaction(step, &row, &asset),
        };
        Ok(StepOperation {
            operation: new.operation,
            debit,
            credit,
            destination: row.destination_id,
            version: new.version,
            step,
        })
    }

    /// Takes a step of an operation.
    pub async fn step_operation(&self, caller: &Caller, origin: Origin, new: NewStep) -> Result<Made, Error> {
        let command = self.prepare_step(new).await?.command();
        one(self.submit(caller, origin, command).await?)
    }

    /// What a command would answer now, without writing anything.
    pub async fn try_operations(
        &self,
        caller: &Caller,
        origin: &Origin,
        prepared: Vec<(usize, Result<Command, Error>)>,
    ) -> Result<Vec<StepOutcome>, Error> {
        let lengths: Vec<usize> = prepared.iter().map(|(length, _)| *length).collect();
        let commands = prepared.into_iter().map(|(_, command)| command).collect();
        let answers = self.dry_run(caller, origin, commands).await?;
        let mut outcomes = Vec::new();
        for (length, answer) in lengths.into_iter().zip(answers) {
            spread(
                answer.map(|reply| Answer { reply, entry: None }),
                length,
                &mut outcomes,
            )?;
        }
        Ok(outcomes)
    }
}
