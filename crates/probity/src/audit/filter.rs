//! Which entries: the options that list, tail and export share.

use clap::Args;
use domain::audit::EntryFilter;
use engine::Engine;
use engine::list::{Order, Page};
use evidence::{ActorKind, Outcome, Timestamp};
use uuid::Uuid;

use crate::failure::Failure;
use crate::parse;

/// Conditions; an entry must fulfil each that is given.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which entries")]
pub struct FilterArgs {
    /// The actor's id, or its name where it has no id
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// The action; 'user.*' for all that begin so
    #[arg(long)]
    action: Option<String>,
    /// The target's id, or KIND:ID
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// What kind of target
    #[arg(long, value_name = "KIND")]
    target_kind: Option<String>,
    /// success, refused or failed
    #[arg(long, value_parser = outcome)]
    outcome: Option<Outcome>,
    /// Recorded at this time or later: 2026-11-21T08:30:00Z, 2026-11-21, or 7d ago
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    from: Option<Timestamp>,
    /// Recorded before this time
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    to: Option<Timestamp>,
    /// A text anywhere in the entry's payload, in any case
    #[arg(long)]
    text: Option<String>,
    /// Network address of the actor
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    ip: Option<String>,
    /// The id of the API key or session that recorded it
    #[arg(long, value_name = "ID")]
    recorded_by: Option<Uuid>,
}

/// An outcome's word.
pub fn outcome(text: &str) -> Result<Outcome, String> {
    Outcome::parse(text).ok_or_else(|| "must be success, refused or failed".to_owned())
}

/// Addresses are kept in their usual text form, so they are looked for in it.
fn address(text: &str) -> Result<String, String> {
    let address: Result<std::net::IpAddr, _> = text.parse();
    address
        .map(|address| address.to_canonical().to_string())
        .map_err(|_| "must be an IPv4 or IPv6 address".to_owned())
}

impl FilterArgs {
    /// The filter. `KIND:ID` is told from an id that holds a colon by asking the log.
    pub async fn into_filter(self, engine: &Engine) -> Result<EntryFilter, Failure> {
        let mut filter = EntryFilter {
            actor: self.actor,
            action: self.action,
            target_kind: self.target_kind,
            target: self.target,
            outcome: self.outcome,
            from: self.from,
            to: self.to,
            text: self.text,
            ip: self.ip,
            recorded_by: self.recorded_by,
        };
        if let Some(target) = filter.target.clone().filter(|_| filter.target_kind.is_none())
            && let (kind, Some(id)) = parse::kind_and_id(&target)
            && !any(
                engine,
                EntryFilter {
                    target: Some(target.clone()),
                    ..EntryFilter::default()
                },
            )
            .await?
        {
            filter.target_kind = Some(kind.to_owned());
            filter.target = Some(id.to_owned()).filter(|id| !id.is_empty());
        }
        if let Some(actor) = &filter.actor
            && let Some((kind, id)) = actor.split_once(':')
            && ActorKind::parse(kind).is_some()
            && !any(
                engine,
                EntryFilter {
                    actor: Some(actor.clone()),
                    ..EntryFilter::default()
                },
            )
            .await?
        {
            let hint = format!("give the id alone: --actor {id}");
            return Err(Failure::no(
                "no_such_actor",
                format!("no entry has an actor of the id {actor}"),
                hint,
            ));
        }
        Ok(filter)
    }
}

async fn any(engine: &Engine, filter: EntryFilter) -> Result<bool, Failure> {
    let page = Page {
        order: Order::Descending,
        after: None,
        limit: 1,
    };
    Ok(!engine.entries(&filter, page).await?.entries.is_empty())
}
