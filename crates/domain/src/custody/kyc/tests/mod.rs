//! A world with everyone who has to do with KYC, and the commands about it.

pub(crate) mod check;
pub(crate) mod decide;
mod expire;
pub(crate) mod submit;
mod tier;

use std::ops::{Deref, DerefMut};

use evidence::time::Timestamp;
use uuid::Uuid;

use super::*;
use crate::command::Command;
use crate::context::Caller;
use crate::identity::user::EraseUser;
use crate::identity::world::{World, hash, operator};
use crate::refusal::Refusal;

/// A world with an admin, two reviewers and two users.
struct Office {
    world: World,
    /// Holds everything.
    root: Caller,
    /// Holds `kyc:review`, but neither `kyc:write` nor `kyc:own`.
    cora: Caller,
    cora_id: Uuid,
    /// The same.
    carl_id: Uuid,
    carl: Caller,
    /// Holds `kyc:own`.
    ann: Caller,
    ann_id: Uuid,
    bob_id: Uuid,
}

impl Deref for Office {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Office {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Office {
    fn new() -> Office {
        let mut world = World::new();
        let root = world.user("root", "admin");
        let (cora_id, carl_id) = (world.user("cora", "compliance"), world.user("carl", "compliance"));
        let (ann_id, bob_id) = (world.user("ann", "user"), world.user("bob", "user"));
        Office {
            root: world.session(root),
            cora: world.session(cora_id),
            carl: world.session(carl_id),
            ann: world.session(ann_id),
            world,
            cora_id,
            carl_id,
            ann_id,
            bob_id,
        }
    }

    /// A record that ann submitted about herself, with its documents.
    fn submitted(&mut self, tier: u64, documents: u64) -> (Uuid, Vec<Uuid>) {
        let ann = self.ann.clone();
        self.submitted_by(&ann, self.ann_id, tier, documents)
    }

    /// A record that somebody submitted, with its documents.
    fn submitted_by(&mut self, caller: &Caller, user: Uuid, tier: u64, documents: u64) -> (Uuid, Vec<Uuid>) {
        let (record, _, documents) = kyc(self.run(caller, &submit_kyc(user, tier, documents)));
        (record.id, documents.iter().map(|document| document.id).collect())
    }

    /// A record of ann that was approved.
    fn approved(&mut self, tier: u64, expires_at: Option<Timestamp>) -> Uuid {
        let (record, documents) = self.submitted(tier, 1);
        let cora = self.cora.clone();
        let check = verify(record, documents[0]);
        assert_eq!(self.code(&cora, &check), "done");
        let approve = self.decision(record, Kind::Approve(Approve { expires_at }));
        assert_eq!(self.code(&cora, &approve), "done");
        record
    }

    /// A decision about a record of ann.
    fn decision(&self, record: Uuid, decision: Kind) -> Command {
        decide(&DecideKyc {
            record,
            user: self.ann_id,
            version: None,
            decision,
        })
    }

    fn record(&self, id: Uuid) -> &KycRecord {
        &self.facts.kyc_records[&id].row
    }

    /// What refuses a command.
    fn refused(&mut self, caller: &Caller, command: &Command) -> Refusal {
        self.run(caller, command).unwrap_err()
    }

    /// The time of the next command, which takes a millisecond.
    fn next(&self) -> Timestamp {
        Timestamp::from_micros(self.now.micros() + 1_000).unwrap()
    }
}

fn documents(count: u64) -> Vec<NewDocument> {
    let kinds = DocumentKind::ALL.iter().cycle();
    let numbered = kinds.zip(0..count);
    numbered
        .map(|(kind, number)| NewDocument {
            kind: *kind,
            sha256: hash(number),
        })
        .collect()
}

fn submit_kyc(user: Uuid, tier: u64, count: u64) -> Command {
    Command::SubmitKyc(SubmitKyc {
        id: None,
        user,
        tier,
        documents: documents(count),
    })
}

fn verify(record: Uuid, document: Uuid) -> Command {
    Command::CheckDocument(CheckDocument {
        record,
        document,
        verified: true,
        reason: None,
    })
}

fn find_fault(record: Uuid, document: Uuid, reason: &str) -> Command {
    Command::CheckDocument(CheckDocument {
        record,
        document,
        verified: false,
        reason: Some(reason.to_owned()),
    })
}

/// What becomes of a record, of any sort.
#[derive(Clone, Debug)]
enum Kind {
    Approve(Approve),
    Reject(Reject),
    Revoke(Revoke),
}

/// The command that a decision of any sort is.
fn decide(about: &DecideKyc<Kind>) -> Command {
    fn of<D>(about: &DecideKyc<Kind>, decision: &D) -> DecideKyc<D>
    where
        D: Clone,
    {
        let DecideKyc {
            record,
            user,
            version,
            ..
        } = *about;
        DecideKyc {
            record,
            user,
            version,
            decision: decision.clone(),
        }
    }
    match &about.decision {
        Kind::Approve(decision) => of(about, decision).into(),
        Kind::Reject(decision) => of(about, decision).into(),
        Kind::Revoke(decision) => of(about, decision).into(),
    }
}

fn approve() -> Kind {
    Kind::Approve(Approve { expires_at: None })
}

fn reject(reason: &str) -> Kind {
    let reason = reason.to_owned();
    Kind::Reject(Reject { reason })
}

fn revoke(reason: &str) -> Kind {
    let reason = reason.to_owned();
    Kind::Revoke(Revoke { reason })
}

fn erase(user: Uuid) -> Command {
    Command::EraseUser(EraseUser {
        user,
        reason: "asked to".to_owned(),
        entries: Vec::new(),
        content: Vec::new(),
    })
}

/// The record, its version and its documents of an answer.
fn kyc(reply: Result<Reply, Refusal>) -> (KycRecord, u64, Vec<KycDocument>) {
    match reply {
        Ok(Reply::Kyc {
            record,
            version,
            documents,
        }) => (record, version, documents),
        other => panic!("{other:?}"),
    }
}

/// The code of what comes of a command, with the field that it names.
fn outcome(office: &mut Office, caller: &Caller, command: &Command) -> (&'static str, Option<String>) {
    match office.decide(caller, command) {
        Ok(decision) if decision.drafts.is_empty() => ("nothing", None),
        Ok(_) => ("done", None),
        Err((refusal, _)) => (refusal.code, refusal.field),
    }
}

fn said(code: &'static str, field: Option<&str>) -> (&'static str, Option<String>) {
    (code, field.map(str::to_owned))
}
