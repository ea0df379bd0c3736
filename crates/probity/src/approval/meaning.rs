//! What an approval of one of Probity's own verbs is about, in words: its arguments are ids and smallest units.

use domain::approval::Approval;
use domain::custody::{Amount, Asset};
use engine::Engine;
use serde_json::Value;
use uuid::Uuid;

use crate::account::People;
use crate::failure::Failure;

/// What would be done; none where it is not Probity's own, or of something that is not there.
pub async fn of(
    engine: &Engine,
    people: &mut People,
    approval: &Approval,
) -> Result<Option<String>, Failure> {
    let arguments: Value = serde_json::from_str(&approval.arguments).unwrap_or_default();
    if approval.action == "operation.create" {
        return create(engine, people, &arguments).await;
    }
    let Some(step) = approval.action.strip_prefix("operation.") else {
        return Ok(None);
    };
    let Some(id) = id(&arguments, "operation") else {
        return Ok(None);
    };
    let Some(view) = engine.operation(id).await? else {
        return Ok(None);
    };
    let outcome = arguments["outcome"].as_str();
    let outcome = outcome.map_or_else(String::new, |outcome| format!(" as {outcome}"));
    let what = words(&view.asset, view.operation.amount, view.operation.kind.as_str());
    Ok(Some(format!(
        "{step}{outcome}: {what} from {} to {}",
        people.account(engine, view.debit).await?,
        people.account(engine, view.credit).await?
    )))
}

async fn create(engine: &Engine, people: &mut People, arguments: &Value) -> Result<Option<String>, Failure> {
    let asset = match id(arguments, "asset") {
        Some(id) => engine.asset(id).await?,
        None => None,
    };
    let amount = arguments["amount"].as_str().and_then(Amount::from_units_text);
    let (Some(asset), Some(amount), Some(kind)) = (asset, amount, arguments["kind"].as_str()) else {
        return Ok(None);
    };
    let mut sides = Vec::new();
    for side in ["debit", "credit"] {
        let balance = id(arguments, side).unwrap_or_default();
        sides.push(match engine.account_of(balance).await? {
            Some(account) => people.account(engine, account).await?,
            None => format!("balance {balance}, which is not open yet"),
        });
    }
    let what = words(&asset, amount, kind);
    Ok(Some(format!("make a {what} from {} to {}", sides[0], sides[1])))
}

fn id(arguments: &Value, member: &str) -> Option<Uuid> {
    Uuid::try_parse(arguments[member].as_str()?).ok()
}

fn words(asset: &Asset, amount: Amount, kind: &str) -> String {
    format!("{kind} of {}", asset.words(amount))
}
