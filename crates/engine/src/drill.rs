//! An integration check: seven steps through a database that is in use, in a user and a conversation that are erased again.
//!
//! What an entry is about stays in the log: the check leaves entries, as everything does, and nothing personal in them.

use std::time::{Duration, Instant};

use domain::audit::Event;
use domain::identity::Role;
use domain::identity::session::Session;
use domain::identity::user::User;
use domain::record::Sealed;
use domain::workflow::conversation::{Conversation, CreateConversation};
use domain::{Caller, Origin, Refusal};
use evidence::receipt;
use serde_json::json;
use store::conditions::Condition;
use store::error::Error as StoreError;
use uuid::Uuid;

use crate::credentials::one_time_password;
use crate::engine::Engine;
use crate::error::Error;
use crate::identity::{FirstCredential, LogInRequest, NewUser};
use crate::read::EntryKey;
use crate::writer::Answer;

/// What each step is.
pub const STEPS: [&str; 7] = [
    "connect", "create", "read", "relate", "record", "cascade", "clean up",
];

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number, from 1.
    pub number: usize,
    /// What it is.
    pub name: &'static str,
    /// Whether it went as it must.
    pub ok: bool,
    /// What was done, or what went wrong.
    pub detail: String,
    /// How long it took.
    pub took: Duration,
}

/// What the steps work with, as far as they came.
struct Drill<'a> {
    engine: &'a Engine,
    caller: &'a Caller,
    username: String,
    user: Option<Uuid>,
    session: Option<Uuid>,
    conversation: Option<Uuid>,
    entry: Option<u64>,
}

/// What is not as it was written.
fn differs(what: &str) -> Error {
    StoreError::data(what.to_owned()).into()
}

impl Engine {
    /// Takes the seven steps; after one that fails, the last one alone. `report` gets each as it is taken.
    pub async fn drill(
        &self,
        caller: &Caller,
        report: &mut (dyn FnMut(Taken) + Send),
    ) -> Result<bool, Error> {
        let mut drill = Drill {
            engine: self,
            caller,
            username: format!("check-{}", Uuid::now_v7().simple()),
            user: None,
            session: None,
            conversation: None,
            entry: None,
        };
        let mut all = true;
        for (number, name) in (1..).zip(STEPS) {
            if !all && number < STEPS.len() {
                continue;
            }
            let started = Instant::now();
            let done = match number {
                1 => drill.connect().await,
                2 => drill.create().await,
                3 => drill.read().await,
                4 => drill.relate().await,
                5 => drill.record().await,
                6 => drill.cascade().await,
                _ => drill.clean_up().await,
            };
            let ok = done.is_ok();
            all &= ok;
            report(Taken {
                number,
                name,
                ok,
                detail: done.unwrap_or_else(|error| error.to_string()),
                took: started.elapsed(),
            });
        }
        Ok(all)
    }
}

impl Drill<'_> {
    fn user(&self) -> Result<Uuid, Error> {
        self.user.ok_or_else(|| differs("no user was made"))
    }

    async fn connect(&self) -> Result<String, Error> {
        let version = self.engine.db().version().await?;
        let state = store::migrate::state(&mut *self.engine.db().reader().await?).await?;
        let size = self.engine.size_now().await?;
        Ok(format!(
            "{version}, migration {} of {}, {size} entries",
            state.applied, state.known
        ))
    }

    async fn create(&mut self) -> Result<String, Error> {
        let new = NewUser {
            username: self.username.clone(),
            email: None,
            full_name: None,
            role: Role::VIEWER,
            first: FirstCredential::None,
        };
        let made = self
            .engine
            .create_user(self.caller, Origin::default(), new)
            .await?;
        self.user = Some(made.user.id);
        Ok(format!("user {}", self.username))
    }

    async fn read(&self) -> Result<String, Error> {
        let id = self.user()?;
        let named = self.engine.user_named(&self.username).await?;
        let by_id: Option<Sealed<User>> = self.engine.row_proven(id).await?;
        if named.is_none() || named != by_id {
            return Err(differs("the user is not the one that was made"));
        }
        Ok("found by name and by id, and the row is the one that its entry wrote".to_owned())
    }

    /// A session and a conversation, found through the user.
    async fn relate(&mut self) -> Result<String, Error> {
        let user = self.user()?;
        let password = one_time_password()?;
        self.engine
            .set_password(self.caller, Origin::default(), user, &password)
            .await?;
        let request = LogInRequest {
            name: self.username.clone(),
            password,
            ..LogInRequest::default()
        };
        self.session = Some(self.engine.log_in(request, Origin::default()).await?.session.id);
        let command = CreateConversation {
            id: None,
            user,
            thread: self.username.clone(),
            title: Some("An integration check".to_owned()),
            context: None,
        };
        let answer: Answer<(Conversation, u64)> = self
            .engine
            .submit_for(self.caller, Origin::default(), command.into())
            .await?;
        let id = answer.reply.0.id;
        self.conversation = Some(id);
        let of_user = [Condition::Is("user_id", user.into())];
        let (conversations, _) = self.engine.select::<Conversation>(&of_user, None, None).await?;
        let (sessions, _) = self.engine.select::<Session>(&of_user, None, None).await?;
        let found = conversations.iter().map(|one| one.row.id).eq([id]);
        if !found || !sessions.iter().map(|one| Some(one.row.id)).eq([self.session]) {
            return Err(differs("what the user has is not what was made"));
        }
        Ok("a session and a conversation, found through the user".to_owned())
    }

    /// An event about the user, whose receipt holds.
    async fn record(&mut self) -> Result<String, Error> {
        let user = self.user()?;
        let event = json!({
            "actor": {"kind": "user", "id": user, "name": self.username},
            "action": "integration.check",
        });
        let event: Event = serde_json::from_value(event).map_err(|error| differs(&error.to_string()))?;
        let command = self.engine.prepare(vec![event], false).map_err(Refusal::from)?;
        let answer = self
            .engine
            .submit(self.caller, Origin::default(), command.into())
            .await?;
        self.entry = answer.entry;
        let entry = answer.entry.unwrap_or_default();
        self.proven(entry).await?;
        Ok(format!("entry {entry}, and its receipt holds"))
    }

    async fn proven(&self, entry: u64) -> Result<(), Error> {
        let key = EntryKey::Index(entry);
        let (found, text) = (self.engine.entry(key).await?, self.engine.receipt(key).await?);
        let (Some(found), Some(text)) = (found, text) else {
            return Err(differs("the entry is not there"));
        };
        receipt::check(&text, &found, self.engine.verifier_key())
            .map(drop)
            .map_err(|error| differs(&error.to_string()))
    }

    /// The user is erased, and with it what is the user's; the entries stay.
    async fn cascade(&self) -> Result<String, Error> {
        let user = self.user()?;
        let erased = self
            .engine
            .erase_user(self.caller, Origin::default(), user, "an integration check")
            .await?;
        let session = match self.session {
            Some(id) => self.engine.session(id).await?,
            None => None,
        };
        if session.is_none_or(|session| session.ended_at.is_none()) {
            return Err(differs("the user is erased, and the session goes on"));
        }
        self.conversation_is_empty().await?;
        self.proven(self.entry.unwrap_or_default()).await?;
        Ok(format!(
            "the user is erased with session and conversation; {} entries lost what is personal, and their receipts hold",
            erased.entries
        ))
    }

    async fn conversation_is_empty(&self) -> Result<(), Error> {
        let Some(id) = self.conversation else {
            return Ok(());
        };
        let known: Option<Sealed<Conversation>> = self.engine.row(id).await?;
        let is_empty = |known: &Conversation| known.thread.is_none() && known.title.is_none();
        if known.is_some_and(|known| is_empty(&known.row)) {
            return Ok(());
        }
        Err(differs(
            "the user is erased, and the conversation holds something",
        ))
    }

    /// What the steps before left, where they did not get so far; then a look at what is there.
    async fn clean_up(&self) -> Result<String, Error> {
        let Some(user) = self.user else {
            return Ok("nothing was made".to_owned());
        };
        self.engine
            .erase_user(self.caller, Origin::default(), user, "an integration check")
            .await?;
        self.conversation_is_empty().await?;
        if self.engine.user_named(&self.username).await?.is_some() {
            return Err(differs("the user is still found by name"));
        }
        Ok("nothing of it is left but entries without names".to_owned())
    }
}
