//! Checking bundles.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tlog::{Checkpoint, Hash, VerifierKey, verify_inclusion};
use uuid::Uuid;

use super::approval::{ApprovalFault, Approvals, ProvedApproval};
use super::steps::{MissingSteps, Steps};
use super::{BundleHeader, FORMAT, LINE_MAX, Order, Trailer};
use crate::entry::{Entry, EntryError};
use crate::json;
use crate::time::Timestamp;
use crate::wire;

/// What does not hold, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct BundleError {
    /// The line, counted from 1.
    pub line: u64,
    /// What does not hold.
    pub fault: BundleFault,
}

/// What does not hold in a line of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// Longer than [`LINE_MAX`].
    #[error("longer than {LINE_MAX} bytes")]
    TooLong,
    /// What was given as one line holds a line end.
    #[error("a line end inside a line")]
    LineEnd,
    /// The first line is not a header.
    #[error("not the header of a bundle: {0}")]
    Header(String),
    /// The header names another format or version.
    #[error("the format is {0:?}, this program knows {FORMAT:?}")]
    Format(String),
    /// The checkpoint is not one that the log's key signed.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(tlog::Error),
    /// A later line is neither an entry with its proof nor the trailer.
    #[error("neither an entry with its proof nor a trailer: {0}")]
    Body(String),
    /// An entry does not fit together.
    #[error("entry {index} does not hold: {error}")]
    Entry {
        /// Index that the entry claims.
        index: u64,
        /// What does not fit.
        error: EntryError,
    },
    /// An entry's leaf is not proved to be in the log.
    #[error("entry {index} is not proved to be in the log: {error}")]
    NotIncluded {
        /// Index that the entry claims.
        index: u64,
        /// What is wrong with the proof.
        error: tlog::Error,
    },
    /// The same index again.
    #[error("entry {0} comes twice")]
    Twice(u64),
    /// Indexes neither only rise nor only fall.
    #[error("entry {index} after entry {last} is out of order")]
    Order {
        /// Index of the entry.
        index: u64,
        /// Index of the entry before it.
        last: u64,
    },
    /// The trailer counts other entries than there are.
    #[error("the trailer says {said} entries, there are {found}")]
    Count {
        /// Number in the trailer.
        said: u64,
        /// Number of entry lines.
        found: u64,
    },
    /// The lines are not those that the trailer was made over.
    #[error("the digest in the trailer is not that of the lines before it")]
    Digest,
    /// Every entry is about one execution, and not all of its steps are there.
    #[error(
        "execution {} has {} steps, as its end says, and here are {}: entries of it were left out",
        .0.execution,
        .0.said,
        .0.found
    )]
    Steps(MissingSteps),
    /// What the entries say of the approval that the bundle is about cannot be.
    #[error("approval: {0}")]
    Approval(ApprovalFault),
    /// Something follows the trailer.
    #[error("a line after the trailer")]
    AfterTrailer,
    /// The bundle ends without a trailer.
    #[error("the bundle ends without its trailer: it was cut short")]
    Truncated,
    /// There is no line at all.
    #[error("the bundle is empty")]
    Empty,
}

/// What a checked line was.
#[derive(Clone, Debug, PartialEq)]
pub enum BundleLine {
    /// The header.
    Header(BundleHeader),
    /// An entry, which is in the log.
    Entry(Box<Entry>),
    /// The trailer; no line may follow.
    Trailer,
}

/// What a whole bundle proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleSummary {
    /// Identity of the log, which is also the name of its key.
    pub origin: String,
    /// Number of entries in the log when the checkpoint was signed.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// When the bundle says it was made; nothing proves it.
    pub created_at: Timestamp,
    /// Entries in the bundle.
    pub entries: u64,
    /// Those of them that are said to be erased: of them only leaf and list of changes were checked.
    pub erased: u64,
    /// Those of them that are said to be pruned: the same is true of them.
    pub pruned: u64,
    /// Index of the first entry in the file.
    pub first_index: Option<u64>,
    /// Index of the last entry in the file.
    pub last_index: Option<u64>,
    /// Executions whose end is in the file, and not all of their steps.
    pub missing_steps: Vec<MissingSteps>,
    /// Whether the end of an execution is there, and its payload is erased or pruned.
    pub end_gone: bool,
    /// The execution that every entry is about, if there is one; with how many steps it has, where all are in the file.
    pub execution: Option<(Uuid, Option<u64>)>,
    /// What it proves of the approval that it was asked about.
    pub approval: Option<Box<ProvedApproval>>,
}

impl BundleSummary {
    /// Whether the entries from the lowest to the highest index are all there.
    pub fn without_gap(&self) -> bool {
        match (self.first_index, self.last_index) {
            (Some(first), Some(last)) => first.abs_diff(last) == self.entries - 1,
            _ => true,
        }
    }

    /// Whether the bundle holds every entry of the log.
    pub fn whole_log(&self) -> bool {
        self.entries == self.size
    }
}

/// Checks a bundle line by line. Memory does not grow with the number of lines.
#[derive(Debug)]
pub struct BundleChecker {
    key: VerifierKey,
    lines: u64,
    digest: Sha256,
    order: Order,
    steps: Steps,
    approvals: Approvals,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    Body(BundleSummary),
    Done(BundleSummary),
    Failed(BundleError),
}

/// A line after the header, before it is known which kind it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyLine {
    entry: Option<Box<Entry>>,
    proof: Option<Proof>,
    entries: Option<u64>,
    digest: Option<String>,
}

#[derive(Deserialize)]
struct Proof(#[serde(with = "wire::hashes")] Vec<Hash>);

impl BundleChecker {
    /// A checker for a bundle of the log with this key.
    pub fn new(key: VerifierKey) -> Self {
        BundleChecker {
            key,
            lines: 0,
            digest: Sha256::new(),
            order: Order::default(),
            steps: Steps::default(),
            approvals: Approvals::default(),
            state: State::Start,
        }
    }

    /// Checks the next line, given without its line end. After an error every further call answers the same error.
    pub fn line(&mut self, line: &str) -> Result<BundleLine, BundleError> {
        if let State::Failed(error) = &self.state {
            return Err(error.clone());
        }
        self.lines += 1;
        self.take(line).map_err(|fault| self.fail(fault))
    }

    /// Ends the bundle and tells what it proved.
    pub fn finish(mut self) -> Result<BundleSummary, BundleError> {
        match self.state {
            State::Done(summary) => Ok(summary),
            State::Failed(error) => Err(error),
            State::Body(_) => Err(self.fail(BundleFault::Truncated)),
            State::Start => Err(self.fail(BundleFault::Empty)),
        }
    }

    fn fail(&mut self, fault: BundleFault) -> BundleError {
        let error = BundleError {
            line: self.lines.max(1),
            fault,
        };
        self.state = State::Failed(error.clone());
        error
    }

    fn take(&mut self, line: &str) -> Result<BundleLine, BundleFault> {
        if line.len() > LINE_MAX {
            return Err(BundleFault::TooLong);
        }
        if line.contains('\n') {
            return Err(BundleFault::LineEnd);
        }
        let taken = match &mut self.state {
            State::Start => {
                let (header, summary) = open_header(line, &self.key)?;
                let other = |name: &String| name != "target" && name != "target_kind";
                self.steps.narrowed = header.filter.0.keys().any(other);
                self.approvals = Approvals::asked(&header.filter.0);
                self.state = State::Body(summary);
                BundleLine::Header(header)
            }
            State::Body(summary) => {
                let taken = take_body(line, summary, (&mut self.order, &mut self.steps), &self.digest)?;
                if let BundleLine::Entry(entry) = &taken {
                    self.approvals.take(entry);
                }
                if taken == BundleLine::Trailer {
                    let approval = self.approvals.proved().map_err(BundleFault::Approval)?;
                    summary.approval = approval.map(Box::new);
                    self.state = State::Done(summary.clone());
                }
                taken
            }
            State::Done(_) => return Err(BundleFault::AfterTrailer),
            State::Failed(error) => return Err(error.fault.clone()),
        };
        self.digest.update(line);
        self.digest.update("\n");
        Ok(taken)
    }
}

fn open_header(line: &str, key: &VerifierKey) -> Result<(BundleHeader, BundleSummary), BundleFault> {
    let header: BundleHeader = serde_json::from_str(line).map_err(|e| BundleFault::Header(e.to_string()))?;
    if header.bundle != FORMAT {
        return Err(BundleFault::Format(header.bundle));
    }
    let Checkpoint {
        origin, size, root, ..
    } = Checkpoint::open(&header.checkpoint, key).map_err(BundleFault::Checkpoint)?;
    let summary = BundleSummary {
        origin,
        size,
        root,
        created_at: header.created_at,
        entries: 0,
        erased: 0,
        pruned: 0,
        first_index: None,
        last_index: None,
        missing_steps: Vec::new(),
        execution: None,
        end_gone: false,
        approval: None,
    };
    Ok((header, summary))
}

fn take_body(
    line: &str,
    summary: &mut BundleSummary,
    (order, steps): (&mut Order, &mut Steps),
    digest: &Sha256,
) -> Result<BundleLine, BundleFault> {
    let parsed: BodyLine = serde_json::from_str(line).map_err(|e| BundleFault::Body(e.to_string()))?;
    match parsed {
        BodyLine {
            entry: Some(entry),
            proof: Some(Proof(path)),
            entries: None,
            digest: None,
        } => {
            check_entry(&entry, &path, summary, order)?;
            steps.take(&entry);
            Ok(BundleLine::Entry(entry))
        }
        BodyLine {
            entry: None,
            proof: None,
            entries: Some(entries),
            digest: Some(hex),
        } => {
            check_trailer(&Trailer { entries, digest: hex }, summary, digest)?;
            check_steps(summary, steps)?;
            Ok(BundleLine::Trailer)
        }
        _ => Err(BundleFault::Body("members missing or mixed".to_owned())),
    }
}

fn check_entry(
    entry: &Entry,
    path: &[Hash],
    summary: &mut BundleSummary,
    order: &mut Order,
) -> Result<(), BundleFault> {
    let index = entry.index;
    if !order.take(index) {
        return Err(match order.last {
            Some(last) if last != index => BundleFault::Order { index, last },
            _ => BundleFault::Twice(index),
        });
    }
    entry
        .check()
        .map_err(|error| BundleFault::Entry { index, error })?;
    let leaf = Hash::leaf(entry.evidence.leaf.as_bytes());
    verify_inclusion(index, summary.size, &leaf, path, &summary.root)
        .map_err(|error| BundleFault::NotIncluded { index, error })?;
    summary.entries += 1;
    summary.erased += u64::from(entry.erased);
    summary.pruned += u64::from(entry.pruned);
    summary.first_index.get_or_insert(index);
    summary.last_index = Some(index);
    Ok(())
}

/// What the file tells of steps. One about one execution alone must have them all, unless it says that it was asked for less.
fn check_steps(summary: &mut BundleSummary, steps: &Steps) -> Result<(), BundleFault> {
    summary.missing_steps = steps.missing();
    summary.execution = steps.alone();
    summary.end_gone = steps.end_gone;
    match (summary.execution, summary.missing_steps.first()) {
        (Some(_), Some(missing)) if !steps.narrowed => Err(BundleFault::Steps(missing.clone())),
        _ => Ok(()),
    }
}

fn check_trailer(trailer: &Trailer, summary: &BundleSummary, digest: &Sha256) -> Result<(), BundleFault> {
    if trailer.entries != summary.entries {
        return Err(BundleFault::Count {
            said: trailer.entries,
            found: summary.entries,
        });
    }
    if trailer.digest == json::hex(&digest.clone().finalize()) {
        Ok(())
    } else {
        Err(BundleFault::Digest)
    }
}
