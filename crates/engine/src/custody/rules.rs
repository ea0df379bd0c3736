//! The rules of custody, checked against the assets that there are.

use domain::custody::Asset;

use crate::engine::Engine;
use crate::error::Error;

/// Assets that are read at once.
const CHUNK: u32 = 500;

impl Engine {
    /// Every asset, oldest first.
    pub async fn assets(&self) -> Result<Vec<Asset>, Error> {
        let mut assets: Vec<Asset> = Vec::new();
        loop {
            let after = assets.last().map(|asset| asset.id);
            let page = {
                let mut conn = self.db().reader().await?;
                store::custody::assets(&mut conn, after, CHUNK).await?
            };
            let last = page.len() < CHUNK as usize;
            assets.extend(page.into_iter().map(|sealed| sealed.row));
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
        for asset in self.assets().await? {
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
