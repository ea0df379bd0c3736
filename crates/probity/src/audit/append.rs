//! `probity audit append`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::audit::Event;
use domain::decision::Recorded;
use evidence::entry::{Actor, Target};
use evidence::json::{StrictObject, located};
use evidence::{ActorKind, Outcome, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity audit append`.
#[derive(Debug, Args)]
pub struct AppendArgs {
    /// Who acted: KIND:ID, the kind being user, agent, service, system or external
    #[arg(long, value_name = "KIND:ID", value_parser = actor, required_unless_present = "json")]
    actor: Option<Actor>,
    /// The verb, such as order.create
    #[arg(long, required_unless_present = "json")]
    action: Option<String>,
    /// What was acted on
    #[arg(long, value_name = "KIND:ID", value_parser = target)]
    target: Option<Target>,
    /// A sentence for people
    #[arg(long)]
    description: Option<String>,
    /// Anything else: a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    details: Option<StrictObject>,
    /// success, refused or failed
    #[arg(long, value_parser = outcome, default_value = "success")]
    outcome: Outcome,
    /// When it happened: 2026-11-21T08:30:00Z, 2026-11-21, or 2h ago
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    occurred_at: Option<Timestamp>,
    /// The entry's id, so that a repetition records nothing twice
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
    /// Network address of the actor
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// Read the event, or a list of up to 1,000, as JSON from a file; - is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["actor", "action", "target", "description", "details", "occurred_at", "id", "ip"]
    )]
    json: Option<PathBuf>,
}

/// An outcome's word.
pub fn outcome(text: &str) -> Result<Outcome, String> {
    Outcome::parse(text).ok_or_else(|| "must be success, refused or failed".to_owned())
}

fn actor(text: &str) -> Result<Actor, String> {
    let (kind, id) = text
        .split_once(':')
        .map_or((text, None), |(kind, id)| (kind, Some(id.to_owned())));
    let kind = ActorKind::parse(kind)
        .ok_or_else(|| "must be KIND:ID with the kind user, agent, service, system or external".to_owned())?;
    Ok(Actor {
        kind,
        id,
        name: None,
        on_behalf_of: None,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a value parser")]
fn target(text: &str) -> Result<Target, String> {
    let (kind, id) = parse::kind_and_id(text);
    Ok(Target {
        kind: kind.to_owned(),
        id: id.map(str::to_owned),
    })
}

impl Verb for Box<AppendArgs> {
    fn reads_file(&self) -> bool {
        self.json.is_some()
    }

    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let (events, list) = match self.json.clone() {
            Some(path) => read(&path, HINT)?,
            None => (vec![event(*self)?], false),
        };
        let command = work.engine.prepare(events, list)?;
        let answer = work.submit::<Vec<Recorded>>(command).await?.reply;
        Ok(recorded(&answer, list))
    }
}

/// What was recorded, as a list or as the only one.
pub fn recorded(recorded: &[Recorded], list: bool) -> Printout {
    let lines: Vec<_> = recorded.iter().map(text).collect();
    let entries: Vec<_> = recorded.iter().map(as_json).collect();
    let json = match &entries[..] {
        [entry] if !list => entry.clone(),
        _ => json!({ "entries": entries }),
    };
    Printout::text(json, lines.join("\n"))
}

fn event(args: AppendArgs) -> Result<Event, Failure> {
    // Both are required unless the event comes as JSON; this is what the parser cannot tell the type.
    let (Some(actor), Some(action)) = (args.actor, args.action) else {
        return Err(Failure::could_not_run(
            "usage",
            "--actor and --action are missing",
            "see --help",
        ));
    };
    Ok(Event {
        id: args.id,
        occurred_at: args.occurred_at,
        actor,
        action,
        target: args.target,
        outcome: args.outcome,
        description: args.description,
        details: args.details,
        ip: args.ip,
        user_agent: None,
        trace_id: None,
        session_id: None,
        aim: None,
        drag_mode: None,
    })
}

const HINT: &str = r#"an event has at least: {"actor":{"kind":"user","id":"alice"},"action":"order.create"}"#;

/// One thing or a list of them from a file; the flag says which.
pub fn read<T: DeserializeOwned>(path: &Path, hint: &str) -> Result<(Vec<T>, bool), Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| Failure::file("read", path, &error))?;
    let list = text.trim_start().starts_with('[');
    let events = if list {
        parsed(&text, hint)
    } else {
        parsed(&text, hint).map(|event| vec![event])
    };
    let events = events.map_err(|failure| Failure {
        message: format!("{}: {}", path.display(), failure.message),
        ..failure
    })?;
    Ok((events, list))
}

/// Reads JSON into its type; an error about what it holds names the field.
fn parsed<T: DeserializeOwned>(text: &str, hint: &str) -> Result<T, Failure> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut reader);
    let value = read.map_err(|error| {
        let path = Some(error.path().to_string()).filter(|path| path != ".");
        let error = error.into_inner();
        let (field, message) = located(path.as_deref().unwrap_or_default(), &error.to_string());
        if !error.is_data() || field.is_empty() {
            return Failure::no("malformed_json", message, hint);
        }
        Failure {
            field: Some(field.clone()),
            ..Failure::no("invalid_field", format!("{field}: {message}"), hint)
        }
    })?;
    let end = reader.end();
    end.map_err(|error| Failure::no("malformed_json", error.to_string(), hint))?;
    Ok(value)
}

fn as_json(recorded: &Recorded) -> Value {
    let place = recorded.place;
    let mut value = json!({ "id": recorded.id, "index": place.map(|place| place.index) });
    value["at"] = place.map(|place| place.at.to_string()).into();
    if recorded.replayed {
        value["replayed"] = true.into();
    }
    value
}

fn text(recorded: &Recorded) -> String {
    let index = recorded
        .place
        .map_or("?".to_owned(), |place| place.index.to_string());
    let verb = if recorded.replayed {
        "Already recorded as"
    } else {
        "Recorded"
    };
    format!("{verb} entry {index}  {}", recorded.id)
}
