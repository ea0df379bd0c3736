//! `POST /v1/assets`

use domain::custody::Asset;
use domain::custody::amount::SCALE_MAX;
use domain::custody::asset::{CODE_LEN_MAX, CreateAsset, NAME_LEN_MAX};
use domain::custody::chain::CHAIN_LEN_MAX;

use crate::change::prelude::*;
use crate::custody::CHAIN;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    /// Your own id: sent again with the same content it is answered as the first time.
    id: Option<Id>,
    /// Unique in any case.
    #[schemars(length(min = 1, max = CODE_LEN_MAX), regex(pattern = "^[A-Za-z0-9._-]+$"))]
    code: String,
    #[schemars(length(min = 1, max = NAME_LEN_MAX))]
    name: String,
    /// Digits after the point.
    #[schemars(range(max = SCALE_MAX))]
    scale: u64,
    /// The chain that it lives on.
    #[schemars(length(min = 1, max = CHAIN_LEN_MAX), regex(pattern = CHAIN))]
    chain: Option<String>,
}

impl Change for Create {
    type Of = Asset;
    type Act = CreateAsset;

    const SAYS: Says = Says {
        id: "create_asset",
        summary: "Make an asset",
        description: "With its house accounts: `omnibus`, `fees`, `suspense`, and `external`, which stands for the \
                      world outside. An asset never changes.",
        examples: &[(
            "bitcoin",
            r#"{"code":"BTC","name":"Bitcoin","scale":8,"chain":"bitcoin"}"#,
        )],
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        Ok(CreateAsset {
            id: asked.own_id(self.id)?,
            code: self.code,
            name: self.name,
            scale: self.scale,
            chain: self.chain,
        }
        .into())
    }
}
