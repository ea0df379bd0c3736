//! The rules of custody, checked against the assets that there are.

use domain::custody::Asset;

use crate::engine::Engine;
use crate::error::Error;

impl Engine {
    /// Refuses rules with an amount that its asset cannot express: they would let nothing through, or would have to be
    /// passed over.
    pub(crate) async fn check_custody_rules(&self) -> Result<(), Error> {
        let rules = &self.rules().custody;
        if rules.limits.is_empty() && rules.thresholds.is_empty() {
            return Ok(());
        }
        for asset in self.select::<Asset>(&[], None, None).await?.0 {
            let asset = asset.row;
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
