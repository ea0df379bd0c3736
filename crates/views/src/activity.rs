//! The activity feed: entries as people read them.

use std::collections::HashMap;

use domain::FieldError;
use domain::audit::EntryFilter;
use domain::audit::event::ID_LEN_MAX;
use domain::audit::sentence::sentence;
use domain::identity::Permission;
use domain::identity::user::User;
use engine::list::Order;
use engine::{Engine, Error};
use evidence::payload::ActorKind;
use evidence::{Entry, Outcome, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::told;
use crate::cell::{Columns, Elide, column, number};
use crate::cursor::{ActivityPlace, Place as _};
use crate::entry::entries;
use crate::filter::{Asked, Filter, Flag, Given, Takes};
use crate::noun::{About, Noun, Page, Paging, Reads, Shown};
use crate::viewer::Viewer;

/// Which of its two times an activity is looked for by.
const BY_TIMESTAMP: Filter = Filter::own(
    "by_timestamp",
    "order, `from` and `to` are those of `timestamp`",
    Takes::Flag(Flag {
        usual: Some(false),
        condition: |_| None,
        no: None,
    }),
)
.option("by-timestamp");

/// An entry as the feed shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Activity {
    /// Id of the entry.
    pub id: Uuid,
    /// Index of the entry.
    pub index: u64,
    /// When it happened by the recorder's clock, or else when it was recorded.
    pub timestamp: Timestamp,
    /// What kind of activity: the entry's action.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who did it.
    pub user: Option<String>,
    /// The user whom `user` names by id, name or e-mail address; null where there was none when it was recorded, once the user
    /// is erased, and for callers who may not read users.
    pub user_id: Option<Uuid>,
    /// What kind of actor that is.
    pub user_kind: ActorKind,
    /// On whose behalf, such as the owner of an agent.
    pub on_behalf_of: Option<String>,
    /// The entity it concerns.
    pub entity: Option<String>,
    /// What kind of entity.
    pub entity_kind: Option<String>,
    /// A sentence.
    pub description: String,
    /// Whether the sentence is ours, and nothing that was recorded.
    #[serde(skip)]
    ours: bool,
    /// How it ended.
    pub outcome: Outcome,
}

impl Activity {
    /// An entry as people read it.
    pub fn of(entry: Entry) -> Activity {
        let (mut description, ours) = (sentence(&entry), entry.description.is_none());
        if entry.tampered.is_some() {
            description = format!("Changed by hand: {description}");
        }
        let (entity_kind, entity) = match entry.target {
            Some(target) => (Some(target.kind), target.id),
            None => (None, None),
        };
        Activity {
            id: entry.id,
            index: entry.index,
            timestamp: entry.occurred_at.unwrap_or(entry.at),
            kind: entry.action,
            user: entry.actor.id.or(entry.actor.name),
            user_id: None,
            user_kind: entry.actor.kind,
            on_behalf_of: entry.actor.on_behalf_of,
            entity,
            entity_kind,
            description,
            ours,
            outcome: entry.outcome,
        }
    }

    /// Entries as people read them, with their users for whoever may read these.
    pub async fn of_all(
        engine: &Engine,
        entries: Vec<Entry>,
        reads_users: bool,
    ) -> Result<Vec<Activity>, Error> {
        let recorded: Vec<Timestamp> = entries.iter().map(|entry| entry.at).collect();
        let mut views: Vec<Activity> = entries.into_iter().map(Activity::of).collect();
        let of_users = |view: &&Activity| reads_users && view.user_kind == ActorKind::User;
        let texts = views
            .iter()
            .filter(of_users)
            .filter_map(|view| view.user.as_deref());
        let texts: Vec<&str> = texts.collect();
        if texts.is_empty() {
            return Ok(views);
        }
        let mut users = HashMap::new();
        for user in engine.users_meant(texts).await? {
            for text in names(&user) {
                users.insert(text, (user.id, user.created_at));
            }
        }
        for (view, at) in views.iter_mut().zip(recorded) {
            let user = view.user.as_ref().filter(|_| view.user_kind == ActorKind::User);
            let found = user.and_then(|user| users.get(user));
            view.user_id = found.filter(|(_, made)| *made <= at).map(|(id, _)| *id);
        }
        Ok(views)
    }

    /// The filter over entries that was asked for in the words of the feed. A user is found under each of the texts that name
    /// it.
    pub async fn filter(engine: &Engine, asked: &Asked) -> Result<EntryFilter, Error> {
        let actor = match asked.get("user") {
            Some(Given::Id(id)) => Some(id.to_string()),
            _ => asked.text("user"),
        };
        let mut aliases = Vec::new();
        if let Some(actor) = &actor {
            let users = engine.users_meant([actor.as_str()]).await?;
            aliases = users.first().map(names).unwrap_or_default();
            aliases.retain(|text| text != actor);
        }
        Ok(EntryFilter {
            actor,
            aliases,
            action: asked.text("kind"),
            target: asked.text("entity"),
            from: asked.time("from"),
            to: asked.time("to"),
            by_timestamp: asked.flag(BY_TIMESTAMP.name) == Some(true),
            ..EntryFilter::default()
        })
    }
}

/// What names a user.
fn names(user: &User) -> Vec<String> {
    let names = [
        Some(user.id.to_string()),
        Some(user.username.clone()),
        user.email.clone(),
    ];
    names.into_iter().flatten().collect()
}

impl Shown for Activity {
    fn example() -> Activity {
        Activity::of(Entry::example())
    }
}

impl Noun for Activity {
    type View = Activity;
    type Place = ActivityPlace;

    const NAMES: (&'static str, &'static str) = ("activity", "activities");
    const KEY: &'static str = "activities";
    const TAG: &'static str = "activity";
    const COMMAND: &'static str = "activity";
    const LIST: About = About {
        id: "list_activity",
        summary: "What happened",
        description: "Every entry of the audit log with a sentence for people, a page at a time. `timestamp` is when \
                      it happened by the recorder's clock, or else when it was recorded; order, `from` and `to` are those of \
                      the log, or with `by_timestamp=true` those of `timestamp`. What is recorded meanwhile with a time where \
                      the pages have been is then on none of them, and with another filter it is a search: it may answer with \
                      less than there is, and `next`.",
    };
    const SEARCHED: bool = true;
    const OF_LOG: bool = true;
    const FILTERS: &'static [Filter] = &[
        Filter::own(
            "user",
            "of this user: the id, or the name where there is no id; one of `users` by id, name and e-mail address at once",
            Takes::Text(ID_LEN_MAX),
        ),
        Filter::own(
            "kind",
            "of this type; with a final `*`, of every type that begins so",
            Takes::Action,
        ),
        Filter::own(
            "entity",
            "that concern the entity of this id",
            Takes::Text(ID_LEN_MAX),
        ),
        Filter::own("from", "recorded at this time or later", Takes::Time).option("since"),
        Filter::own("to", "recorded before this time", Takes::Time).option("until"),
        BY_TIMESTAMP,
    ];
    const READ: Reads = Reads::Holders(Permission::AuditRead);
    const COLUMNS: Columns<Activity> = &[
        (number("index"), |view| view.index.into()),
        (column("when (UTC)", Elide::Never), |view| view.timestamp.into()),
        (column("type", Elide::Start), |view| (&view.kind).into()),
        (column("what happened", Elide::End).weighing(2), |view| {
            told(view.description.clone(), view.ours)
        }),
    ];
    const ORDER: Option<Order> = Some(Order::Descending);

    fn leads(view: &Activity) -> Option<(&'static str, String)> {
        Some((Entry::KEY, view.index.to_string()))
    }

    async fn page(
        engine: &Engine,
        viewer: Viewer<'_>,
        asked: &Asked,
        paging: Paging<ActivityPlace>,
    ) -> Result<Page<Activity>, Error> {
        let filter = Activity::filter(engine, asked).await?;
        let by_timestamp = filter.by_timestamp;
        if paging
            .after
            .is_some_and(|place| place.by_timestamp != by_timestamp)
        {
            let message = "must be what a page before says, in the same order";
            return Err(FieldError::new("cursor", message).into());
        }
        let within = Paging {
            order: paging.order,
            after: paging.after.map(|place| place.entry),
            limit: paging.limit,
            search_time: paging.search_time,
        };
        let (found, missing) = entries(engine, &filter, within).await?;
        let next = found
            .next
            .map(|entry| ActivityPlace { entry, by_timestamp }.encode(paging.order));
        let views = Activity::of_all(engine, found.entries, viewer.holds(Permission::UsersRead)).await?;
        Ok(Page {
            size: Some(found.size),
            missing,
            ..Page::of(views, next)
        })
    }
}
