//! Why the log is not continued.

use evidence::Timestamp;

/// What is the matter with a head that does not continue the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The log's key has not signed it: somebody changed the database by hand.
    Tampered,
    /// It is signed, and does not extend what was committed or seen: an older or another copy of the database is in its place.
    RolledBack,
}

impl Fault {
    /// The code of errors.
    pub fn code(self) -> &'static str {
        match self {
            Fault::Tampered => "log_tampered",
            Fault::RolledBack => "log_rolled_back",
        }
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Fault::Tampered => {
                "`probity audit verify` names what was changed: keep a copy of the database, and restore a backup that verifies; \
                 where the key is not the one that signs this log, give that one (file signing.key or PROBITY_SIGNING_KEY)"
            }
            Fault::RolledBack => {
                "if you restored an older copy on purpose, say so with `probity audit acknowledge-restore --reason …`, \
                 which is recorded in the log; otherwise find out who replaced the database"
            }
        }
    }
}

/// Why nothing is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// What is the matter.
    pub fault: Fault,
    /// How it shows.
    pub reason: String,
    /// Since when this process knows.
    pub since: Timestamp,
    /// The newest checkpoint that this process committed or saw; none where it has just started.
    pub known: Option<String>,
    /// The checkpoint of the head that was found; none where the head row cannot be read.
    pub found: Option<String>,
}
