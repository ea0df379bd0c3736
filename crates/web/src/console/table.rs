//! The table of pages, and what follows from the table of routes: a list and a page for each noun, a form for each change.

use domain::identity::Permission::{AuditRead, OperateRead};
use serde_json::{Map, Value};
use views::{ApiKey, Approval, Asset, Balance, Entry, Execution, KycRecord, Noun as _, Operation, User};

use crate::call::{Handler, Page, Route};
use crate::console::field::Spec;
use crate::console::form::Form;
use crate::console::phrases;
use crate::console::place::place;
use crate::console::site::{List, Site};
use crate::console::{
    account, approval, asset, change, custody, entry, execution, export, installation, operation, overview,
    people, preferences, search, sign_in, sign_out,
};
use crate::docs::schema::{Schemas, alternatives};
use crate::endpoint::{Access, Verb};
use crate::openapi::{Content, Doc, words};

/// What a program does all the time, and no person: it has a form, but none leads there.
const FOR_PROGRAMS: [&str; 9] = [
    "/v1/approvals/{id}/outcome",
    "/v1/executions",
    "/v1/executions/{id}/steps",
    "/v1/executions/{id}/complete",
    "/v1/executions/{id}/fail",
    "/v1/steps/{id}/check",
    "/v1/approvals/{id}/use",
    "/v1/activity",
    "/v1/audit/entries",
];

/// Endpoints without a form: the way in and out has pages of its own, and what is sent every few seconds has none.
const WITHOUT: [&str; 4] = [
    "/v1/auth/login",
    "/v1/auth/logout",
    "/v1/executions/{id}/heartbeat",
    "/v1/metrics",
];

/// What most who send a form give, though it need not be given: such a field is never folded away.
const USUAL: [(&str, &[&str]); 3] = [
    (
        "/v1/operations",
        &["asset", "amount", "debit", "credit", "destination", "approval"],
    ),
    ("/v1/operations/{id}/start", &["tx_hash", "approval"]),
    ("/v1/operations/{id}/resolve", &["tx_hash", "approval"]),
];

/// A page that takes nothing, and one whose form is sent.
static READ: Doc = Doc::EMPTY;
static SENT: Doc = Doc {
    body: Some(Content::new("application/x-www-form-urlencoded", "{}", "")),
    ..Doc::EMPTY
};

macro_rules! own {
    ($($verb:ident $path:literal $access:expr, $doc:ident => $handler:path;)*) => {
        [$(Route {
            verb: Verb::$verb,
            path: $path,
            access: $access,
            handler: |call| Box::pin($handler(call)),
            doc: || &$doc,
            page: None,
        }),*]
    };
}

/// The pages beside those of nouns and forms.
fn own() -> impl IntoIterator<Item = Route> {
    own! {
        Get "/" Access::Caller, READ => overview::show;
        Get "/static/{name}" Access::Open, READ => asset::show;
        Get "/sign-in" Access::Open, READ => sign_in::show;
        Post "/sign-in" Access::Credentials, SENT => sign_in::submit;
        Post "/sign-out" Access::Session, SENT => sign_out::submit;
        Get "/search" Access::Caller, READ => search::show;
        Get "/audit/export" Access::Read(AuditRead), READ => export::show;
        Get "/account" Access::Caller, READ => account::show;
        Get "/preferences" Access::Caller, READ => preferences::show;
        Post "/preferences" Access::Caller, SENT => preferences::submit;
        Get "/jobs" Access::Read(OperateRead), READ => operation::jobs;
        Get "/backups" Access::Read(OperateRead), READ => operation::backups;
        Get "/status" Access::Read(OperateRead), READ => operation::status;
        Get "/doctor" Access::Read(OperateRead), READ => installation::doctor;
        Get "/configuration" Access::Read(OperateRead), READ => installation::configuration;
        Get "/retention" Access::Read(OperateRead), READ => installation::retention;
    }
}

/// Nouns that are shown in a way of their own, by their keys.
const SHOWN: [(&str, Handler); 9] = [
    (ApiKey::KEY, |call| Box::pin(people::api_key(call))),
    (Approval::KEY, |call| Box::pin(approval::show(call))),
    (Asset::KEY, |call| Box::pin(custody::asset(call))),
    (Balance::KEY, |call| Box::pin(custody::balance(call))),
    (Entry::KEY, |call| Box::pin(entry::show(call))),
    (Execution::KEY, |call| Box::pin(execution::show(call))),
    (KycRecord::KEY, |call| Box::pin(custody::kyc(call))),
    (Operation::KEY, |call| Box::pin(custody::operation(call))),
    (User::KEY, |call| Box::pin(people::user(call))),
];

/// What shows one of a noun, or its list.
fn handler(page: &Page) -> Handler {
    let own = SHOWN.iter().find(|(key, _)| page.one && *key == page.key);
    own.map_or(page.handler, |(_, handler)| *handler)
}

/// All pages, given the table of routes.
pub(crate) fn pages(routes: &'static [Route]) -> Vec<Route> {
    let mut pages: Vec<Route> = own().into_iter().collect();
    for route in routes {
        let Some(page) = route.page else { continue };
        let path = place(route.path);
        if pages.iter().all(|own| own.path != path) {
            pages.push(Route {
                verb: Verb::Get,
                path: words(path),
                access: route.access,
                handler: handler(&page),
                doc: route.doc,
                page: route.page,
            });
        }
    }
    let forms = routes
        .iter()
        .filter_map(|route| Some((route, form_path(route, routes)?)));
    for (route, path) in forms {
        let path = words(path);
        let page = |verb, access, handler, doc| Route {
            verb,
            path,
            access,
            handler,
            doc,
            page: None,
        };
        let (see, send) = (shown_to(route.access), sent_by(route.access));
        pages.push(page(
            Verb::Get,
            see,
            |call| Box::pin(change::show(call)),
            || &READ,
        ));
        pages.push(page(
            Verb::Post,
            send,
            |call| Box::pin(change::submit(call)),
            || &SENT,
        ));
    }
    pages
}

/// Who may see a form: who may do what it does, as far as that can be said before it is filled in.
fn shown_to(access: Access) -> Access {
    match access {
        Access::Command(one) => Access::Read(one),
        Access::OwnOr(one, other) => Access::ReadOwnOr(one, other),
        Access::Vote(..) | Access::SecondFactor => access,
        other => sent_by(other),
    }
}

/// Who may send it: whoever is signed in. The endpoint that it goes to decides, and records a refusal.
fn sent_by(access: Access) -> Access {
    match access {
        Access::Open | Access::Credentials => Access::Open,
        _ => Access::Session,
    }
}

/// What the console consists of, given the table of routes and the document of the API.
pub(crate) fn site(routes: &'static [Route], document: &Value) -> Site {
    let shown = |path: &str| {
        let one = format!("{path}/{{id}}");
        routes
            .iter()
            .any(|route| route.path == one && route.verb == Verb::Get)
    };
    let list = |route: &Route| {
        let page = route.page.filter(|page| !page.one)?;
        Some(List {
            key: page.key,
            names: page.names,
            path: words(place(route.path)),
            api: route.path,
            access: route.access,
            filters: page.filters,
            shows: shown(route.path),
        })
    };
    Site {
        lists: routes.iter().filter_map(list).collect(),
        forms: routes
            .iter()
            .filter_map(|route| form(route, routes, document))
            .collect(),
        ..Site::default()
    }
}

/// Where the form of an endpoint is, if it changes something that people change.
fn form_path(route: &Route, routes: &[Route]) -> Option<String> {
    let api = route.path;
    if route.verb == Verb::Get || !api.starts_with("/v1/") || WITHOUT.contains(&api) {
        return None;
    }
    let is_list = || {
        routes
            .iter()
            .any(|other| other.path == api && other.verb == Verb::Get)
    };
    let at = place(api);
    Some(match route.verb {
        Verb::Post if is_list() => format!("{at}/new"),
        Verb::Patch => format!("{at}/edit"),
        Verb::Delete => format!("{at}/{}", (route.doc)().id.split('_').next().unwrap_or_default()),
        _ => at,
    })
}

/// The members of a body, those that are needed first.
fn fields(schemas: Schemas<'_>, schema: &Value, changes: bool) -> Vec<Spec> {
    let (_, schema) = schemas.resolved(schema);
    let is_object = |way: &&Value| schemas.resolved(way).1.get("properties").is_some();
    let object = match alternatives(schema).iter().find(is_object) {
        Some(way) if schema.get("properties").is_none() => schemas.resolved(way).1,
        _ => schema,
    };
    let required: Vec<&str> = object["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let members = object["properties"].as_object().into_iter().flat_map(Map::iter);
    let mut fields: Vec<Spec> = members
        .map(|(name, member)| Spec::of(schemas, name, member, required.contains(&name.as_str()), changes))
        .collect();
    fields.sort_by_key(|spec| !spec.required);
    fields
}

/// The form of an endpoint, if it changes something that people change.
fn form(route: &Route, routes: &[Route], document: &Value) -> Option<Form> {
    let (api, doc) = (route.path, (route.doc)());
    let path = words(form_path(route, routes)?);
    let named = |name: &str| {
        doc.parameters
            .iter()
            .copied()
            .flatten()
            .any(|one| one.name == name)
    };
    let verb = route.verb.as_str().to_lowercase();
    let body = &document["paths"][api][verb]["requestBody"]["content"]["application/json"]["schema"];
    let key = named("Idempotency-Key");
    let mut fields = fields(Schemas::of(document), body, route.verb == Verb::Patch);
    // The id of what is made follows from the key, and a form makes one thing.
    fields.retain(|field| !key || !["id", "linked"].contains(&field.name.as_str()));
    let usual = USUAL.iter().find(|(path, _)| *path == api);
    let usual = usual.map_or(&[][..], |(_, names)| names);
    let place = |field: &Spec| usual.iter().position(|name| *name == field.name);
    for field in &mut fields {
        field.usual = place(field).is_some();
    }
    fields.sort_by_key(|field| (!field.required, place(field).unwrap_or(usize::MAX)));
    Some(Form {
        verb: route.verb,
        api,
        path,
        access: route.access,
        // A form makes one.
        title: doc.summary.split(", or several").next().unwrap_or(doc.summary),
        description: phrases::described(doc.description),
        fields,
        if_match: named("If-Match"),
        key,
        offered: !FOR_PROGRAMS.contains(&api),
    })
}
