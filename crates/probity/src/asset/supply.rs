//! `probity asset supply`.

use clap::Args;
use domain::custody::Amount;
use engine::custody::Supply;
use views::SupplyView;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, count};
use crate::table;

/// Arguments of `probity asset supply`.
#[derive(Debug, Args)]
pub struct SupplyArgs {
    /// Code or id of the asset
    #[arg(value_name = "CODE")]
    asset: String,
}

pub async fn run(context: &Context, args: SupplyArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let asset = engine.asset_named(&args.asset).await?;
            let supply = engine.supply_counted(&asset).await?;
            let zero = supply.sum == Amount::ZERO;
            if context.json() {
                output::json(&SupplyView::of(&supply))?;
            } else {
                output::line(&table::pairs(&pairs(&supply), table::width()).join("\n"))?;
            }
            if zero {
                return Ok(Exit::Ok);
            }
            context
                .remark("✗ the balances do not sum to zero: see what was changed with probity audit verify");
            Ok(Exit::No)
        })
        .await
}

fn pairs(supply: &Supply) -> Vec<(&'static str, String)> {
    let words = |amount: Amount| supply.asset.words(amount);
    let mut pairs = vec![
        ("Supply", words(supply.supply)),
        ("Of users", words(supply.users)),
    ];
    for (house, amount) in &supply.houses {
        let name = match house {
            domain::custody::House::Omnibus => "Omnibus",
            domain::custody::House::Fees => "Fees",
            domain::custody::House::Suspense => "Suspense",
            domain::custody::House::External => "External",
        };
        pairs.push((name, words(*amount)));
    }
    let verdict = if supply.sum == Amount::ZERO {
        "✓ zero, as it must be"
    } else {
        "✗ it must be zero"
    };
    pairs.extend([
        ("Held", words(supply.held)),
        ("Balances", count(supply.balances)),
        ("Sum", format!("{}  {verdict}", words(supply.sum))),
        ("Log size", count(supply.size)),
    ]);
    pairs
}
