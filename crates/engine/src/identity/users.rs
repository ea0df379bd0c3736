//! Users, as somebody entitled keeps them.

use domain::audit::EntryFilter;
use domain::governance::Agent;
use domain::identity::api_key::ApiKey;
use domain::identity::invitation::InviteUser;
use domain::identity::token::{Token, TokenKind};
use domain::identity::user::{CreateUser, EraseUser, ImportUser, RecoverUser, ResetPassword, User};
use domain::identity::{Role, password};
use domain::workflow::conversation::Conversation;
use domain::workflow::execution::{Execution, ExecutionStatus, Renewed};
use domain::{Caller, Command, Origin, Refusal};
use evidence::leaf::Leaf;
use store::conditions::Condition;
use store::entries::StoredEntry;
use store::query::{Order, Page};
use uuid::Uuid;

use crate::credentials::one_time_password;
use crate::engine::Engine;
use crate::error::Error;
use crate::leases::leases;
use crate::workflow::execution_stands;

/// Entries that are erased by one command.
pub(super) const ERASED_AT_ONCE: u32 = 1_000;
const AT_ONCE: usize = ERASED_AT_ONCE as usize;

/// Whether an entry is by one of these, or about one of these ids: those that Probity made, for whoever records events
/// may use the same text as an id. Somebody else's entry about the erasure is what stays.
fn is_of(entry: &StoredEntry, by: &[Uuid], own: &[Uuid]) -> bool {
    let Ok(leaf) = Leaf::parse(&entry.leaf) else {
        // Not as Probity wrote it: verifying names it.
        return false;
    };
    let about = leaf.target_id.is_some_and(|target| own.contains(&target));
    leaf.actor_id.is_some_and(|actor| by.contains(&actor))
        || about && leaf.action != domain::action::USER_ERASE.name
}

/// By what a new user gets in for the first time.
#[derive(Clone, PartialEq, Eq)]
pub enum FirstCredential {
    /// A password that somebody chose; to be changed at first login where `temporary`.
    Password {
        /// The password.
        text: String,
        /// Whether it must be changed.
        temporary: bool,
    },
    /// A random password, shown once, to be changed at first login.
    OneTimePassword,
    /// A link by which the user sets a password.
    Invitation,
    /// Nothing: it acts by API keys.
    None,
}

impl FirstCredential {
    /// What a new user of this role gets where nobody says otherwise: an application needs no password.
    pub fn usual(role: &Role) -> FirstCredential {
        if *role == Role::SERVICE {
            FirstCredential::None
        } else {
            FirstCredential::OneTimePassword
        }
    }
}

/// A user to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The name to log in with.
    pub username: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Full name.
    pub full_name: Option<String>,
    /// What the user may do.
    pub role: Role,
    /// By what it gets in.
    pub first: FirstCredential,
}

/// A user that was made, with what is shown once.
pub struct CreatedUser {
    /// The user.
    pub user: User,
    /// Its version.
    pub version: u64,
    /// The one-time password, if it was given one.
    pub one_time_password: Option<String>,
    /// The invitation's token, if it was invited.
    pub invitation: Option<Token>,
}

/// What was erased of a user.
pub struct ErasedUser {
    /// The user, as it is now.
    pub user: User,
    /// Its version.
    pub version: u64,
    /// How many entries had their payload erased.
    pub entries: u64,
}

/// What erasing a user would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WouldErase {
    /// How many entries would lose their payload.
    pub entries: usize,
    /// Whether a legal hold keeps one of them, so that nothing would be erased.
    pub held: bool,
}

impl Engine {
    /// Makes a user.
    pub async fn create_user(
        &self,
        caller: &Caller,
        origin: Origin,
        new: NewUser,
    ) -> Result<CreatedUser, Error> {
        let mut command = CreateUser {
            email: new.email,
            full_name: new.full_name,
            ..CreateUser::new(new.username, new.role)
        };
        let (mut shown, mut invitation) = (None, None);
        match new.first {
            FirstCredential::Password { text, temporary } => {
                let mut words = vec![command.username.as_str()];
                words.extend(command.email.as_deref());
                words.extend(command.full_name.as_deref());
                password::check(&text, &words).map_err(Refusal::from)?;
                command.password_hash = Some(self.shared().hashes.hash(text.clone()).await?);
                command.password_temporary = temporary;
            }
            FirstCredential::OneTimePassword => {
                let text = one_time_password()?;
                command.password_hash = Some(self.shared().hashes.hash(text.clone()).await?);
                command.password_temporary = true;
                shown = Some(text);
            }
            FirstCredential::Invitation => {
                let token = Engine::new_token(TokenKind::Invitation)?;
                command.invitation = Some(token.hash());
                invitation = Some(token);
            }
            FirstCredential::None => {}
        }
        self.made(caller, origin, command.into(), shown, invitation).await
    }

    /// Makes a user who comes from another system, with the password's hash of there.
    pub async fn import_user(
        &self,
        caller: &Caller,
        origin: Origin,
        user: CreateUser,
    ) -> Result<CreatedUser, Error> {
        let checked = user.password_hash.as_deref().map_or(Ok(()), password::importable);
        checked.map_err(Refusal::from)?;
        let command = ImportUser(user).into();
        self.made(caller, origin, command, None, None).await
    }

    /// Carries out a command that lets a user in, with what is shown once.
    async fn made(
        &self,
        caller: &Caller,
        origin: Origin,
        command: Command,
        one_time_password: Option<String>,
        invitation: Option<Token>,
    ) -> Result<CreatedUser, Error> {
        let (user, version) = self.submit_for(caller, origin, command).await?.reply;
        Ok(CreatedUser {
            user,
            version,
            one_time_password,
            invitation,
        })
    }

    /// Invites a user again, or to set a new password; former invitations no longer work.
    pub async fn invite_user(
        &self,
        caller: &Caller,
        origin: Origin,
        user: Uuid,
    ) -> Result<CreatedUser, Error> {
        let token = Engine::new_token(TokenKind::Invitation)?;
        let hash = token.hash();
        let command = InviteUser { user, hash }.into();
        self.made(caller, origin, command, None, Some(token)).await
    }

    /// Gives a user a one-time password, shown once. To `recover` is for someone on the server's own machine.
    pub async fn reset_password(
        &self,
        caller: &Caller,
        origin: Origin,
        user: Uuid,
        recover: bool,
    ) -> Result<CreatedUser, Error> {
        let text = one_time_password()?;
        let command = self.password(user, text.clone(), true).await?;
        let command = if recover {
            RecoverUser(command).into()
        } else {
            command.into()
        };
        self.made(caller, origin, command, Some(text), None).await
    }

    /// Sets a user's password, as the user typed it on the server's own machine.
    pub async fn set_password(
        &self,
        caller: &Caller,
        origin: Origin,
        user: Uuid,
        text: &str,
    ) -> Result<(User, u64), Error> {
        if let Some(user) = self.user(user).await? {
            super::account::check_password(text, &user.row)?;
        }
        let command = self.password(user, text.to_owned(), false).await?;
        let answer = self.submit_for(caller, origin, command.into()).await?;
        Ok(answer.reply)
    }

    /// The command that gives a user this password.
    async fn password(&self, user: Uuid, text: String, temporary: bool) -> Result<ResetPassword, Error> {
        Ok(ResetPassword {
            user,
            password_hash: self.shared().hashes.hash(text).await?,
            temporary,
        })
    }

    /// Erases what is personal of a user, and the payload of every entry by or about the user. A second time, it
    /// erases what came since, or what a broken-off first time left.
    pub async fn erase_user(
        &self,
        caller: &Caller,
        origin: Origin,
        user: Uuid,
        reason: &str,
    ) -> Result<ErasedUser, Error> {
        let mut erased = 0;
        // The first time without entries: that the user can no longer be used comes before all else. Unless one is under a
        // legal hold: then the command is refused, and nothing is erased.
        let (mut entries, mut content) = (self.held_of(user).await?, Vec::new());
        let mut done = None;
        let mut kept = true;
        loop {
            let count = entries.len() as u64;
            let command = EraseUser {
                user,
                reason: reason.to_owned(),
                entries,
                content,
            };
            let answer = self
                .submit_for(caller, origin.clone(), Command::EraseUser(command))
                .await?;
            let (row, version) = answer.reply;
            erased += count;
            if std::mem::take(&mut kept) {
                // No key of the user's works from now on, and the entries that go next leave nothing of it in the files.
                self.forget_roots(user).await?;
            }
            entries = self.entries_of(user, AT_ONCE, |_| Ok(true)).await?;
            content = self.content_of(user, &mut done).await?;
            if content.is_empty() {
                // What there is about them goes with them.
                (content, entries) = self.approvals_of(user, entries).await?;
            }
            if entries.is_empty() && content.is_empty() {
                return Ok(ErasedUser {
                    user: row,
                    version,
                    entries: erased,
                });
            }
        }
    }

    /// What erasing a user would do, of at most so many entries. Nothing is erased.
    pub async fn would_erase(&self, user: Uuid, most: usize) -> Result<WouldErase, Error> {
        Ok(WouldErase {
            entries: self.entries_of(user, most, |_| Ok(true)).await?.len(),
            held: !self.held_of(user).await?.is_empty(),
        })
    }

    /// An entry of a user that is under a legal hold, if there is one.
    async fn held_of(&self, user: Uuid) -> Result<Vec<u64>, Error> {
        let holds = self.holds().await?;
        if holds.is_empty() {
            return Ok(Vec::new());
        }
        let is_held = |entry: &StoredEntry| Ok(holds.covering_entry(&entry.clone().known()?).is_some());
        self.entries_of(user, 1, is_held).await
    }

    /// Conversations of a user that hold something still; where there are none any more, executions, and then steps of
    /// those behind the execution `done`.
    async fn content_of(&self, user: Uuid, done: &mut Option<Uuid>) -> Result<Vec<(Uuid, Renewed)>, Error> {
        let kept = [
            Condition::Is("user_id", user.into()),
            Condition::Has("thread", true),
        ];
        let (found, _) = self
            .select::<Conversation>(&kept, None, Some(ERASED_AT_ONCE))
            .await?;
        if !found.is_empty() {
            return Ok(found
                .iter()
                .map(|conversation| (conversation.row.id, None))
                .collect());
        }
        let running = execution_stands(ExecutionStatus::Running, self.now());
        let held = ["actor", "input", "mission", "result", "error"];
        let held = held.map(|column| Condition::Has(column, true));
        let kept = [
            Condition::Is("user_id", user.into()),
            Condition::Any(held.into_iter().chain([running]).collect()),
        ];
        let (found, _) = self
            .select::<Execution>(&kept, None, Some(ERASED_AT_ONCE))
            .await?;
        if !found.is_empty() {
            let mut conn = self.db().reader().await?;
            return leases(
                &mut conn,
                found.iter().map(|execution| execution.row.id).collect(),
            )
            .await;
        }
        let steps = self.steps_of(user, done).await?;
        Ok(steps.into_iter().map(|step| (step, None)).collect())
    }

    /// Steps of a user's executions of which something is kept still. No execution is begun for a user who is erased, and
    /// none goes on, so each is looked at once.
    async fn steps_of(&self, user: Uuid, done: &mut Option<Uuid>) -> Result<Vec<Uuid>, Error> {
        let with_steps = [
            Condition::Is("user_id", user.into()),
            Condition::Has("steps", true),
        ];
        loop {
            let (found, more) = self
                .select::<Execution>(&with_steps, *done, Some(ERASED_AT_ONCE))
                .await?;
            let mut held = Vec::new();
            let mut conn = self.db().reader().await?;
            for execution in found {
                let left = ERASED_AT_ONCE - u32::try_from(held.len()).unwrap_or(ERASED_AT_ONCE);
                let of_it = store::steps::held(&mut conn, execution.row.id, left).await?;
                let is_full = of_it.len() == left as usize;
                held.extend(of_it);
                if is_full {
                    break;
                }
                if held.is_empty() {
                    *done = Some(execution.row.id);
                }
            }
            if !held.is_empty() || !more {
                return Ok(held);
            }
        }
    }

    /// Entries by or about a user, its agents and its API keys whose payload is still there, but those that record the
    /// erasure itself: so many at most of those that are wanted.
    async fn entries_of(
        &self,
        user: Uuid,
        most: usize,
        wanted: impl Fn(&StoredEntry) -> Result<bool, Error>,
    ) -> Result<Vec<u64>, Error> {
        let mut by = vec![user];
        let agents = self.rows_of::<Agent>("user_id", [user]).await?;
        by.extend(agents.iter().map(|agent| agent.row.id));
        let mut own = by.clone();
        let keys = self.rows_of::<ApiKey>("user_id", [user]).await?;
        own.extend(keys.iter().map(|key| key.row.id));
        let done = by.iter().map(|id| EntryFilter {
            actor: Some(id.to_string()),
            ..EntryFilter::default()
        });
        let about = own.iter().map(|id| EntryFilter {
            target: Some(id.to_string()),
            ..EntryFilter::default()
        });
        let mut found = Vec::new();
        for filter in done.chain(about) {
            let mut after = None;
            loop {
                let page = Page {
                    order: Order::Ascending,
                    after,
                    limit: ERASED_AT_ONCE,
                };
                let page = self.stored_entries(&filter, page).await?;
                after = page.last().map(|entry| entry.entry);
                for entry in page.iter().filter(|entry| entry.payload.is_some()) {
                    if is_of(entry, &by, &own) && wanted(entry)? {
                        found.push(entry.entry);
                    }
                }
                if after.is_none() || found.len() >= most {
                    break;
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(most);
        Ok(found)
    }
}
