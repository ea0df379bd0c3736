//! What all pages share, for one reader: where they may go, who they are, how they want things shown.

use axum::body::Body;
use console::{Frame, Group, Item, Look, Markup, Who, Zone};
use domain::identity::Permission;
use domain::identity::Principal;
use engine::Identity;
use http::header::CONTENT_SECURITY_POLICY;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response};
use percent_encoding::percent_decode_str;
use views::Names;

use crate::app::App;
use crate::call::{Call, with_type};
use crate::console::banners;
use crate::console::place::title;
use crate::credential::cookie_named;
use crate::endpoint::Access;
use crate::problem::Problem;

/// The cookies of what a reader chose.
pub(crate) const ZONE: &str = "probity-zone";
pub(crate) const THEME: &str = "probity-theme";
pub(crate) const KEYS: &str = "probity-keys";

/// Tasks with their icons and the lists that belong to them.
const TASKS: [(&str, &str, &[&str]); 6] = [
    ("Audit", "scroll-text", &["/audit/entries", "/audit/holds"]),
    (
        "Governance",
        "bot",
        &[
            "/executions",
            "/governance/workflows",
            "/governance/drag-modes",
            "/governance/users",
            "/conversations",
            "/agents",
            "/governance/metrics",
        ],
    ),
    ("Approvals", "stamp", &["/approvals"]),
    (
        "Custody",
        "wallet",
        &["/balances", "/operations", "/kyc", "/destinations", "/assets"],
    ),
    ("People", "users", &["/users", "/api-keys", "/sessions"]),
    ("Operation", "settings-2", &[]),
];

/// Pages of the task of operation.
pub(crate) const OPERATION: [(&str, &str); 6] = [
    ("/jobs", "Jobs"),
    ("/backups", "Backups"),
    ("/status", "Status"),
    ("/doctor", "Doctor"),
    ("/configuration", "Configuration"),
    ("/retention", "Retention"),
];

/// Lists that are called otherwise than what they list.
const CALLED: [(&str, &str); 6] = [
    ("/activity", "Activity"),
    ("/audit/entries", "Audit log"),
    ("/governance/workflows", "Success by workflow"),
    ("/governance/drag-modes", "DRAG modes"),
    ("/governance/users", "Executions by user"),
    ("/governance/recent", "Executions started last"),
];

/// What a list is called.
pub(crate) fn called(path: &str, many: &str) -> String {
    let found = CALLED.iter().find(|(known, _)| *known == path);
    found.map_or_else(|| title(many), |(_, words)| (*words).to_owned())
}

/// The frame of a page for who made this request.
pub(crate) async fn of(call: &Call, title: impl Into<String>) -> Frame {
    let identity = call.identity().ok();
    around(
        &call.app,
        &call.parts,
        identity.map(|identity| &**identity),
        title.into(),
    )
    .await
}

/// The frame of a page for this reader, or for nobody.
pub(crate) async fn around(app: &App, parts: &Parts, identity: Option<&Identity>, title: String) -> Frame {
    let principal = identity.map(|identity| &identity.principal);
    // Who must do something first goes nowhere else.
    let free = principal.filter(|principal| principal.must().is_none());
    Frame {
        title,
        path: parts.uri.path().to_owned(),
        groups: free.map_or_else(Vec::new, |principal| groups(app, principal)),
        who: identity.map(|identity| Who {
            name: identity.user.username.clone(),
            role: identity.user.role.to_string(),
        }),
        environment: app.settings.environment.clone(),
        banners: match free {
            Some(principal) => banners::of(app, principal).await,
            None => Vec::new(),
        },
        look: Look {
            zone: zone(parts),
            now: app.engine.now(),
            names: Names::default(),
            paths: free.map_or_else(Vec::new, |principal| app.site.paths_for(principal)),
        },
        theme: match cookie_named(parts, THEME) {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        },
        keys: cookie_named(parts, KEYS) != Some("off"),
        scripts: Vec::new(),
    }
}

/// Refuses who must do something first, such as changing a one-time password.
pub(crate) fn free(call: &Call) -> Result<(), Problem> {
    let principal = &call.identity()?.principal;
    if principal.must().is_some() {
        principal.session_in_full().map_err(engine::Error::from)?;
    }
    Ok(())
}

/// The names of the installation's roles.
pub(crate) fn roles(call: &Call) -> Vec<String> {
    let rules = call.app.engine.rules();
    rules.roles().iter().map(|role| role.name.to_string()).collect()
}

/// The zone that the reader chose, or the browser said.
pub(crate) fn zone(parts: &Parts) -> Zone {
    let text = cookie_named(parts, ZONE).map(|text| percent_decode_str(text).decode_utf8_lossy());
    Zone::of(text.as_deref())
}

fn groups(app: &App, principal: &Principal) -> Vec<Group> {
    let item = |href: &str, label: String| Item {
        href: href.to_owned(),
        label,
    };
    let mut groups = vec![Group {
        label: "",
        icon: "layout-dashboard",
        items: vec![item("/", "Overview".to_owned())],
    }];
    let list = |path: &str| app.site.lists_for(principal).find(|list| list.path == path);
    if list("/activity").is_some() {
        groups.push(Group {
            label: "",
            icon: "activity",
            items: vec![item("/activity", "Activity".to_owned())],
        });
    }
    for (label, icon, paths) in TASKS {
        let found = paths.iter().filter_map(|path| list(path));
        let mut items: Vec<Item> = found
            .map(|list| item(list.path, called(list.path, list.names.1)))
            .collect();
        if label == "Operation" && Access::Read(Permission::OperateRead).offered(principal) {
            items.extend(OPERATION.map(|(path, label)| item(path, label.to_owned())));
        }
        match items.as_slice() {
            [] => {}
            // A task of one place is that place.
            [one] if one.label == label => groups.push(Group {
                label: "",
                icon,
                items,
            }),
            _ => groups.push(Group { label, icon, items }),
        }
    }
    groups
}

/// A page as the answer, with what browsers must keep to.
pub(crate) fn answer(frame: &Frame, content: &Markup) -> Response<Body> {
    html(frame.page(content))
}

/// HTML as the answer.
pub(crate) fn html(page: Markup) -> Response<Body> {
    let mut response = with_type("text/html; charset=utf-8", console::plain(page.into_string()));
    keep_to(&mut response);
    response
}

/// Says what browsers must keep to: only what is ours is loaded, nobody frames the page, and no other page holds it.
pub(crate) fn keep_to(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(console::assets::POLICY),
    );
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// The names of users and agents that it takes to show these cells.
pub(crate) async fn names<'a>(
    call: &Call,
    cells: impl Iterator<Item = &'a views::Cell>,
) -> Result<Names, Problem> {
    let viewer = views::Viewer::of(call.identity()?);
    Ok(Names::of(&call.app.engine, viewer, cells).await?)
}
