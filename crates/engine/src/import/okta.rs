//! One event of Okta's System Log (`LogEvent`) to one event of ours.
//!
//! Source: Okta developer documentation, "System Log API", object LogEvent
//! (developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/). The whole original goes into
//! `details`.

use domain::audit::Event;
use domain::audit::event::{NAME_LEN_MAX, TEXT_LEN_MAX};
use evidence::time::Timestamp;
use evidence::{ActorKind, Outcome};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::notes::Notes;
use super::value::{self, Fields, address, fields, text, text_at};
use super::{fit, shrink};

/// Where each field comes from.
pub(super) const FIELDS: Fields = fields! {
    "action" = "eventType";
    "actor.id" = "actor.id, or else actor.alternateId";
    "actor.kind" = "actor.type: user for User, system for SystemPrincipal, service for others; external without one";
    "actor.name" = "actor.alternateId, or else actor.displayName";
    "description" = "displayMessage, and outcome.reason";
    "details" = "the whole event";
    "id" = "uuid, or else made from the whole event";
    "ip" = "client.ipAddress";
    "occurred_at" = "published";
    "outcome" =
        "outcome.result: success for SUCCESS and ALLOW; refused for DENY and RATE_LIMITED; failed for FAILURE, ABANDONED and UNANSWERED";
    "session_id" = "authenticationContext.externalSessionId";
    "target.id" = "target[0].id, or else target[0].alternateId";
    "target.kind" = "target[0].type";
    "user_agent" = "client.userAgent.rawUserAgent";
};

/// What Okta writes where it knows nothing.
fn known<'a>(whole: &'a Value, pointer: &str) -> Option<&'a str> {
    text_at(whole, pointer).filter(|text| *text != "unknown")
}

/// The event that a LogEvent is; the error says what keeps it from being one.
pub(super) fn event(members: Map<String, Value>, notes: &mut Notes) -> Result<Event, String> {
    let required = |name| text(&members, name).ok_or_else(|| format!("{name}: an Okta event must have it"));
    let action = required("eventType")?.to_owned();
    let occurred_at: Timestamp = required("published")?
        .parse()
        .map_err(|error| format!("published: {error}"))?;
    let whole = Value::Object(members);
    let at = |pointer| known(&whole, pointer);
    let kind = match at("/actor/type") {
        Some("User") => ActorKind::User,
        Some("SystemPrincipal") => ActorKind::System,
        Some(_) => ActorKind::Service,
        None => ActorKind::External,
    };
    let name = at("/actor/alternateId").or_else(|| at("/actor/displayName"));
    let actor = value::actor(kind, at("/actor/id").or_else(|| at("/actor/alternateId")), name);
    let outcome = outcome(&whole, notes);
    let mut event = value::event(actor, &action, outcome);
    let id = text_at(&whole, "/uuid");
    notes.has_id = id.is_some();
    event.id = id.and_then(|id| Uuid::try_parse(id).ok());
    event.occurred_at = Some(occurred_at);
    event.target = at("/target/0/type")
        .map(|kind| value::target(kind, at("/target/0/id").or_else(|| at("/target/0/alternateId"))));
    let reason = at("/outcome/reason").map_or(String::new(), |reason| format!(": {reason}"));
    let description = format!("{}{reason}", at("/displayMessage").unwrap_or(&action));
    event.description = Some(fit::cut(&description, TEXT_LEN_MAX).to_owned());
    event.ip = at("/client/ipAddress").and_then(address);
    event.user_agent =
        at("/client/userAgent/rawUserAgent").map(|agent| fit::cut(agent, TEXT_LEN_MAX).to_owned());
    event.session_id = at("/authenticationContext/externalSessionId")
        .map(|session| fit::cut(session, NAME_LEN_MAX).to_owned());
    if let Value::Object(members) = whole {
        event.details = Some(shrink::object("details", members, &mut notes.omitted));
    }
    Ok(event)
}

fn outcome(whole: &Value, notes: &mut Notes) -> Outcome {
    match text_at(whole, "/outcome/result") {
        Some("SUCCESS" | "ALLOW") => Outcome::Success,
        Some("DENY" | "RATE_LIMITED") => Outcome::Refused,
        Some("FAILURE" | "ABANDONED" | "UNANSWERED") => Outcome::Failed,
        Some(other) => notes.unknown_outcome(other, Outcome::Success),
        None => notes.unknown_outcome("no outcome.result", Outcome::Success),
    }
}
