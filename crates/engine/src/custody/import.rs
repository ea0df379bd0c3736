//! Importing the outputs of a block of Bitcoin as deposits: a user and a balance for each address, an operation for
//! each output.
//!
//! The file has a decoded transaction a line: `{"txid", "block_height", "coinbase", "outputs": [{"vout", "sats",
//! "address" or null, "script"}]}`. An output without an address (such as OP_RETURN) goes to the asset's suspense account.
//! The outputs of the coinbase transaction are mints; they come from the external balance like any deposit. An output
//! is known by transaction and number, so the same file again changes nothing, and a broken-off import goes on.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;

use domain::custody::asset::CreateAsset;
use domain::custody::operation::CreateOperation;
use domain::custody::{Account, Amount, Asset, House, OperationKind, Owner};
use domain::identity::Role;
use domain::identity::user::{CreateUser, ImportUser};
use domain::{Caller, Command, Origin, Reply};
use serde::Deserialize;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::import::read::Items;

/// Outputs that are sent at a time.
const AT_ONCE: usize = 500;

/// Most outputs that a report names.
const REJECTIONS_MAX: usize = 10;

/// What an import of deposits did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DepositsReport {
    /// Transactions read: lines, without blank ones.
    pub transactions: u64,
    /// Outputs read: the sum of the next three.
    pub outputs: u64,
    /// Outputs that became operations now.
    pub added: u64,
    /// Outputs that were there already.
    pub already_there: u64,
    /// Outputs, and lines that do not read, that were not taken.
    pub rejected: u64,
    /// Users made for addresses.
    pub users: u64,
    /// What was added, in the asset's smallest unit.
    pub amount: Amount,
    /// The first of what was rejected: the line, counted from 1, and why.
    pub rejections: Vec<(u64, String)>,
}

/// How far an import is.
pub type DepositsProgress<'a> = &'a mut (dyn FnMut(u64, &DepositsReport) + Send);

#[derive(Deserialize)]
struct Transaction {
    txid: String,
    block_height: u64,
    coinbase: bool,
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
struct Output {
    vout: u64,
    sats: u64,
    address: Option<String>,
    script: Option<String>,
}

/// An output on its way: the line it came from, and what it will be.
struct Deposit {
    line: u64,
    txid: String,
    block: u64,
    kind: OperationKind,
    output: Output,
}

struct Import<'a> {
    engine: &'a Engine,
    caller: &'a Caller,
    asset: Arc<Asset>,
    users: HashMap<String, Uuid>,
    report: DepositsReport,
}

impl Engine {
    /// Makes deposits of the outputs of a block, see the module. The asset is made if there is none of this code yet.
    pub async fn import_bitcoin_block<R: BufRead + Send>(
        &self,
        caller: &Caller,
        code: &str,
        reader: R,
        progress: DepositsProgress<'_>,
    ) -> Result<DepositsReport, Error> {
        let asset = self.bitcoin(caller, code).await?;
        let mut import = Import {
            engine: self,
            caller,
            asset,
            users: HashMap::new(),
            report: DepositsReport::default(),
        };
        let unreadable = |error: std::io::Error| {
            Error::problem(format!("the file cannot be read: {error}"), "check the file")
        };
        let mut items = Items::new(reader);
        let mut waiting = Vec::new();
        while let Some(item) = items.next().map_err(unreadable)? {
            import.report.transactions += 1;
            let parsed = match item.broken {
                Some(why) => Err(why),
                None => serde_json::from_slice::<Transaction>(&item.bytes).map_err(|error| error.to_string()),
            };
            match parsed {
                Ok(transaction) => waiting.extend(outputs(item.number, transaction)),
                Err(why) => import.reject(item.number, why),
            }
            while waiting.len() >= AT_ONCE {
                let rest = waiting.split_off(AT_ONCE);
                import.send(std::mem::replace(&mut waiting, rest)).await?;
                progress(items.bytes(), &import.report);
            }
        }
        import.send(waiting).await?;
        progress(items.bytes(), &import.report);
        Ok(import.report)
    }

    /// The asset of this code, made if it is not there: of eight digits, on the chain `bitcoin`.
    async fn bitcoin(&self, caller: &Caller, code: &str) -> Result<Arc<Asset>, Error> {
        if let Some(asset) = self.asset_meant(code).await? {
            if asset.scale == 8 && asset.chain.as_deref() == Some("bitcoin") {
                return Ok(asset);
            }
            return Err(Error::problem(
                format!("asset {} is not one of 8 digits on the chain bitcoin", asset.code),
                "name another asset: amounts in the file are satoshis",
            ));
        }
        let command = CreateAsset {
            id: None,
            code: code.to_owned(),
            name: "Bitcoin".to_owned(),
            scale: 8,
            chain: Some("bitcoin".to_owned()),
        };
        let command = Command::CreateAsset(command);
        self.submit(caller, Origin::default(), command).await?;
        self.asset_named(code).await
    }
}

fn outputs(line: u64, transaction: Transaction) -> impl Iterator<Item = Deposit> {
    let Transaction {
        txid,
        block_height,
        coinbase,
        outputs,
    } = transaction;
    let kind = if coinbase {
        OperationKind::Mint
    } else {
        OperationKind::Deposit
    };
    outputs.into_iter().map(move |output| Deposit {
        line,
        txid: txid.clone(),
        block: block_height,
        kind,
        output,
    })
}

impl Import<'_> {
    fn reject(&mut self, line: u64, why: String) {
        self.report.rejected += 1;
        if self.report.rejections.len() < REJECTIONS_MAX {
            self.report.rejections.push((line, why));
        }
    }

    /// Makes the users that are missing, then the operations, in the order of the file.
    async fn send(&mut self, deposits: Vec<Deposit>) -> Result<(), Error> {
        if deposits.is_empty() {
            return Ok(());
        }
        self.make_users(&deposits).await?;
        let (mut commands, mut sent) = (
            Vec::with_capacity(deposits.len()),
            Vec::with_capacity(deposits.len()),
        );
        for deposit in deposits {
            self.report.outputs += 1;
            match self.command(&deposit).await {
                Ok(command) => {
                    commands.push(Command::CreateOperation(Box::new(command)));
                    sent.push(deposit);
                }
                Err(Error::Refused { refusal, .. }) => self.reject(deposit.line, refusal.message),
                Err(other) => return Err(other),
            }
        }
        let answers = self
            .engine
            .submit_all(self.caller, &Origin::default(), commands)
            .await?;
        for (deposit, answer) in sent.iter().zip(answers) {
            match answer {
                Ok(answer) => self.count(&answer.reply),
                Err(Error::Refused { refusal, .. }) => {
                    let why = format!("output {}: {}", deposit.output.vout, refusal.message);
                    self.reject(deposit.line, why);
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    fn count(&mut self, reply: &Reply) {
        let Reply::Operations(states) = reply else { return };
        for state in states {
            if state.replayed {
                self.report.already_there += 1;
            } else {
                self.report.added += 1;
                let sum = self.report.amount.plus(state.operation.amount);
                self.report.amount = sum.unwrap_or(self.report.amount);
            }
        }
    }

    async fn command(&self, deposit: &Deposit) -> Result<CreateOperation, Error> {
        let asset = self.asset.id;
        let owner = match &deposit.output.address {
            Some(address) => {
                let message = || format!("address {address} cannot have a user");
                let user = self.users.get(address);
                Owner::User(*user.ok_or_else(|| domain::FieldError::new("address", message()))?)
            }
            None => Owner::House(House::Suspense),
        };
        let external = Account {
            asset,
            owner: Owner::House(House::External),
        };
        let credit = Account { asset, owner };
        let amount = Amount::new(deposit.output.sats.into()).unwrap_or(Amount::ZERO);
        // What is known of an output without an address is its script.
        let script = deposit
            .output
            .script
            .as_ref()
            .filter(|_| deposit.output.address.is_none());
        let metadata = script.map(|script| evidence::json::canonical(&serde_json::json!({"script": script})));
        Ok(CreateOperation {
            chain: self.asset.chain.clone(),
            tx_hash: Some(deposit.txid.clone()),
            output: Some(deposit.output.vout),
            block: Some(deposit.block),
            metadata,
            opens: self.engine.opens([external, credit]).await?,
            ..CreateOperation::new(deposit.kind, external, credit, amount)
        })
    }

    /// Finds or makes the users of the addresses. User names are in lower case, so the address itself is the full name.
    async fn make_users(&mut self, deposits: &[Deposit]) -> Result<(), Error> {
        let mut missing: Vec<(u64, &str)> = Vec::new();
        for deposit in deposits {
            let Some(address) = deposit.output.address.as_deref() else {
                continue;
            };
            let waits = missing.iter().any(|(_, known)| *known == address);
            if waits || self.users.contains_key(address) {
                continue;
            }
            match self.engine.user_named(address).await? {
                Some(user) if user.row.full_name.as_deref() == Some(address) => {
                    self.users.insert(address.to_owned(), user.row.id);
                }
                // Somebody else's name: the output is rejected when its user is looked for.
                Some(_) => {}
                None => missing.push((deposit.line, address)),
            }
        }
        let commands = missing.iter().map(|(_, address)| {
            let full_name = Some((*address).to_owned());
            Command::ImportUser(ImportUser(CreateUser {
                full_name,
                ..CreateUser::new(address.to_ascii_lowercase(), Role::USER)
            }))
        });
        let answers = self
            .engine
            .submit_all(self.caller, &Origin::default(), commands.collect())
            .await?;
        for ((_, address), answer) in missing.into_iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    if let Reply::User { user, .. } = answer.reply {
                        self.report.users += 1;
                        self.users.insert(address.to_owned(), user.id);
                    }
                }
                Err(Error::Refused { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}
