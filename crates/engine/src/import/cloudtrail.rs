//! One AWS CloudTrail event to one event of ours.
//!
//! Source: AWS CloudTrail user guide, "CloudTrail record contents" and "CloudTrail userIdentity element"
//! (docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html). The whole original goes
//! into `details`, so whatever the other fields shorten or leave out is still there.

mod target;

use std::net::IpAddr;

use domain::audit::Event;
use domain::audit::event::{ID_LEN_MAX, NAME_LEN_MAX, TEXT_LEN_MAX};
use evidence::entry::{Actor, Target};
use evidence::time::Timestamp;
use evidence::{ActorKind, Outcome};
use serde_json::{Map, Value};

use super::notes::Notes;
use super::value::{Fields, fields, text, text_at};
use super::{fit, shrink};

/// Where each field comes from.
pub(super) const FIELDS: Fields = fields! {
    "action" = "eventSource:eventName";
    "actor.id" = "userIdentity.arn, or else invokedBy, service, principalId, onBehalfOf.userId, accountId";
    "actor.kind" =
        "userIdentity.type: service for AWS itself, its services and instances; user for people and roles that they take on; else external";
    "actor.name" = "userIdentity.userName, or the name of a role's session";
    "description" = "a sentence of actor, eventSource, eventName, target and errorCode";
    "details" = "the whole event";
    "id" = "made from the whole event";
    "ip" = "sourceIPAddress, where it is an address";
    "occurred_at" = "eventTime";
    "outcome" =
        "errorCode: refused where it names a missing permission, else failed; failed for a ConsoleLogin with Failure; success otherwise";
    "target.id" = "the first of resources with an ARN, or what requestParameters name";
    "target.kind" = "resources[].type, or the CloudFormation type of what requestParameters name";
    "user_agent" = "userAgent";
};

/// The event that a CloudTrail event is, without an id; the error says what keeps it from being one.
pub(super) fn event(members: Map<String, Value>, notes: &mut Notes) -> Result<Event, String> {
    let required =
        |name| text(&members, name).ok_or_else(|| format!("{name}: a CloudTrail event must have it"));
    let (source, name) = (required("eventSource")?, required("eventName")?);
    let occurred_at: Timestamp = required("eventTime")?
        .parse()
        .map_err(|error| format!("eventTime: {error}"))?;
    let identity = members.get("userIdentity").unwrap_or(&Value::Null);
    if !(identity.is_object() || identity.is_null()) {
        return Err("userIdentity: must be an object".to_owned());
    }
    let actor = actor(identity);
    let target = target::target(source, &members);
    let outcome = outcome(name, &members);
    let ip = text(&members, "sourceIPAddress").filter(|address| address.parse::<IpAddr>().is_ok());
    Ok(Event {
        id: None,
        occurred_at: Some(occurred_at),
        action: fit::action(&format!("{source}:{name}")),
        outcome,
        description: Some(sentence(&actor, source, name, target.as_ref(), outcome, &members)),
        ip: ip.map(str::to_owned),
        user_agent: text(&members, "userAgent").map(|agent| fit::cut(agent, TEXT_LEN_MAX).to_owned()),
        trace_id: None,
        session_id: None,
        aim: None,
        drag_mode: None,
        actor,
        target,
        details: Some(shrink::object("details", members, &mut notes.omitted)),
    })
}

/// Who acted.
///
/// People and what acts for one person are users. A role is a user too, because most are taken on by people,
/// unless AWS itself or an instance took it on: then it is a service. Accounts that we know nothing more of are
/// external.
fn actor(identity: &Value) -> Actor {
    let at = |pointer| text_at(identity, pointer);
    let by_service = at("/invokedBy").is_some_and(|by| by.ends_with(".amazonaws.com"));
    let kind = match at("/type") {
        Some("AssumedRole") if by_service || role_of_a_program(identity) => ActorKind::Service,
        Some("AWSService" | "Role") => ActorKind::Service,
        Some(
            "IAMUser" | "Root" | "AssumedRole" | "FederatedUser" | "SAMLUser" | "WebIdentityUser"
            | "IdentityCenterUser" | "Directory",
        ) => ActorKind::User,
        _ if by_service => ActorKind::Service,
        _ => ActorKind::External,
    };
    let id = [
        "/arn",
        "/invokedBy",
        "/service",
        "/principalId",
        "/onBehalfOf/userId",
        "/accountId",
    ]
    .into_iter()
    .find_map(at);
    let session = || match at("/type") {
        Some("AssumedRole") => session_name(identity),
        Some("Root") => Some("root"),
        _ => None,
    };
    let name = at("/userName").or_else(session);
    Actor {
        kind,
        id: id.map(|id| fit::cut(id, ID_LEN_MAX).to_owned()),
        name: name.map(|name| fit::cut(name, NAME_LEN_MAX).to_owned()),
        on_behalf_of: None,
    }
}

/// The name of a role's session: the end of `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, or of the
/// principal id `ROLE-ID:SESSION`.
fn session_name(identity: &Value) -> Option<&str> {
    let of_arn = text_at(identity, "/arn")
        .and_then(|arn| arn.split_once(":assumed-role/"))
        .and_then(|(_, path)| path.rsplit_once('/'));
    let of_principal = || text_at(identity, "/principalId").and_then(|id| id.split_once(':'));
    of_arn
        .or_else(of_principal)
        .map(|(_, session)| session)
        .filter(|session| !session.is_empty())
}

/// Whether a role's session is an instance's (named by its id, `i-` and hex digits) or of a role that AWS makes
/// for its own services.
fn role_of_a_program(identity: &Value) -> bool {
    let instance = session_name(identity)
        .and_then(|session| session.strip_prefix("i-"))
        .is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
    let issuer = text_at(identity, "/sessionContext/sessionIssuer/arn");
    instance || issuer.is_some_and(|arn| arn.contains(":role/aws-service-role/"))
}

fn outcome(name: &str, members: &Map<String, Value>) -> Outcome {
    let login = || members.get("responseElements")?.get("ConsoleLogin")?.as_str();
    match text(members, "errorCode") {
        Some(code) if is_refusal(code) => Outcome::Refused,
        Some(_) => Outcome::Failed,
        None if name == "ConsoleLogin" && login() == Some("Failure") => Outcome::Failed,
        None => Outcome::Success,
    }
}

/// Whether an error code says that the caller may not do it, such as `AccessDenied`, `AccessDeniedException`,
/// `Client.UnauthorizedOperation` or `NotAuthorizedException`.
pub(super) fn is_refusal(code: &str) -> bool {
    let code = code.rsplit_once('.').map_or(code, |(_, code)| code);
    let code = ["Exception", "Fault", "Error"]
        .iter()
        .find_map(|end| code.strip_suffix(end))
        .unwrap_or(code);
    [
        "Denied",
        "UnauthorizedOperation",
        "UnauthorizedAccess",
        "Unauthorized",
        "NotAuthorized",
        "Forbidden",
    ]
    .iter()
    .any(|end| code.ends_with(end))
}

fn sentence(
    actor: &Actor,
    source: &str,
    name: &str,
    target: Option<&Target>,
    outcome: Outcome,
    members: &Map<String, Value>,
) -> String {
    let who = actor
        .name
        .as_deref()
        .or(actor.id.as_deref())
        .unwrap_or("someone unknown");
    let service = source.strip_suffix(".amazonaws.com").unwrap_or(source);
    let on = target
        .and_then(|target| target.id.as_deref())
        .map_or(String::new(), |id| format!(" on {id}"));
    let end = match (outcome, text(members, "errorCode")) {
        (Outcome::Success, _) => String::new(),
        (_, Some(code)) => format!(": {code}"),
        (_, None) => ": failed".to_owned(),
    };
    fit::cut(&format!("{who} called {service} {name}{on}{end}"), TEXT_LEN_MAX).to_owned()
}

#[cfg(test)]
mod tests;
