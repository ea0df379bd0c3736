//! Showing operations that were just made, without asking the database what never changes.

use std::collections::HashMap;

use domain::custody::operation::CreateOperation;
use domain::custody::{Account, OperationStatus};
use uuid::Uuid;

use super::{Made, OperationView};
use crate::engine::Engine;
use crate::error::Error;

/// The balances that commands name, by id.
pub type Named = HashMap<Uuid, Account>;

/// The balances that new operations name.
pub fn named<'a>(commands: impl IntoIterator<Item = &'a CreateOperation>) -> Named {
    let accounts = commands
        .into_iter()
        .flat_map(|command| [command.debit, command.credit]);
    accounts.map(|account| (account.id(), account)).collect()
}

impl Engine {
    /// Remembers that the balances of what was made are open.
    pub(super) fn remember_opened<'a>(&self, named: &Named, made: impl IntoIterator<Item = &'a Made>) {
        let known = self.names();
        for made in made {
            for id in [made.operation.debit_id, made.operation.credit_id] {
                if let Some(account) = named.get(&id).filter(|_| known.account(id).is_none()) {
                    known.remember(*account);
                }
            }
        }
    }

    /// An operation that was just made, or tried, for showing. `named` has the balances that may not be open. One that
    /// was there before may have been reversed since.
    pub async fn view_made(&self, made: Made, named: &Named) -> Result<OperationView, Error> {
        let reversals = if made.replayed {
            self.reversals_of(std::iter::once(&made.operation)).await?
        } else {
            HashMap::new()
        };
        let now = self.now();
        let operation = made.operation.as_of(now);
        let missing =
            |what: &str, id: Uuid| Error::from(store::Error::data(format!("{what} {id} is missing")));
        let mut accounts = [None; 2];
        for (account, id) in accounts.iter_mut().zip([operation.debit_id, operation.credit_id]) {
            *account = match named.get(&id) {
                Some(named) => Some(*named),
                None => self.account_of(id).await?,
            };
        }
        let asset = self.asset(operation.asset_id).await?;
        Ok(OperationView {
            asset: asset.ok_or_else(|| missing("asset", operation.asset_id))?,
            debit: accounts[0].ok_or_else(|| missing("balance", operation.debit_id))?,
            credit: accounts[1].ok_or_else(|| missing("balance", operation.credit_id))?,
            version: made.version,
            entry: None,
            on_hold: None,
            reversed_by: reversals.get(&operation.id).copied(),
            operation,
        })
    }

    /// An operation after a step, for showing; whether it waits for a tier is looked up.
    pub async fn view_stepped(&self, made: Made) -> Result<OperationView, Error> {
        let mut view = self.view_made(made, &Named::new()).await?;
        if view.operation.status == OperationStatus::Pending {
            let accounts = (view.debit, view.credit);
            view.on_hold = self.on_hold(&view.operation, accounts, self.now()).await?;
        }
        Ok(view)
    }
}
