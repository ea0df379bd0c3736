//! Conversations of users with agents.

use domain::code::{self, Code};
use domain::identity::Permission;
use domain::record::Sealed;
use domain::workflow::conversation::{Conversation, ConversationStatus, THREAD_LEN_MAX};
use engine::list::{Condition, Order};
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, indented, state};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Kind};
use crate::noun::{About, Noun, Reads, Show, Shown};
use crate::rows::{Rows, leads, rows, whole_is_view};
use crate::viewer::Viewer;

/// A conversation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Conversation")]
pub struct ConversationView {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub user: Uuid,
    /// Its name where it is held, one of the user's; null once it is erased.
    pub thread_id: Option<String>,
    /// What people call it.
    pub title: Option<String>,
    /// What the application keeps with it.
    pub context: Option<Map<String, Value>>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Who made it; null for someone on the server's own machine.
    pub created_by: Option<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl ConversationView {
    /// Shows a conversation.
    pub fn of(row: Conversation) -> ConversationView {
        ConversationView {
            id: row.id,
            user: row.user_id,
            thread_id: row.thread,
            title: row.title,
            context: row.context.and_then(|text| serde_json::from_str(&text).ok()),
            status: row.status,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            ended_at: row.ended_at,
        }
    }
}

impl Shown for ConversationView {
    fn example() -> ConversationView {
        ConversationView {
            id: id(0xf1),
            user: ANN,
            thread_id: Some("thread-4711".to_owned()),
            title: Some("Logins from abroad".to_owned()),
            context: json!({"case": 7}).as_object().cloned(),
            status: ConversationStatus::Active,
            created_by: Some(ANN),
            created_at: at(21, 8),
            updated_at: at(21, 8),
            ended_at: None,
        }
    }
}

impl Noun for Conversation {
    type View = ConversationView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("conversation", "conversations");
    const KEY: &'static str = "conversations";
    const TAG: &'static str = "workflows";
    const COMMAND: &'static str = "conversation";
    const LIST: About = About {
        id: "list_conversations",
        summary: "Conversations",
        description: "In the order of their ids, newest first unless asked otherwise. Of all users for callers who \
                      hold `workflows:read`, one's own for others.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new("user", "of this user", Kind::User("user_id")),
        Filter::new("thread_id", "of this thread", Kind::Is(THREAD_LEN_MAX, "thread")).option("thread"),
        Filter::new(
            "status",
            "that stand there",
            Kind::Word(ConversationStatus::WORDS, |word, _| {
                Ok(Condition::Is("status", word.into()))
            }),
        ),
    ];
    const READ: Reads = Reads::OwnOr(Permission::WorkflowsOwn, Permission::WorkflowsRead, "user_id");
    const COLUMNS: Columns<ConversationView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("user", Elide::End), |view| Cell::User(view.user)),
        (column("thread", Elide::End), |view| {
            view.thread_id.as_ref().into()
        }),
        (column("title", Elide::End), |view| view.title.as_ref().into()),
        (column("status", Elide::Never), |view| state(view.status.as_str())),
        (column("changed (UTC)", Elide::Never).spare(), |view| {
            view.updated_at.into()
        }),
    ];
    const ORDER: Option<Order> = Some(Order::Descending);

    leads!();
}

impl Rows for Conversation {
    async fn views(
        _: &Engine,
        _: Viewer<'_>,
        rows: Vec<Sealed<Conversation>>,
    ) -> Result<Vec<ConversationView>, Error> {
        let views = rows.into_iter().map(|sealed| ConversationView::of(sealed.row));
        Ok(views.collect())
    }
}

impl Show for Conversation {
    whole_is_view!();

    const SHOW: About = About {
        id: "show_conversation",
        summary: "One conversation",
        description: "What it holds; of an erased one nothing.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_CONVERSATION;

    fn details(view: &ConversationView) -> Vec<Titled> {
        let context = view.context.as_ref().map(|context| indented(&json!(context)));
        vec![
            ("Id", view.id.into()),
            ("User", Cell::User(view.user)),
            ("Thread", view.thread_id.as_ref().into()),
            ("Title", view.title.as_ref().into()),
            ("Context", context.into()),
            ("Status", state(view.status.as_str())),
            ("Begun", view.created_at.into()),
            ("By", Cell::By(view.created_by)),
            ("Changed", view.updated_at.into()),
            ("Ended", view.ended_at.into()),
        ]
    }

    fn hinders(view: &ConversationView, _: Viewer<'_>, _: &str) -> Option<String> {
        let ended = view.status == ConversationStatus::Ended;
        ended.then(|| "the conversation has ended".to_owned())
    }
}
