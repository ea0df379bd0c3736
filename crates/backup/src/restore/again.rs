//! Erasing again what was erased after a backup was made.

use std::collections::BTreeSet;

use domain::audit::erase::{ERASE_MAX, EraseEntries};
use domain::{Caller, Command, Origin};
use engine::{Engine, EntryKey};
use uuid::Uuid;

use crate::error::Error;
use crate::format::ErasedLater;
use crate::read::Contents;

/// What was erased again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// How many users.
    pub users: u64,
    /// How many entries had their payload erased.
    pub entries: u64,
    /// What could not be.
    pub not_erased: Vec<NotErased>,
}

/// A user who could not be erased again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotErased {
    /// Who.
    pub user: Uuid,
    /// Why not.
    pub reason: String,
}

/// Carries out again what was erased later, as commands that name the entries which did it first.
pub(super) async fn erase(
    engine: &Engine,
    contents: &Contents,
    later: Vec<ErasedLater>,
) -> Result<Again, Error> {
    let caller = Caller::System { part: "restore" };
    let size = contents.end.entries;
    let mut again = Again::default();
    // Erasing one takes more than one command.
    let mut users = BTreeSet::new();
    for erased in later {
        let reason = format!(
            "erased again after a restore: entry {} of {}",
            erased.entry, erased.at
        );
        for user in erased.users {
            match engine.erase_user(&caller, Origin::default(), user, &reason).await {
                Ok(done) => {
                    users.insert(user);
                    again.entries += done.entries;
                }
                // Who came after the backup is not in it.
                Err(engine::Error::Refused { refusal, .. }) if refusal.code == "unknown_user" => {}
                Err(engine::Error::Refused { refusal, .. }) => {
                    let reason = refusal.to_string();
                    again.not_erased.push(NotErased { user, reason });
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut entries = Vec::new();
        for index in erased.entries.into_iter().filter(|index| *index < size) {
            // Where the log was restored before, it may have other entries than those that were erased: later ones.
            let entry = engine.entry(EntryKey::Index(index)).await?;
            if entry.is_some_and(|entry| entry.at <= erased.at) {
                entries.push(index);
            }
        }
        for entries in entries.chunks(ERASE_MAX) {
            let command = EraseEntries {
                entries: entries.to_vec(),
                reason: reason.clone(),
            };
            let command = Command::EraseEntries(command);
            let answer = engine
                .submit_for::<u64>(&caller, Origin::default(), command)
                .await?;
            again.entries += answer.reply;
        }
    }
    again.users = users.len() as u64;
    Ok(again)
}
