//! What a bundle proves of one approval: who asked for what, who voted, under which policies, that it was used once, and what
//! came of it. It rests on lists of changes alone, which nobody but the log's own program writes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::commitment::{Salt, commit};
use crate::entry::{Actor, Change, Entry};
use crate::json;
use crate::leaf::{Outcome, RecordedBy, RecorderKind};
use crate::time::Timestamp;

/// Most entries about one approval that are looked at; a bundle of more proves nothing of it.
const ENTRIES_MAX: usize = 10_000;

/// Columns of an approval whose values the proof tells of. What is long stands in its own entry alone.
const COLUMNS: [&str; 12] = [
    "action",
    "arguments",
    "content_salt",
    "digest",
    "reason",
    "status",
    "quorum",
    "verdict",
    "policy_digest",
    "policy_rule",
    "outcome",
    "result",
];

/// The actions of entries that decide of an approval; what others say of its status they found.
const DECIDES: [&str; 4] = [
    "approval.request",
    "approval.vote",
    "approval.withdraw",
    "approval.expire",
];

/// Something that somebody did, as an entry tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The entry.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// The credential that it was recorded for.
    pub recorded_by: RecordedBy,
    /// The verb.
    pub action: String,
}

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedVote {
    /// Who voted, and when.
    pub deed: Deed,
    /// Whether for it; none where the payload is gone.
    pub approve: Option<bool>,
    /// Whether with a second factor, where that was recorded.
    pub second_factor: Option<bool>,
    /// Why, as the voter says.
    pub reason: Option<String>,
}

/// What a bundle proves of an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedApproval {
    /// Which.
    pub approval: Uuid,
    /// The request; none where its entry is not in the bundle.
    pub request: Option<Deed>,
    /// The row as the entries in the bundle tell of it, column by column.
    pub row: Map<String, Value>,
    /// The last vote of each voter, oldest first.
    pub votes: Vec<ProvedVote>,
    /// When it was granted, rejected, withdrawn or had expired.
    pub decided: Option<(String, Deed)>,
    /// The use.
    pub used: Option<Deed>,
    /// The report of what came of it.
    pub reported: Option<Deed>,
    /// The entry that has the policies in words.
    pub policies: Option<u64>,
    /// Whether there were none: the digest is that of an empty list, which no entry has.
    pub without_policies: bool,
    /// Whether every version of the row up to the last in the bundle is there.
    pub complete: bool,
    /// Entries about it whose payload is erased or pruned.
    pub gone: u64,
}

/// A version of the approval's row, or a vote.
#[derive(Clone, Debug)]
struct Seen {
    deed: Deed,
    change: Change,
    gone: bool,
}

/// What was seen of one approval so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Approvals {
    wanted: Option<Uuid>,
    seen: Vec<Seen>,
    /// Policies by their digest in hex: the entry that has them.
    policies: BTreeMap<String, u64>,
    too_many: bool,
}

/// Why what a bundle says of an approval cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalFault {
    /// More than one entry uses it.
    #[error("it is used by entry {0} and again by entry {1}")]
    UsedTwice(u64, u64),
    /// The arguments are others than the digest binds.
    #[error("its arguments are not those that its digest is of")]
    Digest,
    /// Two entries write the same version.
    #[error("version {0} of it is written twice")]
    Version(u64),
}

impl Approvals {
    /// Looks for what a bundle was asked for: an approval, by the members of its filter.
    pub fn asked(filter: &Map<String, Value>) -> Approvals {
        let named = |name: &str| filter.get(name).and_then(Value::as_str);
        let id = named("approval").or_else(|| named("target"));
        Approvals {
            wanted: id.and_then(|id| Uuid::try_parse(id).ok()),
            ..Approvals::default()
        }
    }

    /// Takes in an entry that holds.
    pub fn take(&mut self, entry: &Entry) {
        let Some(wanted) = self.wanted.filter(|_| entry.outcome == Outcome::Success) else {
            return;
        };
        let details = entry.details.as_ref().map(|details| &details.0);
        if let Some(policies) = details.and_then(|details| details.get("approval.policies"))
            && entry.recorded_by.kind == RecorderKind::System
        {
            let digest = json::hex(&Sha256::digest(json::canonical(policies)));
            self.policies.insert(digest, entry.index);
        }
        let about = entry.target.as_ref().and_then(|target| target.id.as_deref());
        let about = about.is_some_and(|id| id == wanted.to_string());
        for change in &entry.changes {
            let row = change.table == "approvals" && change.id == wanted;
            let vote = change.table == "approval_votes" && about;
            if !row && !vote {
                continue;
            }
            if self.seen.len() == ENTRIES_MAX {
                self.too_many = true;
                return;
            }
            self.seen.push(Seen {
                deed: Deed {
                    index: entry.index,
                    at: entry.at,
                    by: entry.actor.clone(),
                    recorded_by: entry.recorded_by,
                    action: entry.action.clone(),
                },
                change: change.clone(),
                gone: entry.is_gone(),
            });
        }
    }

    /// What they prove together; nothing where no entry is about an approval.
    pub fn proved(&self) -> Result<Option<ProvedApproval>, ApprovalFault> {
        let Some(approval) = self.wanted.filter(|_| !self.seen.is_empty() && !self.too_many) else {
            return Ok(None);
        };
        let mut seen: Vec<&Seen> = self.seen.iter().collect();
        seen.sort_by_key(|seen| (seen.deed.index, seen.change.version));
        let mut proved = ProvedApproval {
            approval,
            request: None,
            row: Map::new(),
            votes: Vec::new(),
            decided: None,
            used: None,
            reported: None,
            policies: None,
            without_policies: false,
            complete: true,
            gone: 0,
        };
        let mut votes: BTreeMap<Uuid, ProvedVote> = BTreeMap::new();
        let mut version = 0;
        for seen in seen {
            proved.gone += u64::from(seen.gone);
            if seen.change.table == "approval_votes" {
                votes.insert(seen.change.id, vote(seen));
                continue;
            }
            let next = seen.change.version;
            if next <= version {
                return Err(ApprovalFault::Version(next));
            }
            proved.complete &= next == version + 1;
            version = next;
            proved.add(seen)?;
        }
        proved.votes = votes.into_values().collect();
        proved.votes.sort_by_key(|vote| vote.deed.index);
        let digest = proved.text("policy_digest").unwrap_or_default();
        let policies = self.policies.get(digest).copied();
        proved.without_policies = digest == json::hex(&Sha256::digest("[]"));
        proved.policies = policies;
        proved.check_arguments()?;
        Ok(Some(proved))
    }
}

fn vote(seen: &Seen) -> ProvedVote {
    let member = |name: &str| seen.change.after.as_ref().and_then(|after| after.get(name));
    ProvedVote {
        deed: seen.deed.clone(),
        approve: member("approve").and_then(Value::as_bool),
        second_factor: member("second_factor").and_then(Value::as_bool),
        reason: member("reason").and_then(Value::as_str).map(str::to_owned),
    }
}

impl ProvedApproval {
    /// A column's text, where the entries in the bundle tell of it.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.row.get(column).and_then(Value::as_str)
    }

    /// A column's number, where the entries in the bundle tell of it.
    pub fn number(&self, column: &str) -> Option<u64> {
        self.row.get(column).and_then(Value::as_u64)
    }

    /// How many voted for it.
    pub fn votes_for(&self) -> u64 {
        self.votes
            .iter()
            .filter(|vote| vote.approve == Some(true))
            .count() as u64
    }

    /// Whether the policies decided, and nobody voted.
    pub fn is_by_policies(&self) -> bool {
        let status = self.decided.as_ref().map(|(status, _)| status.as_str());
        matches!(
            (self.text("verdict"), status),
            (Some("allow"), Some("granted")) | (Some("deny"), Some("rejected"))
        )
    }

    /// Whether the votes are here that decided; none where it was not decided, or not by votes.
    pub fn has_votes(&self) -> Option<bool> {
        let (status, _) = self.decided.as_ref().filter(|_| !self.is_by_policies())?;
        let quorum = self.number("quorum").unwrap_or(u64::MAX);
        match status.as_str() {
            "granted" => Some(self.votes_for() >= quorum),
            "rejected" => Some(self.votes.iter().any(|vote| vote.approve == Some(false))),
            _ => None,
        }
    }

    /// Takes in the next version of the row.
    fn add(&mut self, seen: &Seen) -> Result<(), ApprovalFault> {
        let deed = &seen.deed;
        if seen.change.version == 1 {
            self.request = Some(deed.clone());
        }
        // What was done the leaf says, also where the payload is gone. A later version repeats what it found.
        match deed.action.as_str() {
            "approval.use" => self.uses(deed)?,
            "approval.outcome" => self.reported = Some(deed.clone()),
            _ => {}
        }
        let Some(after) = &seen.change.after else {
            return Ok(());
        };
        for (column, value) in after
            .iter()
            .filter(|(column, _)| COLUMNS.contains(&column.as_str()))
        {
            let changes = self.row.get(column) != Some(value);
            // What an erasure took is told by the entries before it, where these are whole.
            if !changes || value.is_null() || value.as_str() == Some("") {
                continue;
            }
            // An operation uses its approval itself, which is also how it ended.
            let operates = deed.action.starts_with("operation.");
            match (column.as_str(), value.as_str().unwrap_or_default()) {
                ("status", "pending") => {}
                ("status", "used") if operates => self.uses(deed)?,
                ("status", status) if DECIDES.contains(&deed.action.as_str()) => {
                    self.decided = Some((status.to_owned(), deed.clone()));
                }
                ("outcome", _) if operates => self.reported = Some(deed.clone()),
                _ => {}
            }
            self.row.insert(column.clone(), value.clone());
        }
        Ok(())
    }

    fn uses(&mut self, deed: &Deed) -> Result<(), ApprovalFault> {
        if let Some(before) = &self.used {
            return Err(ApprovalFault::UsedTwice(before.index, deed.index));
        }
        self.used = Some(deed.clone());
        Ok(())
    }

    /// Whether the arguments are those that the digest is of, where both are told.
    fn check_arguments(&self) -> Result<(), ApprovalFault> {
        let arguments = self.text("arguments");
        let (Some(arguments), Some(digest)) = (arguments, self.text("digest")) else {
            return Ok(());
        };
        let bound = match self.text("content_salt").map(Salt::from_hex) {
            Some(Some(salt)) => json::hex(&commit(&salt, arguments.as_bytes())),
            Some(None) => return Err(ApprovalFault::Digest),
            None => json::hex(&Sha256::digest(arguments)),
        };
        if bound == digest {
            Ok(())
        } else {
            Err(ApprovalFault::Digest)
        }
    }
}
