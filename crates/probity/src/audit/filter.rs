//! Which entries, as people name actors and targets: users by name or e-mail address too, agents by name.

use domain::audit::EntryFilter;
use engine::Engine;
use engine::list::{Order, Page};
use evidence::ActorKind;
use uuid::Uuid;
use views::{Asked, Entry, Given};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::nouns::{self, FilterArgs, ListArgs};
use crate::parse;

/// What is asked for. `KIND:ID` is told from an id that holds a colon by asking the log.
pub async fn asked(context: &Context, engine: &Engine, args: FilterArgs<Entry>) -> Result<Asked, Failure> {
    let mut asked = args.asked(context, engine).await?;
    let target = asked
        .text("target")
        .filter(|_| asked.get("target_kind").is_none());
    if let Some(target) = target
        && let (kind, Some(id)) = parse::kind_and_id(&target)
        && !any(engine, "target", &target).await?
    {
        asked.0.retain(|(name, _)| *name != "target");
        let parts = [("target_kind", kind), ("target", id)];
        for (name, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
            asked.set(name, Given::Text(text.to_owned()));
        }
    }
    meant(context, engine, &mut asked, "actor", "actor").await?;
    if matches!(asked.text("target_kind").as_deref(), Some("user" | "agent")) {
        meant(context, engine, &mut asked, "target", "target").await?;
    }
    if let Some(actor) = asked.text("actor")
        && let Some((kind, id)) = actor.split_once(':')
        && ActorKind::parse(kind).is_some()
        && !any(engine, "actor", &actor).await?
    {
        let message = format!("no entry has an actor of the id {actor}");
        let hint = format!("give the id alone: --actor {id}");
        return Err(Failure::no("no_such_actor", message, hint));
    }
    Ok(asked)
}

/// Where a user or an agent is called by what was given with a filter, which is one of entries by `column`, its id is meant,
/// unless entries have the text itself: then a remark says that there are two.
pub async fn meant(
    context: &Context,
    engine: &Engine,
    asked: &mut Asked,
    name: &'static str,
    column: &'static str,
) -> Result<(), Failure> {
    let text = asked.text(name).filter(|text| Uuid::try_parse(text).is_err());
    let Some(text) = text else { return Ok(()) };
    let user = engine.user_meant(&text).await?.map(|user| user.row.id);
    let agent = engine.agent_meant(&text).await?.map(|agent| agent.row.id);
    let Some(id) = user.or(agent) else { return Ok(()) };
    if any(engine, column, &text).await? {
        let what = if user.is_some() { "a user" } else { "an agent" };
        context.remark(&format!(
            "{text} is {what} too, whose entries are listed by the id: --{name} {id}"
        ));
    } else {
        asked.set(name, Given::Text(id.to_string()));
    }
    Ok(())
}

/// Whether any entry has this.
async fn any(engine: &Engine, name: &'static str, text: &str) -> Result<bool, Failure> {
    let asked = Asked(vec![(name, Given::Text(text.to_owned()))]);
    let filter: EntryFilter = views::entry_filter(&asked);
    let page = Page {
        order: Order::Descending,
        after: None,
        limit: 1,
    };
    Ok(!engine.entries(&filter, page).await?.entries.is_empty())
}

/// Lists.
pub async fn list(context: &Context, args: ListArgs<Entry>) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let asked = asked(context, engine, args.filters).await?;
            nouns::page::<Entry>(context, engine, &asked, args.paging).await
        })
        .await
}
