//! What an approval of one of Probity's own verbs is about, as people read it: names, decimals and addresses for the ids
//! and smallest units that it is bound to.

use std::collections::HashMap;
use std::sync::Arc;

use domain::action;
use domain::approval::{Approval, operation_of};
use domain::custody::destination::Destination;
use domain::custody::{Account, Amount, Asset, House, Operation, Owner};
use domain::identity::user::User;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;

/// A side of a movement.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The balance.
    pub balance: Uuid,
    /// Whose it is.
    pub account: Option<Account>,
    /// The name of the user whose it is.
    pub name: Option<String>,
}

/// What an approval is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The verb without its noun: `create`, `start`, `resolve`.
    pub verb: String,
    /// What the approval is bound to.
    pub arguments: Map<String, Value>,
    /// What sort of operation.
    pub kind: String,
    /// Its asset.
    pub asset: Arc<Asset>,
    /// How much.
    pub amount: Amount,
    /// What is debited.
    pub debit: Side,
    /// What is credited.
    pub credit: Side,
    /// Where a withdrawal goes.
    pub destination: Option<Destination>,
    /// The operation's own words.
    pub reference: Option<String>,
    /// Who asked for the approval.
    requested_by: Option<Uuid>,
}

/// Who looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// Whether everybody's operations and destinations are for them to see.
    pub all: bool,
    /// Whether everybody's names are.
    pub names: bool,
    /// Who they are.
    pub own: Option<Uuid>,
}

impl Viewer {
    /// Who sees everything.
    pub const ALL: Viewer = Viewer {
        all: true,
        names: true,
        own: None,
    };

    fn is(&self, user: Option<Uuid>) -> bool {
        user.is_some() && user == self.own
    }
}

impl Side {
    fn user(&self) -> Option<Uuid> {
        self.account.and_then(|account| account.user())
    }

    fn as_json(&self) -> Value {
        let mut value = json!({"balance": self.balance});
        if let Some(account) = self.account {
            value["account"] = account.words().into();
        }
        if let Some(name) = &self.name {
            value["name"] = name.as_str().into();
        }
        value
    }

    /// `user:ann`, `house:fees`.
    pub fn words(&self) -> String {
        match (&self.name, self.account) {
            (Some(name), _) => format!("user:{name}"),
            (None, Some(account)) => account.words(),
            (None, None) => format!("balance {}, which is not open yet", self.balance),
        }
    }
}

/// The account of an asset as [`Account::words`] writes it.
fn read(text: &str, asset: Uuid) -> Option<Account> {
    let owner = match text.split_once(':')? {
        ("user", id) => Owner::User(Uuid::try_parse(id).ok()?),
        ("house", house) => Owner::House(House::parse(house)?),
        _ => return None,
    };
    Some(Account { asset, owner })
}

impl Subject {
    /// What of it is for a viewer to see: names and destinations of their own alone, unless they may see all. None for callers
    /// who may not see the operation.
    pub fn seen_by(mut self, viewer: &Viewer) -> Option<Subject> {
        let party = [self.debit.user(), self.credit.user(), self.requested_by];
        if !viewer.all && !party.into_iter().any(|user| viewer.is(user)) {
            return None;
        }
        for side in [&mut self.debit, &mut self.credit] {
            side.name = side
                .name
                .take()
                .filter(|_| viewer.names || viewer.is(side.user()));
        }
        let known = self.destination.take();
        self.destination = known.filter(|known| viewer.all || viewer.is(Some(known.user_id)));
        Some(self)
    }

    /// The arguments as people read them.
    pub fn as_json(&self) -> Value {
        let mut members = self.arguments.clone();
        for name in ["debit_account", "credit_account"] {
            members.remove(name);
        }
        let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        put("kind", self.kind.as_str().into());
        put("asset", self.asset.code.as_str().into());
        put("amount", self.amount.to_decimal(self.asset.digits()).into());
        put("debit", self.debit.as_json());
        put("credit", self.credit.as_json());
        if let Some(reference) = &self.reference {
            put("reference", reference.as_str().into());
        }
        if let Some(known) = &self.destination {
            put(
                "destination",
                json!({
                    "id": known.id,
                    "address": known.address,
                    "label": known.label,
                    "usable_at": known.usable_at.to_string(),
                    "removed_at": known.removed_at.map(|at| at.to_string()),
                }),
            );
        }
        Value::Object(members)
    }

    /// What is to be done, in a sentence.
    pub fn words(&self) -> String {
        let outcome = self.arguments.get("outcome").and_then(Value::as_str);
        let outcome = outcome.map_or_else(String::new, |outcome| format!(" as {outcome}"));
        let what = if self.verb == "create" {
            "make a".to_owned()
        } else {
            format!("{}{outcome} the", self.verb)
        };
        format!(
            "{what} {} of {} from {} to {}",
            self.kind,
            self.asset.words(self.amount),
            self.debit.words(),
            self.credit.words()
        )
    }
}

/// An approval's movement by ids, before the names are looked up.
struct Found {
    approval: Uuid,
    verb: String,
    arguments: Map<String, Value>,
    kind: String,
    asset: Uuid,
    amount: Amount,
    sides: [(Uuid, Option<Account>); 2],
    destination: Option<Uuid>,
    reference: Option<String>,
    requested_by: Option<Uuid>,
}

impl Found {
    fn of(approval: &Approval, operations: &HashMap<Uuid, Operation>) -> Option<Found> {
        let verb = approval.action.strip_prefix("operation.")?.to_owned();
        let arguments: Map<String, Value> = serde_json::from_str(&approval.arguments).ok()?;
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        let id = |name: &str| text(name).and_then(|text| Uuid::try_parse(text).ok());
        let found = |kind, asset, amount, sides, destination, reference| Found {
            approval: approval.id,
            arguments: arguments.clone(),
            requested_by: approval.requested_by,
            verb,
            kind,
            asset,
            amount,
            sides,
            destination,
            reference,
        };
        if approval.action == action::OPERATION_CREATE.name {
            let asset = id("asset")?;
            let side = |name: &str, account: &str| {
                Some((id(name)?, text(account).and_then(|text| read(text, asset))))
            };
            return Some(found(
                text("kind")?.to_owned(),
                asset,
                Amount::from_units_text(text("amount")?)?,
                [side("debit", "debit_account")?, side("credit", "credit_account")?],
                id("destination"),
                None,
            ));
        }
        let row = operations.get(&operation_of(approval)?)?;
        Some(found(
            row.kind.as_str().to_owned(),
            row.asset_id,
            row.amount,
            [(row.debit_id, None), (row.credit_id, None)],
            row.destination_id,
            row.reference.clone(),
        ))
    }
}

impl Engine {
    /// What approvals are about, by their ids: of those of Probity's own verbs whose operation there is.
    pub async fn approval_subjects(
        &self,
        approvals: impl IntoIterator<Item = &Approval>,
    ) -> Result<HashMap<Uuid, Subject>, Error> {
        let approvals: Vec<&Approval> = approvals.into_iter().collect();
        let operations = approvals.iter().filter_map(|approval| operation_of(approval));
        let operations = self.rows_that_read::<Operation>(operations).await?;
        let found: Vec<_> = approvals
            .into_iter()
            .filter_map(|approval| Found::of(approval, &operations))
            .collect();
        let balances: Vec<_> = found.iter().flat_map(|one| one.sides.map(|(id, _)| id)).collect();
        let accounts = self.accounts_of(&balances).await?;
        let account = |(balance, said): (Uuid, Option<Account>)| {
            // What is said counts only where it is of this balance.
            let said = said.filter(|account| account.id() == balance);
            accounts.get(&balance).copied().or(said)
        };
        let users = found.iter().flat_map(|one| one.sides).filter_map(account);
        let users = self
            .rows_that_read::<User>(users.filter_map(|account| account.user()))
            .await?;
        let destinations = found.iter().filter_map(|one| one.destination);
        let destinations = self.rows_that_read::<Destination>(destinations).await?;
        let side = |(balance, said)| {
            let account = account((balance, said));
            let user = account.and_then(|account| account.user());
            Side {
                balance,
                account,
                name: user
                    .and_then(|id| users.get(&id))
                    .map(|user| user.username.clone()),
            }
        };
        let mut subjects = HashMap::with_capacity(found.len());
        for one in found {
            let Some(asset) = self.asset(one.asset).await? else {
                continue;
            };
            let [debit, credit] = one.sides;
            let subject = Subject {
                verb: one.verb,
                arguments: one.arguments,
                kind: one.kind,
                asset,
                amount: one.amount,
                debit: side(debit),
                credit: side(credit),
                destination: one.destination.and_then(|id| destinations.get(&id).cloned()),
                reference: one.reference,
                requested_by: one.requested_by,
            };
            subjects.insert(one.approval, subject);
        }
        Ok(subjects)
    }

    /// What an approval is about, where it is one of Probity's own verbs.
    pub async fn approval_subject(&self, approval: &Approval) -> Result<Option<Subject>, Error> {
        Ok(self.approval_subjects([approval]).await?.remove(&approval.id))
    }
}
