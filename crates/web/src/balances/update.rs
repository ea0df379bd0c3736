//! `PATCH /v1/balances/{id}`

use domain::custody::balance::ConfigureBalance;
use domain::custody::{Amount, Asset};
use engine::custody::amount;
use views::BalanceView;

use crate::body::given_member;
use crate::change::prelude::*;
use crate::custody::{DECIMAL_LEN_MAX, Decimal};
use crate::nouns;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::option_option,
    reason = "left out, null and an amount are three things"
)]
pub(crate) struct Update {
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(max = DECIMAL_LEN_MAX), regex(pattern = "^-?[0-9]+([.][0-9]+)?$"))]
    minimum: Option<Option<Decimal>>,
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(max = DECIMAL_LEN_MAX), regex(pattern = "^[0-9]+([.][0-9]+)?$"))]
    maximum: Option<Option<Decimal>>,
    closed: Option<bool>,
}

/// A minimum: the one amount that may be below zero.
fn minimum(text: &str, asset: &Asset) -> Result<Amount, Problem> {
    let size = amount("minimum", text.strip_prefix('-').unwrap_or(text), asset)?;
    Ok(if text.starts_with('-') {
        Amount::ZERO.minus(size).unwrap_or(Amount::ZERO)
    } else {
        size
    })
}

impl Change for Update {
    type Of = BalanceView;
    type Act = ConfigureBalance;

    const SAYS: Says = Says {
        id: "update_balance",
        summary: "Bound a balance, or close it",
        description: "What is left out stays as it is. `minimum` is what `available` may not go below (below zero is \
                      a credit line), `maximum` what `posted` may not go above; `null` is no bound. Nothing moves on a \
                      closed balance.",
        examples: &[("maximum", r#"{"maximum":"1000"}"#)],
        tries: false,
        if_match: IfMatch::Must,
        checked_first: true,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let engine = &asked.call.app.engine;
        let account = engine.account_of(asked.id).await?;
        let account = account.ok_or_else(|| nouns::missing::<views::Balance>(&asked.id.to_string()))?;
        let asset = engine.asset_of(account.asset).await?;
        let bound = |text: Option<Decimal>, read: &dyn Fn(&str) -> Result<Amount, Problem>| {
            text.map(|text| read(&text.0)).transpose()
        };
        let maximum = |text: &str| Ok(amount("maximum", text, &asset)?);
        Ok(ConfigureBalance {
            balance: asked.id,
            asset: account.asset,
            version: asked.version,
            minimum: self
                .minimum
                .map(|text| bound(text, &|text| minimum(text, &asset)))
                .transpose()?,
            maximum: self.maximum.map(|text| bound(text, &maximum)).transpose()?,
            closed: self.closed,
        }
        .into())
    }
}
