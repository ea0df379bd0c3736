//! What is often asked for.

use console::Zone;
use domain::action::ALL;
use evidence::Timestamp;

/// Lists that are often asked for, of the noun with this key: words, and where.
pub(crate) fn of(key: &str, zone: &Zone, now: Timestamp) -> Vec<(String, String)> {
    let today = zone
        .read(&format!("{}T00:00:00", zone.day(now)))
        .unwrap_or(now)
        .to_string();
    let link = |words: &str, path: &str, pairs: &[(&str, &str)]| {
        (
            words.to_owned(),
            format!("{path}{}", console::query(pairs.iter().copied())),
        )
    };
    match key {
        "entries" => {
            let log = "/audit/entries";
            vec![
                link("Refusals today", log, &[("outcome", "refused"), ("from", &today)]),
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

/// The actions of Probity itself, to be offered while typing.
pub(crate) fn actions() -> Vec<String> {
    let mut names: Vec<String> = ALL
        .iter()
        .flat_map(|action| [action.name, action.refused])
        .map(str::to_owned)
        .collect();
    names.dedup();
    names
}
