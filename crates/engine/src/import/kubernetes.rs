//! One event of the Kubernetes API server's audit log (`audit.k8s.io/v1`) to one event of ours.
//!
//! Source: Kubernetes documentation, "kube-apiserver Audit Configuration (v1)"
//! (kubernetes.io/docs/reference/config-api/apiserver-audit.v1/). The whole original goes into `details`.

use domain::audit::Event;
use domain::audit::event::{ID_LEN_MAX, TEXT_LEN_MAX};
use evidence::time::Timestamp;
use evidence::{ActorKind, Outcome};
use serde_json::{Map, Value};

use super::notes::Notes;
use super::value::{self, Fields, address, fields, text, text_at, word_at};
use super::{fit, shrink};

/// Where each field comes from.
pub(super) const FIELDS: Fields = fields! {
    "action" = "objectRef.resource, with /subresource, and verb: pods/exec.create; or url and verb: url.get";
    "actor.id" = "user.username";
    "actor.kind" = "user.username: service for system:…, external for system:anonymous, else user";
    "actor.on_behalf_of" = "impersonatedUser.username";
    "description" = "a sentence of user, verb, target and code";
    "details" = "the whole event";
    "id" = "made from the whole event";
    "ip" = "the first of sourceIPs";
    "occurred_at" = "requestReceivedTimestamp, or else stageTimestamp";
    "outcome" =
        "responseStatus.code: refused for 401 and 403, failed for other codes from 400 on, success below; or else failed for the stage Panic, and for annotations.authorization.k8s.io/decision refused where it is forbid";
    "target.id" = "objectRef.namespace and objectRef.name, or requestURI";
    "target.kind" = "objectRef.apiGroup and objectRef.resource, or url";
    "user_agent" = "userAgent";
};

/// The event that an audit event is, without an id; the error says what keeps it from being one.
pub(super) fn event(members: Map<String, Value>, notes: &mut Notes) -> Result<Event, String> {
    let required = |name| text(&members, name).ok_or_else(|| format!("{name}: an audit event must have it"));
    let (verb, _) = (required("verb")?.to_owned(), required("auditID")?);
    let occurred_at = ["requestReceivedTimestamp", "stageTimestamp"]
        .into_iter()
        .find_map(|name| Some((name, text(&members, name)?)))
        .ok_or("requestReceivedTimestamp: an audit event must have it")?;
    let occurred_at: Timestamp = occurred_at
        .1
        .parse()
        .map_err(|error| format!("{}: {error}", occurred_at.0))?;
    let whole = Value::Object(members);
    let at = |pointer| text_at(&whole, pointer);
    let resource = at("/objectRef/resource").map(|resource| match at("/objectRef/subresource") {
        Some(sub) => format!("{resource}/{sub}"),
        None => resource.to_owned(),
    });
    let action = format!("{}.{verb}", resource.as_deref().unwrap_or("url"));
    let username = at("/user/username");
    let mut actor = value::actor(kind(username), username, None);
    actor.on_behalf_of = at("/impersonatedUser/username").map(|name| fit::cut(name, ID_LEN_MAX).to_owned());
    let (target_kind, target_id) = target(&whole);
    let outcome = outcome(&whole, notes);
    let code = word_at(&whole, "/responseStatus/code").filter(|_| outcome != Outcome::Success);
    let description = format!(
        "{} called {verb} on {target_kind} {}{}",
        username.unwrap_or("someone unknown"),
        target_id.as_deref().unwrap_or_default(),
        code.map_or(String::new(), |code| format!(": {code}")),
    );
    let mut event = value::event(actor, &action, outcome);
    event.occurred_at = Some(occurred_at);
    event.target = Some(value::target(&target_kind, target_id.as_deref()));
    event.description = Some(fit::cut(&description, TEXT_LEN_MAX).to_owned());
    event.ip = at("/sourceIPs/0").and_then(address);
    event.user_agent = at("/userAgent").map(|agent| fit::cut(agent, TEXT_LEN_MAX).to_owned());
    if let Value::Object(members) = whole {
        event.details = Some(shrink::object("details", members, &mut notes.omitted));
    }
    Ok(event)
}

/// Names that begin with `system:` are those of the cluster's own parts and of service accounts.
fn kind(username: Option<&str>) -> ActorKind {
    match username {
        None | Some("system:anonymous") => ActorKind::External,
        Some(name) if name.starts_with("system:") => ActorKind::Service,
        Some(_) => ActorKind::User,
    }
}

fn target(whole: &Value) -> (String, Option<String>) {
    let at = |pointer| text_at(whole, pointer);
    let Some(resource) = at("/objectRef/resource") else {
        return ("url".to_owned(), at("/requestURI").map(str::to_owned));
    };
    let kind = match at("/objectRef/apiGroup") {
        Some(group) => format!("{group}/{resource}"),
        None => resource.to_owned(),
    };
    let id = match (at("/objectRef/namespace"), at("/objectRef/name")) {
        (Some(namespace), Some(name)) => Some(format!("{namespace}/{name}")),
        (namespace, name) => name.or(namespace).map(str::to_owned),
    };
    (kind, id)
}

fn outcome(whole: &Value, notes: &mut Notes) -> Outcome {
    let code = whole.pointer("/responseStatus/code").and_then(Value::as_u64);
    match code {
        Some(401 | 403) => return Outcome::Refused,
        Some(400..) => return Outcome::Failed,
        Some(100..) => return Outcome::Success,
        _ => {}
    }
    let stage = text_at(whole, "/stage").unwrap_or("no stage");
    match text_at(whole, "/annotations/authorization.k8s.io~1decision") {
        Some("forbid") => Outcome::Refused,
        _ if stage == "Panic" => Outcome::Failed,
        // A request that has only been received has no outcome yet.
        _ => notes.unknown_outcome(stage, Outcome::Success),
    }
}
