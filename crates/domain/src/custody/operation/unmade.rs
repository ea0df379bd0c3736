//! What the entry about a refused operation says: who tried to move what, and which rule was in the way.

use crate::code;
use serde_json::json;
use uuid::Uuid;

use super::{CreateOperation, replay};
use crate::act::Unmade;
use crate::custody::Account;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// An operation that was refused: without the caller's own words. Where the refusal is final for the id that was brought,
/// the entry has `id`, and says what it takes to know the same question again.
pub(super) fn of(facts: &Facts, refused: &CreateOperation, refusal: &Refusal, id: Option<Uuid>) -> Unmade {
    let CreateOperation { debit, credit, .. } = refused;
    let asked = json!({
        "kind": refused.kind.as_str(),
        "asset": debit.asset.to_string(),
        "debit": debit.id().to_string(),
        "credit": credit.id().to_string(),
        "debit_account": debit.words(),
        "credit_account": credit.words(),
        "amount": refused.amount.to_string(),
    });
    let mut unmade = Unmade {
        about: about(facts, refused, refusal),
        ..Unmade::default()
    };
    unmade.details.insert("asked".to_owned(), asked);
    unmade.put("message", Some(refusal.message.clone()));
    if let Some(rule) = &refusal.rule {
        unmade.put("rule", Some(rule.rule.clone()));
        unmade.put("limit", rule.limit.clone());
        unmade.put("remaining", rule.remaining.clone());
        unmade.put("lifted_by", Some(rule.lifted_by.clone()));
    }
    if refusal.final_for_id && refused.id.is_some() {
        if let (Some(position), Some(_)) = (refusal.position, refused.request) {
            unmade.details.insert("position".to_owned(), position.into());
        }
        unmade.put("content", Some(replay::content(refused)));
        let digest = refused.request.map(|request| request.digest);
        unmade.put("request", digest.map(|digest| evidence::json::hex(&digest)));
        unmade.id = id;
    }
    unmade
}

/// The user whose account it was about: the one debited, unless what stood in the way was on the other side.
fn about(facts: &Facts, refused: &CreateOperation, refusal: &Refusal) -> Option<Uuid> {
    let mut sides = [refused.debit, refused.credit];
    if [&code::CREDIT_CLOSED, &code::ABOVE_MAXIMUM]
        .iter()
        .any(|code| code.name == refusal.code)
    {
        sides.reverse();
    }
    let open = |account: &Account| facts.balances.contains_key(&account.id());
    sides.into_iter().find_map(|account| {
        let user = account.user()?;
        (open(&account) || facts.users.contains_key(&user)).then_some(user)
    })
}
