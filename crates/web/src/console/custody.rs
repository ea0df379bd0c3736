//! Pages of custody: a balance with its statement, an asset with its totals, an operation, a KYC record.

use console::components::Field;
use console::{AssetPage, BalancePage, KycPage};
use domain::custody::kyc::KycStatus;
use domain::custody::rules::LimitRule;
use domain::identity::Permission;
use engine::list::{OperationPlace, Order};
use views::{
    Asset, Balance, Cell, Filter, KycRecord, LineView, Operation, Place, Show, SupplyView, Takes,
    VerifiedView, Viewer,
};

use crate::audit::page;
use crate::balances::statement;
use crate::call::{Answer, Call};
use crate::console::one::One;
use crate::console::{canonical, frame, list, redirect};
use crate::custody;
use crate::query::Query;

/// What a statement can be narrowed down by.
const TIMES: [Filter; 2] = [
    Filter::own("from", "recorded at this time or later", Takes::Time),
    Filter::own("to", "recorded before this time", Takes::Time),
];

/// Shows a balance with its statement.
pub(crate) async fn balance(mut call: Call) -> Answer {
    let zone = frame::zone(&call.parts);
    let path = call.parts.uri.path().to_owned();
    if let Some(query) = canonical::query(call.parts.uri.query().unwrap_or_default(), &TIMES, &zone) {
        return Ok(redirect::to(&format!("{path}{query}")));
    }
    let query = call.query(&statement::DOC())?;
    let one = One::<Balance>::found(&mut call).await?;
    let order = page::order(&query, Order::Descending)?;
    let times = custody::times(&query)?;
    let paging = page::read::<OperationPlace>(&query, order)?;
    page::within_log(&call.app.engine, "cursor", paging.after.and_then(Place::entry)).await?;
    let account = one.whole.account.0;
    let engine = &call.app.engine;
    let asset = engine.asset_of(account.asset).await?;
    let (movements, next) = views::movements(engine, account, times, paging).await?;
    let others = movements.iter().map(|(_, other)| *other);
    let others: Vec<Cell> = others.chain([account]).map(Cell::Account).collect();
    let (frame, mut shown) = one.page(&call, &others).await?;
    if !one.whole.held.is_zero() {
        let id = account.id().to_string();
        let holding = console::query([("balance", id.as_str()), ("status", "pending")]);
        shown
            .related
            .push(("What holds of it".to_owned(), format!("/operations{holding}")));
    }
    let kept = query
        .pairs()
        .filter(|(name, _)| !["cursor", "limit"].contains(name));
    let kept: Vec<(&str, &str)> = kept.collect();
    let narrowed = |more: Option<(&str, &str)>| console::query(kept.iter().copied().chain(more));
    let next = next.map(|place| place.encode(order));
    let page = BalancePage {
        one: shown,
        lines: movements
            .iter()
            .map(|(line, other)| LineView::of(line, *other, &asset))
            .collect(),
        fields: fields(&call, &query, &zone),
        next: next.map(|next| format!("{path}{}", narrowed(Some(("cursor", &next))))),
        first: paging
            .after
            .is_some()
            .then(|| format!("{path}{}", narrowed(None))),
        csv: format!("/v1{path}/statement{}", narrowed(Some(("format", "csv")))),
        view: one.whole,
        path,
    };
    Ok(frame::answer(&frame, &console::balance(&frame.look, &page)))
}

fn fields(call: &Call, query: &Query, zone: &console::Zone) -> Vec<Field> {
    TIMES
        .iter()
        .map(|filter| list::field(call, filter, query, zone))
        .collect()
}

/// Shows an asset with its totals.
pub(crate) async fn asset(mut call: Call) -> Answer {
    let one = One::<Asset>::found(&mut call).await?;
    let (frame, shown) = one.page(&call, &[]).await?;
    let engine = &call.app.engine;
    let supply = if call.identity()?.principal.holds(Permission::CustodyRead) {
        let asset = engine.asset_of(one.whole.id).await?;
        Some(SupplyView::of(&engine.supply(&asset).await?))
    } else {
        None
    };
    let page = AssetPage {
        one: shown,
        view: one.whole,
        supply,
        verified: VerifiedView::last(engine),
    };
    Ok(frame::answer(&frame, &console::asset(&frame.look, &page)))
}

/// Shows an operation.
pub(crate) async fn operation(mut call: Call) -> Answer {
    let one = One::<Operation>::found(&mut call).await?;
    let (frame, page) = one.page(&call, &[]).await?;
    Ok(frame::answer(&frame, &console::operation(&frame.look, &page)))
}

/// Shows a KYC record with its documents.
pub(crate) async fn kyc(mut call: Call) -> Answer {
    let one = One::<KycRecord>::found(&mut call).await?;
    let checkers = one
        .whole
        .documents
        .iter()
        .map(|document| Cell::By(document.checked_by));
    let checkers: Vec<Cell> = checkers.collect();
    let (frame, shown) = one.page(&call, &checkers).await?;
    let identity = call.identity()?;
    let view = one.whole;
    let pending = view.status == KycStatus::Pending;
    let reviews = identity.principal.holds(Permission::KycReview);
    let hinders = |verb| KycRecord::hinders(&view, Viewer::of(identity), verb).filter(|_| pending && reviews);
    // Who may reject it may check its documents, and approve it then.
    let hindrance = hinders("reject");
    let waits = hinders("approve").filter(|_| hindrance.is_none());
    let page = KycPage {
        checks: pending && reviews && hindrance.is_none() && !shown.tampered,
        one: shown,
        hindrance,
        waits,
        limits: limits(&call, view.tier),
        view,
    };
    Ok(frame::answer(&frame, &console::kyc(&frame.look, &page)))
}

/// What users of a tier may move, in words.
fn limits(call: &Call, tier: u64) -> Vec<(String, String)> {
    let rules = call.app.engine.rules();
    let of_tier = rules.custody.limits.iter().filter(|rule| rule.tier == tier);
    let words = |rule: &LimitRule| {
        let hours = rule.window_s / 3_600;
        let what = format!("{} of {} in {hours} hours", rule.kind.as_str(), rule.asset);
        (what, format!("{} {}", rule.amount, rule.asset))
    };
    of_tier.map(words).collect()
}
