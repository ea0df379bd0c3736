//! One event of a GitHub organisation's or enterprise's audit log to one event of ours.
//!
//! Source: GitHub documentation, "REST API endpoints for enterprise audit logs" and "Audit log events for your
//! organization" (docs.github.com/en/rest/enterprise-admin/audit-log). The whole original goes into `details`.

use domain::audit::Event;
use domain::audit::event::TEXT_LEN_MAX;
use evidence::entry::Target;
use evidence::time::Timestamp;
use evidence::{ActorKind, Outcome};
use serde_json::{Map, Value};

use super::notes::Notes;
use super::source::{Source, TimeFormat};
use super::value::{self, Fields, address, fields, text, word_at};
use super::{fit, shrink};

/// Where each field comes from.
pub(super) const FIELDS: Fields = fields! {
    "action" = "action";
    "actor.id" = "actor, or else user, or else actor_id";
    "actor.kind" =
        "service for a name that ends with [bot] and where actor_is_bot is true, else user; external without a name";
    "description" = "a sentence of actor, action and target";
    "details" = "the whole event";
    "id" = "made from the whole event";
    "ip" = "actor_ip";
    "occurred_at" = "@timestamp, or else created_at: milliseconds since 1970, or RFC 3339";
    "outcome" =
        "conclusion; or else the last word of action: failed for failed…, refused for rejected… and denied…; success otherwise";
    "target.id" = "team for actions team.…, user for org.…; or else repo, org, business";
    "target.kind" = "team, user, repository, organization, enterprise";
    "user_agent" = "user_agent";
};

/// The event that an audit log event is, without an id; the error says what keeps it from being one.
pub(super) fn event(members: Map<String, Value>, notes: &mut Notes) -> Result<Event, String> {
    let action = text(&members, "action").ok_or("action: a GitHub event must have it")?;
    let occurred_at = time(&members)?;
    let name = text(&members, "actor").or_else(|| text(&members, "user"));
    let bot = members.get("actor_is_bot") == Some(&Value::Bool(true));
    let kind = match name {
        Some(name) if bot || name.ends_with("[bot]") => ActorKind::Service,
        Some(_) => ActorKind::User,
        None => ActorKind::External,
    };
    let number = members.get("actor_id").and_then(|id| word_at(id, ""));
    let actor = value::actor(kind, name.or(number.as_deref()), None);
    let outcome = outcome(action, &members, notes);
    let target = target(action, &members);
    let mut event = value::event(actor, action, outcome);
    let on = target
        .as_ref()
        .and_then(|target| target.id.as_deref())
        .map_or(String::new(), |id| format!(" on {id}"));
    let description = format!("{} did {action}{on}", name.unwrap_or("someone unknown"));
    event.description = Some(fit::cut(&description, TEXT_LEN_MAX).to_owned());
    event.target = target;
    event.occurred_at = Some(occurred_at);
    event.ip = text(&members, "actor_ip").and_then(address);
    event.user_agent = text(&members, "user_agent").map(|agent| fit::cut(agent, TEXT_LEN_MAX).to_owned());
    notes.has_id = text(&members, "_document_id").is_some();
    event.details = Some(shrink::object("details", members, &mut notes.omitted));
    Ok(event)
}

fn time(members: &Map<String, Value>) -> Result<Timestamp, String> {
    let name = ["@timestamp", "created_at"]
        .into_iter()
        .find(|name| members.get(*name).is_some_and(|time| !time.is_null()))
        .ok_or("@timestamp: a GitHub event must have it")?;
    let format = match members.get(name) {
        Some(Value::String(_)) => TimeFormat::Rfc3339,
        _ => TimeFormat::UnixMs,
    };
    let source = Source::Pointer(vec![name.to_owned()]);
    let time = format
        .read(&source, members)
        .map_err(|reason| format!("{name}: {reason}"))?;
    time.ok_or_else(|| format!("{name}: is empty"))
}

fn outcome(action: &str, members: &Map<String, Value>, notes: &mut Notes) -> Outcome {
    match text(members, "conclusion") {
        Some("success") => return Outcome::Success,
        Some("failure" | "timed_out" | "startup_failure") => return Outcome::Failed,
        Some(other) => return notes.unknown_outcome(other, Outcome::Success),
        None => {}
    }
    let last = action.rsplit('.').next().unwrap_or(action);
    if last.starts_with("failed") || last.ends_with("_failed") || last.ends_with("_failure") {
        Outcome::Failed
    } else if last.starts_with("rejected") || last.starts_with("denied") || last.ends_with("_denied") {
        Outcome::Refused
    } else {
        Outcome::Success
    }
}

/// What was acted on: first what the action is about, then the smallest thing that is named.
fn target(action: &str, members: &Map<String, Value>) -> Option<Target> {
    let all = [
        ("team", "team", action.starts_with("team.")),
        ("user", "user", action.starts_with("org.")),
        ("repo", "repository", true),
        ("org", "organization", true),
        ("business", "enterprise", true),
    ];
    all.into_iter()
        .filter(|(_, _, wanted)| *wanted)
        .find_map(|(name, kind, _)| Some(value::target(kind, Some(text(members, name)?))))
}
