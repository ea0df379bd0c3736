//! What is known of the log before a backup takes its place.

use engine::{Options, guard};
use store::place::{Found, Place as Held};
use tlog::{Checkpoint, VerifierKey};

use crate::error::Error;

/// What the log was, as this machine remembers it.
pub(super) struct Remembered {
    pub size: u64,
    pub checkpoint: String,
}

/// What is known of the log that was here, and whether the database that is there is of that log; a refusal where something
/// is, and is not to be replaced.
pub(super) async fn remembered(
    place: &mut Held,
    options: &Options,
    (replace, shorter): (bool, bool),
    key: &VerifierKey,
) -> Result<(Option<Remembered>, bool), Error> {
    let there = |what: String| {
        let hint = "say --replace to put the backup in its place; the old one is kept beside it";
        let location = options.database.location.shown();
        Error::refused("database_not_empty", format!("{location} {what}"), hint)
    };
    let head = match place.found().await? {
        Found::Foreign(part) => {
            let location = options.database.location.shown();
            return Err(Error::refused(
                "database_not_empty",
                format!("{location} holds the {part}, which is not Probity's"),
                "give Probity a schema or a file of its own, or take that away first",
            ));
        }
        Found::Log(head) if !replace => {
            return Err(there(format!(
                "holds {} entries of {}",
                head.edge.size(),
                head.origin
            )));
        }
        Found::Unreadable(what) if !replace => return Err(there(format!("is not empty: {what}"))),
        Found::Log(head) => Some(head.checkpoint),
        Found::Nothing | Found::Unreadable(_) => None,
    };
    let guarded = if options.guard {
        guard::read(&options.data_dir)?
    } else {
        None
    };
    let same = head
        .as_ref()
        .is_some_and(|head| Checkpoint::open(head, key).is_ok());
    let mut newest: Option<Remembered> = None;
    for (whose, checkpoint) in [("log.guard", guarded), ("the database", head)] {
        let Some(checkpoint) = checkpoint else { continue };
        match Checkpoint::open(&checkpoint, key) {
            // Of two that are alike the guard's is named: it is what a start compares with.
            Ok(signed) if newest.as_ref().is_none_or(|newest| signed.size > newest.size) => {
                newest = Some(Remembered {
                    size: signed.size,
                    checkpoint,
                });
            }
            Err(error) if !shorter => {
                let hint = "look whether this is the right folder and database; to give up what is remembered, say --shorter";
                let message = format!("{whose} is of another log, or was changed: {error}");
                return Err(Error::refused("other_log", message, hint));
            }
            _ => {}
        }
    }
    Ok((newest, same))
}
