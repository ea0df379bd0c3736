//! What goes without saying in a new operation: said or not, it is the same request.

use std::sync::Arc;

use domain::custody::{Asset, House};
use domain::own_id;
use engine::Engine;
use engine::custody::OperationId;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;

/// The key of a request that makes operations, where it brought one.
pub(super) async fn key(call: &Call, bytes: &[u8]) -> Result<Option<OperationId>, Problem> {
    if !idempotency::given(call)? {
        return Ok(None);
    }
    let mut asked = idempotency::asked(bytes)?;
    for members in idempotency::objects_of(&mut asked) {
        leave_out(members);
        leave_out_chain(&call.app.engine, members).await;
    }
    idempotency::of_asked(call, &asked)
}

/// Leaves out what would be so without being said.
fn leave_out(members: &mut Map<String, Value>) {
    let kind = members.get("kind").and_then(Value::as_str).unwrap_or_default();
    let external = Value::from(format!("house:{}", House::External.as_str()));
    let side = match kind {
        "deposit" | "mint" => Some("debit"),
        "withdrawal" | "burn" => Some("credit"),
        _ => None,
    };
    let pending = Value::from(kind == "withdrawal");
    let defaults = [
        Some(("linked", false.into())),
        Some(("transactions", Value::Array(Vec::new()))),
        Some(("pending", pending)),
        side.map(|side| (side, external)),
    ];
    for (name, default) in defaults.into_iter().flatten() {
        if members.get(name) == Some(&default) {
            members.remove(name);
        }
    }
}

/// Leaves out the chain where it is the asset's own.
async fn leave_out_chain(engine: &Engine, members: &mut Map<String, Value>) {
    let Some(chain) = members.get("chain").and_then(Value::as_str) else {
        return;
    };
    let asset = asset(engine, members).await;
    if asset.is_some_and(|asset| asset.chain.as_deref() == Some(chain)) {
        members.remove("chain");
    }
}

/// The asset of an operation: the one that is named, or that of a balance named by its id. Neither ever becomes another.
async fn asset(engine: &Engine, members: &Map<String, Value>) -> Option<Arc<Asset>> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if let Some(named) = text("asset") {
        return engine.asset_named(named).await.ok();
    }
    for side in ["debit", "credit"] {
        let Some(balance) = text(side).filter(|text| own_id::parse(text).is_some()) else {
            continue;
        };
        if let Ok(account) = engine.account_named(side, balance, None, false).await {
            return engine.asset(account.asset).await.ok().flatten();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_without_saying_is_left_out() {
        for (said, left) in [
            (
                json!({"kind": "deposit", "debit": "house:external", "pending": false, "linked": false}),
                json!({"kind": "deposit"}),
            ),
            (
                json!({"kind": "withdrawal", "credit": "house:external", "pending": true}),
                json!({"kind": "withdrawal"}),
            ),
            (
                json!({"kind": "withdrawal", "debit": "house:external", "pending": false, "linked": true}),
                json!({"kind": "withdrawal", "debit": "house:external", "pending": false, "linked": true}),
            ),
            (
                json!({"kind": "transfer", "debit": "house:external", "credit": "house:external", "pending": true}),
                json!({"kind": "transfer", "debit": "house:external", "credit": "house:external", "pending": true}),
            ),
        ] {
            let Value::Object(mut members) = said else {
                panic!()
            };
            leave_out(&mut members);
            assert_eq!(Value::Object(members), left);
        }
    }
}
