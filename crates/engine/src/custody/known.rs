//! What is remembered of assets and balances, since it never changes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::custody::{Account, Asset};
use uuid::Uuid;

/// Most balances remembered; beyond it the memory starts anew.
const BALANCES_MAX: usize = 200_000;

/// What never changes: assets, and of which asset and owner a balance is.
#[derive(Default)]
pub struct Names {
    assets: RwLock<HashMap<Uuid, Arc<Asset>>>,
    codes: RwLock<HashMap<String, Uuid>>,
    balances: RwLock<HashMap<Uuid, Account>>,
}

impl Names {
    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.codes.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.assets
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.balances
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub(super) fn asset(&self, id: Uuid) -> Option<Arc<Asset>> {
        let assets = self.assets.read().unwrap_or_else(PoisonError::into_inner);
        assets.get(&id).cloned()
    }

    pub(super) fn asset_of_code(&self, code: &str) -> Option<Arc<Asset>> {
        let id = *self
            .codes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(code)?;
        self.asset(id)
    }

    pub(super) fn remember_asset(&self, asset: Asset) -> Arc<Asset> {
        let asset = Arc::new(asset);
        let mut assets = self.assets.write().unwrap_or_else(PoisonError::into_inner);
        let mut codes = self.codes.write().unwrap_or_else(PoisonError::into_inner);
        codes.insert(asset.code.to_ascii_lowercase(), asset.id);
        assets.insert(asset.id, Arc::clone(&asset));
        asset
    }

    pub(super) fn account(&self, balance: Uuid) -> Option<Account> {
        let balances = self.balances.read().unwrap_or_else(PoisonError::into_inner);
        balances.get(&balance).copied()
    }

    pub(super) fn remember(&self, account: Account) {
        let mut balances = self.balances.write().unwrap_or_else(PoisonError::into_inner);
        if balances.len() >= BALANCES_MAX {
            balances.clear();
        }
        balances.insert(account.id(), account);
    }
}
