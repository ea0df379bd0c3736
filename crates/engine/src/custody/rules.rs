//! The rules of custody, checked against the assets that there are.

use std::sync::Arc;

use domain::custody::Asset;

use crate::engine::Engine;
use crate::error::Error;

/// Assets that are read at once.
const CHUNK: u32 = 500;

impl Engine {
    /// Every asset, oldest first.
    pub async fn all_assets(&self) -> Result<Vec<Arc<Asset>>, Error> {
        let mut assets = Vec::new();
        loop {
            let after = assets.last().map(|asset: &Arc<Asset>| asset.id);
            let mut page = self.assets(after, CHUNK).await?;
            let last = page.len() < CHUNK as usize;
            assets.append(&mut page);
            if last {
                return Ok(assets);
            }
        }
    }

    /// Refuses rules with an amount that its asset cannot express: they would let nothing through, or would have to be
    /// passed over.
    pub(crate) async fn check_custody_rules(&self) -> Result<(), Error> {
        let rules = &self.rules().custody;
        if rules.limits.is_empty() && rules.thresholds.is_empty() {
            return Ok(());
        }
        for asset in self.all_assets().await? {
            if let Some(message) = rules.unsayable(&asset.code, asset.digits()) {
                let hint = format!(
                    "an amount of {} has at most {} digits after the point: change custody.limits or \
                     custody.thresholds in the configuration",
                    asset.code, asset.scale
                );
                return Err(Error::problem(message, hint));
            }
        }
        Ok(())
    }
}
