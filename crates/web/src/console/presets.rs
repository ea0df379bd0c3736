//! What is often asked for.

use console::components::Offer;
use console::{Look, Zone};
use domain::action::ALL;
use domain::custody::Amount;
use domain::identity::Permission;
use engine::Engine;
use evidence::Timestamp;
use uuid::Uuid;
use views::{Noun as _, Operation};

use crate::call::Call;
use crate::console::place::title;
use crate::problem::Problem;

/// Most thresholds that have a link of their own.
const THRESHOLDS_MAX: usize = 6;

fn link(words: &str, path: &str, pairs: &[(&str, &str)]) -> (String, String) {
    (
        words.to_owned(),
        format!("{path}{}", console::query(pairs.iter().copied())),
    )
}

/// Lists that are often asked for, of the noun with this key: words, and where.
pub(crate) async fn of(call: &Call, key: &str, look: &Look) -> Result<Vec<(String, String)>, Problem> {
    let mut links = links(key, &look.zone, look.now);
    if key == Operation::KEY && call.identity()?.principal.holds(Permission::CustodyRead) {
        links.extend(above_thresholds(&call.app.engine).await?);
    }
    Ok(links)
}

/// Operations of more than a threshold of the installation.
async fn above_thresholds(engine: &Engine) -> Result<Vec<(String, String)>, Problem> {
    let mut links = Vec::new();
    for rule in engine.rules().custody.thresholds.iter().take(THRESHOLDS_MAX) {
        let Some(asset) = engine.asset_meant(&rule.asset).await? else {
            continue;
        };
        // The amount itself needs no approval, the next one does.
        let amount = Amount::parse(&rule.amount, asset.digits()).ok();
        let Some(least) = amount
            .zip(Amount::new(1))
            .and_then(|(amount, unit)| amount.plus(unit))
        else {
            continue;
        };
        let kind = rule.kind.as_str();
        links.push(link(
            &format!("{} above {} {}", title(kind), rule.amount, asset.code),
            "/operations",
            &[
                ("kind", kind),
                ("asset", &asset.code),
                ("amount_min", &least.to_decimal(asset.digits())),
            ],
        ));
    }
    Ok(links)
}

fn links(key: &str, zone: &Zone, now: Timestamp) -> Vec<(String, String)> {
    let today = zone
        .read(&format!("{}T00:00:00", zone.day(now)))
        .unwrap_or(now)
        .to_string();
    match key {
        "entries" => {
            let log = "/audit/entries";
            vec![
                link("Refusals today", log, &[("outcome", "refused"), ("from", &today)]),
                link("By agents", log, &[("actor_kind", "agent")]),
                link("Failed logins", log, &[("action", "authn_login_fail")]),
                link("Changes of roles", log, &[("action", "user.set_role")]),
                link("New API keys", log, &[("action", "api_key.create")]),
                link("Erasures", log, &[("action", "user.erase")]),
            ]
        }
        "activities" => vec![
            link("Today", "/activity", &[("from", &today)]),
            link("Logins", "/activity", &[("kind", "authn_*")]),
            link("Users", "/activity", &[("kind", "user.*")]),
            link("Operations", "/activity", &[("kind", "operation.*")]),
        ],
        "operations" => ["pending", "processing", "unknown", "failed"]
            .map(|status| link(status, "/operations", &[("status", status)]))
            .into(),
        "approvals" => vec![link("Waiting", "/approvals", &[("status", "pending")])],
        "kyc_records" => vec![link("Waiting", "/kyc", &[("status", "pending")])],
        "executions" => ["running", "failed"]
            .map(|status| link(status, "/executions", &[("status", status)]))
            .into(),
        _ => Vec::new(),
    }
}

/// Filters that the activity and the audit log both have, each by its own name.
const BOTH: [(&str, &str); 5] = [
    ("user", "actor"),
    ("kind", "action"),
    ("entity", "target"),
    ("from", "from"),
    ("to", "to"),
];

/// The same entries in another view, with the filters that it has too: words, and where.
pub(crate) fn others(key: &str, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let (words, path, swap) = match key {
        "activities" => ("As audit log", "/audit/entries", false),
        "entries" => ("As activity", "/activity", true),
        _ => return Vec::new(),
    };
    let name = |given: &str| {
        let named =
            |(one, other): &(&'static str, &'static str)| if swap { (*other, *one) } else { (*one, *other) };
        BOTH.iter()
            .map(named)
            .find(|(here, _)| *here == given)
            .map(|(_, there)| there)
    };
    // The activity knows users by their names too, the log by what stands in the entry alone.
    let same = |(given, value): &&(&str, &str)| *given != "user" || Uuid::try_parse(value).is_ok();
    let kept = pairs.iter().filter(same);
    let kept = kept.filter_map(|(given, value)| Some((name(given)?, *value)));
    vec![(words.to_owned(), format!("{path}{}", console::query(kept)))]
}

/// The actions of Probity itself, to be offered while typing.
pub(crate) fn actions() -> Vec<Offer> {
    let mut names: Vec<Offer> = ALL
        .iter()
        .flat_map(|action| [action.name, action.refused])
        .map(|name| name.to_owned().into())
        .collect();
    names.dedup();
    names
}
