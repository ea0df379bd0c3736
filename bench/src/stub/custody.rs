//! Money of the stub: an asset, deposits that make balances, transfers between these, and what there is of it all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::{Reply, Request};
use crate::custody::{ASSET, decimal};

/// What there is.
#[derive(Default)]
struct State {
    asset: bool,
    /// Owner and hundredths by the balance's id.
    balances: BTreeMap<String, (String, u64)>,
    /// Ids that clients brought.
    ids: BTreeSet<String>,
    deposited: u64,
    deposits: u64,
    transfers: u64,
}

/// An asset with a scale of 2, and its balances.
#[derive(Default)]
pub(super) struct Ledger(Mutex<State>);

impl Ledger {
    /// The answer to what concerns money; `None` to everything else.
    pub fn answer(&self, request: &Request) -> Option<Reply> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (method, path) = request.line.split_once(' ')?;
        let path = path.split('?').next()?;
        Some(match (method, path) {
            ("POST", "/v1/assets") => state.create_asset(&request.body),
            ("POST", "/v1/operations") => state.operations(&request.body),
            ("GET", "/v1/operations/statistics") => state.statistics(),
            ("GET", path) if path == format!("/v1/assets/{ASSET}/supply") => state.supply(),
            _ => return None,
        })
    }
}

/// Why an operation is not made.
type Refusal = &'static str;

impl State {
    fn create_asset(&mut self, body: &[u8]) -> Reply {
        let wanted = json!({"code": ASSET, "name": "Benchmark", "scale": 2});
        if self.asset || serde_json::from_slice::<Value>(body).ok() != Some(wanted) {
            return Reply::new(409, r#"{"code":"code_taken"}"#);
        }
        self.asset = true;
        Reply::new(201, &json!({"id": "a-1", "code": ASSET}).to_string())
    }

    fn operations(&mut self, body: &[u8]) -> Reply {
        match serde_json::from_slice(body) {
            Ok(Value::Array(all)) => {
                let results: Vec<Value> = all.iter().map(|one| self.result(one)).collect();
                Reply::new(200, &json!({"results": results}).to_string())
            }
            Ok(one) => match self.operation(&one) {
                Ok(operation) => Reply::new(201, &operation.to_string()),
                Err(code) => Reply::new(409, &json!({"code": code}).to_string()),
            },
            Err(_) => Reply::new(400, r#"{"code":"malformed"}"#),
        }
    }

    fn result(&mut self, operation: &Value) -> Value {
        match self.operation(operation) {
            Ok(operation) => json!({"status": "created", "operation": operation}),
            Err(code) => json!({"status": "refused", "problem": {"code": code}}),
        }
    }

    fn operation(&mut self, asked: &Value) -> Result<Value, Refusal> {
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let amount = cents(text("amount")).ok_or("malformed")?;
        if let Some(id) = asked["id"].as_str()
            && !(id.len() == 36 && id[14..].starts_with('7') && self.ids.insert(id.to_owned()))
        {
            return Err("id_conflict");
        }
        let [debit, credit] = match text("kind") {
            "deposit" if self.asset && text("asset") == ASSET => self.deposit(text("credit"), amount)?,
            "transfer" => self.transfer([text("debit"), text("credit")], amount)?,
            _ => return Err("malformed"),
        };
        let number = self.deposits + self.transfers;
        let side = |(balance, account): (String, String)| json!({"balance": balance, "account": account});
        Ok(json!({
            "id": format!("0197-{number}"), "kind": text("kind"), "status": "completed", "asset": ASSET,
            "amount": decimal(amount), "debit": side(debit), "credit": side(credit), "version": 1,
        }))
    }

    /// A balance comes into being with its first deposit.
    fn deposit(&mut self, owner: &str, amount: u64) -> Result<[(String, String); 2], Refusal> {
        if !owner.starts_with("user:") {
            return Err("unknown_balance");
        }
        self.deposits += 1;
        self.deposited += amount;
        let id = format!("00000000-0000-7000-8000-{:012x}", self.deposits);
        self.balances.insert(id.clone(), (owner.to_owned(), amount));
        let external = ("00000000-0000-7000-9000-000000000000", "house:external");
        Ok([
            (external.0.to_owned(), external.1.to_owned()),
            (id, owner.to_owned()),
        ])
    }

    fn transfer(&mut self, ids: [&str; 2], amount: u64) -> Result<[(String, String); 2], Refusal> {
        let [debit, credit] = ids;
        let owner = |id: &str| self.balances.get(id).map(|(owner, _)| owner.clone());
        let owners = [owner(debit), owner(credit)].map(|owner| owner.ok_or("unknown_balance"));
        let [from, to] = owners;
        let (from, to) = (from?, to?);
        if debit == credit {
            return Err("same_balance");
        }
        let (_, available) = self.balances.get_mut(debit).ok_or("unknown_balance")?;
        *available = available.checked_sub(amount).ok_or("insufficient_funds")?;
        let (_, balance) = self.balances.get_mut(credit).ok_or("unknown_balance")?;
        *balance += amount;
        self.transfers += 1;
        Ok([(debit.to_owned(), from), (credit.to_owned(), to)])
    }

    fn statistics(&self) -> Reply {
        let figure =
            |kind, count| json!({"asset": ASSET, "kind": kind, "status": "completed", "count": count});
        let figures = [
            figure("deposit", self.deposits),
            figure("transfer", self.transfers),
        ];
        Reply::new(200, &json!({"figures": figures}).to_string())
    }

    fn supply(&self) -> Reply {
        let users: u64 = self.balances.values().map(|(_, amount)| amount).sum();
        let sum = decimal(users.abs_diff(self.deposited));
        let body = json!({"asset": ASSET, "supply": decimal(users), "users": decimal(users), "sum": sum});
        Reply::new(200, &body.to_string())
    }
}

/// `12.34` as 1234.
fn cents(text: &str) -> Option<u64> {
    let (whole, rest) = text.split_once('.').filter(|(_, rest)| rest.len() == 2)?;
    Some(whole.parse::<u64>().ok()? * 100 + rest.parse::<u64>().ok()?)
}
