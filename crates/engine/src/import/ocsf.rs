//! One event of the Open Cybersecurity Schema Framework (OCSF 1.x) to one event of ours.
//!
//! Source: schema.ocsf.io, classes API Activity (6003), Authentication (3002) and the others of the categories
//! Identity & Access Management and Application Activity; every class has the attributes of the base event. The
//! whole original goes into `details`.

use domain::audit::Event;
use domain::audit::event::{NAME_LEN_MAX, TEXT_LEN_MAX};
use evidence::entry::{Actor, Target};
use evidence::time::Timestamp;
use evidence::{ActorKind, Outcome};
use serde_json::{Map, Value};

use super::cloudtrail::is_refusal;
use super::notes::Notes;
use super::source::{Source, TimeFormat};
use super::value::{self, Fields, address, fields, text_at, word_at};
use super::{fit, shrink};

/// Where each field comes from.
pub(super) const FIELDS: Fields = fields! {
    "action" =
        "api.service.name:api.operation; or else class_name and activity_name, or their numbers: Authentication:Logon";
    "actor.id" = "actor.user.uid, or else actor.user.name or email_addr; of an Authentication without actor.user, user";
    "actor.kind" =
        "actor.user.type_id: service for 3 (system) and 4 (service), else user; service for actor.app_name, actor.invoked_by and actor.process.name; or else external";
    "actor.name" = "actor.user.name, or else email_addr; actor.app_name, actor.invoked_by, actor.process.name";
    "description" = "message, or else actor, action and status_detail";
    "details" = "the whole event";
    "id" = "made from the whole event";
    "ip" = "src_endpoint.ip";
    "occurred_at" = "time, milliseconds since 1970; or else time_dt";
    "outcome" =
        "refused where action_id or disposition_id is 2 (denied, blocked) or api.response.error or status_code names a missing permission; else status_id: success for 1, failed for 2; else status: Success, Failure";
    "session_id" = "actor.session.uid, or else session.uid";
    "target.id" =
        "resources[0].uid or name; or else user, where somebody else acts; or else dst_endpoint, service, app";
    "target.kind" = "resources[0].type, or else user, endpoint, service, app";
    "user_agent" = "http_request.user_agent";
};

/// The event that an OCSF event is, without an id; the error says what keeps it from being one.
pub(super) fn event(members: Map<String, Value>, notes: &mut Notes) -> Result<Event, String> {
    let Some(class) = members.get("class_uid").and_then(Value::as_u64) else {
        return Err("class_uid: an OCSF event must have it".to_owned());
    };
    let occurred_at = time(&members)?;
    let whole = Value::Object(members);
    let at = |pointer| text_at(&whole, pointer);
    let action = action(class, &whole);
    let actor = actor(&whole);
    let outcome = outcome(&whole, notes);
    notes.has_id = at("/metadata/uid").is_some();
    let description = at("/message").map_or_else(
        || {
            let who = actor.name.as_deref().or(actor.id.as_deref());
            let why = at("/status_detail").map_or(String::new(), |why| format!(": {why}"));
            format!("{} did {action}{why}", who.unwrap_or("someone unknown"))
        },
        str::to_owned,
    );
    let mut event = value::event(actor, &action, outcome);
    event.occurred_at = Some(occurred_at);
    event.target = target(&whole);
    event.description = Some(fit::cut(&description, TEXT_LEN_MAX).to_owned());
    event.ip = at("/src_endpoint/ip").and_then(address);
    event.user_agent = at("/http_request/user_agent").map(|agent| fit::cut(agent, TEXT_LEN_MAX).to_owned());
    event.session_id = at("/actor/session/uid")
        .or_else(|| at("/session/uid"))
        .map(|session| fit::cut(session, NAME_LEN_MAX).to_owned());
    if let Value::Object(members) = whole {
        event.details = Some(shrink::object("details", members, &mut notes.omitted));
    }
    Ok(event)
}

fn time(members: &Map<String, Value>) -> Result<Timestamp, String> {
    for (name, format) in [("time", TimeFormat::UnixMs), ("time_dt", TimeFormat::Rfc3339)] {
        let source = Source::Pointer(vec![name.to_owned()]);
        let time = format
            .read(&source, members)
            .map_err(|reason| format!("{name}: {reason}"))?;
        if let Some(time) = time {
            return Ok(time);
        }
    }
    Err("time: an OCSF event must have it".to_owned())
}

fn action(class: u64, whole: &Value) -> String {
    let at = |pointer| text_at(whole, pointer);
    if let Some(operation) = at("/api/operation") {
        return at("/api/service/name").map_or_else(
            || operation.to_owned(),
            |service| format!("{service}:{operation}"),
        );
    }
    let name = at("/class_name").map_or_else(|| format!("class_{class}"), str::to_owned);
    let activity = at("/activity_name").map(str::to_owned).or_else(|| {
        let number = word_at(whole, "/activity_id")?;
        Some(format!("activity_{number}"))
    });
    activity.map_or(name.clone(), |activity| format!("{name}:{activity}"))
}

/// The user that a pointer leads to: id and name.
fn user<'a>(whole: &'a Value, pointer: &str) -> Option<(&'a str, Option<&'a str>)> {
    let user = whole.pointer(pointer)?;
    let name = text_at(user, "/name").or_else(|| text_at(user, "/email_addr"));
    Some((text_at(user, "/uid").or(name)?, name))
}

/// Whether it is somebody's own doing, such as a login, in which no other actor is named.
fn own(whole: &Value) -> bool {
    user(whole, "/actor/user").is_none() && user(whole, "/user").is_some()
}

fn actor(whole: &Value) -> Actor {
    let pointer = if own(whole) { "/user" } else { "/actor/user" };
    if let Some((id, name)) = user(whole, pointer) {
        let number = whole
            .pointer(&format!("{pointer}/type_id"))
            .and_then(Value::as_u64);
        let kind = match number {
            Some(3 | 4) => ActorKind::Service,
            _ => ActorKind::User,
        };
        return value::actor(kind, Some(id), name);
    }
    let program = ["/actor/app_name", "/actor/invoked_by", "/actor/process/name"]
        .into_iter()
        .find_map(|pointer| text_at(whole, pointer));
    match program {
        Some(program) => value::actor(ActorKind::Service, Some(program), Some(program)),
        None => value::actor(ActorKind::External, None, None),
    }
}

fn target(whole: &Value) -> Option<Target> {
    let at = |pointer| text_at(whole, pointer);
    if let Some(id) = at("/resources/0/uid").or_else(|| at("/resources/0/name")) {
        return Some(value::target(
            at("/resources/0/type").unwrap_or("resource"),
            Some(id),
        ));
    }
    if let Some((id, _)) = user(whole, "/user").filter(|_| !own(whole)) {
        return Some(value::target("user", Some(id)));
    }
    let others = [
        ("/dst_endpoint/hostname", "endpoint"),
        ("/dst_endpoint/ip", "endpoint"),
        ("/service/name", "service"),
        ("/app/name", "app"),
    ];
    others
        .into_iter()
        .find_map(|(pointer, kind)| Some(value::target(kind, Some(at(pointer)?))))
}

fn outcome(whole: &Value, notes: &mut Notes) -> Outcome {
    let number = |pointer| whole.pointer(pointer).and_then(Value::as_u64);
    let denied = number("/action_id") == Some(2) || number("/disposition_id") == Some(2);
    let code = ["/api/response/error", "/status_code"]
        .into_iter()
        .any(|pointer| text_at(whole, pointer).is_some_and(is_refusal));
    if denied || code {
        return Outcome::Refused;
    }
    match (number("/status_id"), text_at(whole, "/status")) {
        (Some(1), _) | (None, Some("Success")) => Outcome::Success,
        (Some(2), _) | (None, Some("Failure")) => Outcome::Failed,
        (Some(0), _) => notes.unknown_outcome("status_id 0", Outcome::Success),
        (_, Some(other)) => notes.unknown_outcome(other, Outcome::Success),
        (Some(other), None) => notes.unknown_outcome(&format!("status_id {other}"), Outcome::Success),
        (None, None) => notes.unknown_outcome("no status_id", Outcome::Success),
    }
}
