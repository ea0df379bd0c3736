//! What `decide` gives back.

use std::borrow::Cow;

use evidence::commitment::Salt;
use evidence::leaf::{Outcome, RecordedBy};
use evidence::payload::{ActorKind, Payload, RowImages};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::approval::{Approval, Vote};
use crate::audit::hold::LegalHold;
use crate::audit::known::KnownEntry;
use crate::custody::destination::Destination;
use crate::custody::kyc::{KycDocument, KycRecord};
use crate::custody::{Asset, Balance, Operation};
use crate::governance::Agent;
use crate::identity::api_key::ApiKey;
use crate::identity::session::Session;
use crate::identity::user::User;
pub use crate::recorded::{Place, Recorded};
use crate::refusal::Refusal;
use crate::tables::{Facts, RowWrite};
use crate::workflow::conversation::Conversation;
use crate::workflow::execution::Execution;
use crate::workflow::metric::Metric;
use crate::workflow::step::RecordedStep;
use crate::workflow::trace::Observation;

/// An entry before it has its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Id.
    pub id: Uuid,
    /// Who records it.
    pub recorded_by: RecordedBy,
    /// What kind of actor acted.
    pub actor_kind: ActorKind,
    /// The actor's id where Probity made it.
    pub actor_id: Option<Uuid>,
    /// The actor as the filter finds it: the id, ours or outside, or else the name.
    pub actor: Option<String>,
    /// The verb.
    pub action: Cow<'static, str>,
    /// What kind of thing was acted on.
    pub target_kind: Option<String>,
    /// The target's id where Probity made it.
    pub target_id: Option<Uuid>,
    /// The target's id as the filter finds it, ours or outside.
    pub target: Option<String>,
    /// Network address.
    pub ip: Option<String>,
    /// When it happened by the recorder's clock, where that was said.
    pub occurred_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// Which role and permission allowed or refused it.
    pub authority: String,
    /// Canonical payload.
    pub payload: String,
    /// The payload's salt.
    pub salt: Salt,
    /// The commitment to the payload.
    pub commitment: [u8; 32],
    /// Rows written, in the order of the payload's row images.
    pub writes: Vec<RowWrite>,
    /// Indexes of entries whose payload this one erases or prunes.
    pub erases: Vec<u64>,
}

impl Draft {
    /// A draft around a payload, without target, writes or erasures.
    pub fn new(
        id: Uuid,
        who: &crate::identity::Principal,
        authority: &crate::identity::Authority,
        action: &'static str,
        salt: Salt,
        payload: &Payload,
    ) -> Draft {
        Draft::with_images(id, who, authority, action, salt, payload, None)
    }

    /// The same, with images of the rows as a list in canonical JSON.
    pub(crate) fn with_images(
        id: Uuid,
        who: &crate::identity::Principal,
        authority: &crate::identity::Authority,
        action: &'static str,
        salt: Salt,
        payload: &Payload,
        images: Option<&str>,
    ) -> Draft {
        let text = match images {
            Some(images) => payload.to_text_with(images),
            None => payload.to_text(),
        };
        let commitment = evidence::commitment::commit(&salt, text.as_bytes());
        Draft {
            id,
            recorded_by: who.recorded_by,
            actor_kind: who.actor_kind,
            actor_id: who.actor_id,
            actor: who
                .actor_id
                .map(|id| id.to_string())
                .or_else(|| payload.actor.id.clone())
                .or_else(|| payload.actor.name.clone()),
            action: Cow::Borrowed(action),
            target_kind: None,
            target_id: None,
            target: None,
            ip: payload.ip.clone(),
            occurred_at: payload.occurred_at,
            outcome: Outcome::Success,
            authority: authority.as_str().to_owned(),
            payload: text,
            salt,
            commitment,
            writes: Vec::new(),
            erases: Vec::new(),
        }
    }

    /// Whether it writes what there are sums of.
    pub fn changes_sums(&self) -> bool {
        let summed = |write: &RowWrite| {
            matches!(
                write,
                RowWrite::Operation(_) | RowWrite::Balance(_) | RowWrite::Asset(_)
            )
        };
        self.writes.iter().any(summed)
    }

    /// Adds rows that follow from the others. They come last in the list of changes, and are not shown.
    pub fn derive(&mut self, mut rows: Vec<RowWrite>) -> Result<(), serde_json::Error> {
        let mut payload = Payload::parse(&self.payload)?;
        let images = payload.changes.len() + rows.len();
        payload.changes.resize(images, RowImages::default());
        self.payload = payload.to_text();
        self.commitment = evidence::commitment::commit(&self.salt, self.payload.as_bytes());
        self.writes.append(&mut rows);
        Ok(())
    }

    /// The same with a target that Probity made.
    #[must_use]
    pub fn on(mut self, kind: &'static str, id: Uuid) -> Draft {
        self.target_kind = Some(kind.to_owned());
        self.target_id = Some(id);
        self.target = Some(id.to_string());
        self
    }
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Entries, in the order of the events.
    Recorded(Vec<Recorded>),
    /// A user as it is now.
    User {
        /// The user.
        user: User,
        /// Its version.
        version: u64,
    },
    /// A session as it is now.
    Session(Session),
    /// How many sessions were ended now.
    Ended(u64),
    /// An API key as it is now.
    ApiKey(ApiKey),
    /// An asset.
    Asset(Asset),
    /// A balance as it is now.
    Balance {
        /// The balance.
        balance: Balance,
        /// Its version.
        version: u64,
    },
    /// Operations as they are now, in the order of the command.
    Operations(Vec<OperationState>),
    /// A KYC record as it is now.
    Kyc {
        /// The record.
        record: KycRecord,
        /// Its version.
        version: u64,
        /// Its documents, oldest first.
        documents: Vec<KycDocument>,
    },
    /// A destination as it is now.
    Destination(Destination),
    /// An agent as it is now, and its version.
    Agent(Agent, u64),
    /// A legal hold as it is now, and its version.
    Hold(LegalHold, u64),
    /// An approval as it is now.
    Approval {
        /// The approval.
        approval: Box<Approval>,
        /// Its version.
        version: u64,
        /// Its votes, oldest first.
        votes: Vec<Vote>,
    },
    /// A conversation as it is now.
    Conversation {
        /// The conversation.
        conversation: Conversation,
        /// Its version.
        version: u64,
    },
    /// An execution as it is now.
    Execution {
        /// The execution.
        execution: Box<Execution>,
        /// Its version.
        version: u64,
    },
    /// Metrics, in the order of the command, and whether each had been recorded before.
    Metrics(Vec<(Metric, bool)>),
    /// Steps of an execution, in the order of the command.
    Steps {
        /// The execution.
        execution: Uuid,
        /// Its version.
        version: u64,
        /// The steps.
        steps: Vec<RecordedStep>,
    },
    /// What became of spans of a trace.
    Observed(Observation),
    /// How many entries were erased now.
    Erased(u64),
    /// How many entries were pruned now.
    Pruned(u64),
    /// Of how many the expiry was recorded now.
    Expired(u64),
    /// Done, with nothing to add.
    Done,
}

/// Each kind of answer as the type that it holds. Another kind is given back.
macro_rules! replies {
    ($($kind:ty = $reply:pat => $held:expr;)*) => {$(
        impl TryFrom<Reply> for $kind {
            type Error = Reply;

            fn try_from(reply: Reply) -> Result<$kind, Reply> {
                match reply {
                    $reply => Ok($held),
                    other => Err(other),
                }
            }
        }
    )*};
}

replies! {
    Vec<Recorded> = Reply::Recorded(recorded) => recorded;
    (User, u64) = Reply::User { user, version } => (user, version);
    Session = Reply::Session(session) => session;
    ApiKey = Reply::ApiKey(key) => key;
    Asset = Reply::Asset(asset) => asset;
    (Balance, u64) = Reply::Balance { balance, version } => (balance, version);
    Vec<OperationState> = Reply::Operations(states) => states;
    (KycRecord, u64, Vec<KycDocument>) = Reply::Kyc { record, version, documents } => (record, version, documents);
    Destination = Reply::Destination(destination) => destination;
    (Agent, u64) = Reply::Agent(agent, version) => (agent, version);
    (LegalHold, u64) = Reply::Hold(hold, version) => (hold, version);
    (Approval, u64, Vec<Vote>) = Reply::Approval { approval, version, votes } => (*approval, version, votes);
    (Conversation, u64) = Reply::Conversation { conversation, version } => (conversation, version);
    (Execution, u64) = Reply::Execution { execution, version } => (*execution, version);
    Vec<(Metric, bool)> = Reply::Metrics(metrics) => metrics;
    (Uuid, u64, Vec<RecordedStep>) = Reply::Steps { execution, version, steps } => (execution, version, steps);
    Observation = Reply::Observed(observation) => observation;
    u64 = Reply::Ended(count) | Reply::Erased(count) | Reply::Pruned(count) | Reply::Expired(count) => count;
}

/// An operation as an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationState {
    /// The operation.
    pub operation: Operation,
    /// Its version.
    pub version: u64,
    /// True where the same had been done before, and nothing was done now.
    pub replayed: bool,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The answer.
    pub reply: Reply,
    /// Entries to append, with the rows they write.
    pub drafts: Vec<Draft>,
}

impl Decision {
    /// An answer with nothing to write.
    pub fn nothing(reply: Reply) -> Decision {
        let drafts = Vec::new();
        Decision { reply, drafts }
    }

    /// An answer with one entry.
    pub fn one(reply: Reply, draft: Draft) -> Decision {
        let drafts = vec![draft];
        Decision { reply, drafts }
    }
}

impl Draft {
    /// What will be known of the entry once it is appended.
    pub fn known(&self) -> KnownEntry {
        KnownEntry {
            id: self.id,
            place: None,
            recorded_by: self.recorded_by,
            actor_kind: self.actor_kind,
            actor_id: self.actor_id,
            target_id: self.target_id,
            action: self.action.to_string(),
            target_kind: self.target_kind.clone(),
            outcome: self.outcome,
            payload: Some(self.payload.clone()),
        }
    }
}

impl Facts {
    /// Takes in what a decision writes, so that later commands of the batch see it.
    pub fn apply(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            for write in &draft.writes {
                self.count(write);
                self.take(write.clone());
            }
            for index in &draft.erases {
                if let Some(entry) = self.entry_ids.get(index).and_then(|id| self.entries.get_mut(id)) {
                    entry.payload = None;
                }
            }
        }
    }

    /// Counts what a row changes in the sums, while the version before it is there.
    fn count(&mut self, write: &RowWrite) {
        match write {
            RowWrite::Operation(after) => {
                let before = self.operations.get(&after.row.id).map(|before| &before.row);
                self.tally.operation(before, &after.row);
            }
            RowWrite::Balance(after) => {
                let before = self.balances.get(&after.row.id).map(|before| &before.row);
                self.tally.balance(before, &after.row);
            }
            RowWrite::Execution(after) => {
                let before = self.executions.get(&after.row.id).map(|before| &before.row);
                self.run_days.change(before, &after.row);
            }
            RowWrite::Asset(asset) => self.tally.asset(asset.row.id, asset.version == 1),
            _ => {}
        }
    }

    /// Takes in the entry of a refusal, so that later commands of the batch see that its id is taken.
    pub fn refused(&mut self, refusal: &Refusal, draft: &Draft) {
        if refusal.final_for_id {
            self.entries.insert(draft.id, draft.known());
        }
    }
}
