//! Reviewing: documents are checked, records approved, rejected and revoked, never by who submitted them.

use evidence::time::Timestamp;
use uuid::Uuid;

use super::{DocumentState, KycDocument, KycRecord, KycStatus, documents_of, expire, find, reply};
use crate::action::{self, Action};
use crate::change::Change;
use crate::context::Context;
use crate::custody::asset::check_text;
use crate::decision::{Decision, Draft, Reply};
use crate::facts::Facts;
use crate::identity::{Authority, Principal};
use crate::record::Sealed;
use crate::refusal::{BrokenRule, FieldError, Refusal, RefusalKind, check_version};

/// Longest reason, in characters.
pub const REASON_LEN_MAX: usize = 1_000;

/// How long an approval may be good, in seconds: 10 years, with as many leap days as they can have.
pub const EXPIRY_S_MAX: i64 = (10 * 365 + 3) * 24 * 3_600;

/// Why an approval ended that a later one took the place of.
const REPLACED: &str = "replaced";

/// Checks a document of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckDocument {
    /// The record.
    pub record: Uuid,
    /// The document.
    pub document: Uuid,
    /// Whether it is good.
    pub verified: bool,
    /// Why it is not: 1 to 1,000 printable characters.
    pub reason: Option<String>,
}

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KycDecision {
    /// It is approved, until then or for as long as the installation says.
    Approve {
        /// From when it is no longer good: at most 10 years from now.
        expires_at: Option<Timestamp>,
    },
    /// It is rejected.
    Reject {
        /// Why: 1 to 1,000 printable characters.
        reason: String,
    },
    /// Its approval is taken back.
    Revoke {
        /// Why: 1 to 1,000 printable characters.
        reason: String,
    },
}

/// Decides on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecideKyc {
    /// The record.
    pub record: Uuid,
    /// Whom it is about, which never changes.
    pub user: Uuid,
    /// Its version, where the decision depends on it.
    pub version: Option<u64>,
    /// What becomes of it.
    pub decision: KycDecision,
}

/// Refuses a reviewer who submitted the record, or whom it is about. Those on the server's own machine cannot be told
/// apart: what one of them submitted counts as submitted by all.
fn check_reviewer(record: &KycRecord, who: &Principal) -> Result<(), Refusal> {
    let refuse = |code, message: &str, rule: &str, lifted_by: &str| {
        let rule = BrokenRule {
            rule: rule.to_owned(),
            lifted_by: lifted_by.to_owned(),
            ..BrokenRule::default()
        };
        Err(Refusal::new(RefusalKind::Forbidden, code, message).by(rule))
    };
    if record.submitted_by == who.actor_id {
        return refuse(
            "own_submission",
            "you submitted this KYC record: someone else reviews it",
            "a KYC record is reviewed by someone else than who submitted it",
            "who holds kyc:review, and did not submit it",
        );
    }
    if who.actor_id == Some(record.user_id) {
        return refuse(
            "own_record",
            "this KYC record is about yourself: someone else reviews it",
            "nobody reviews a KYC record about themselves",
            "who holds kyc:review, and is not the one whom it is about",
        );
    }
    Ok(())
}

fn wrong_status(record: &KycRecord, now: Timestamp, needed: &str) -> Refusal {
    let status = record.status_at(now).as_str();
    let message = format!("the KYC record is {status}: {needed}");
    Refusal::new(RefusalKind::Conflict, "wrong_status", message)
}

fn check_document_input(command: &CheckDocument) -> Result<(), FieldError> {
    match (&command.reason, command.verified) {
        (None, true) => Ok(()),
        (Some(reason), false) => check_text("reason", reason, REASON_LEN_MAX),
        (None, false) => Err(FieldError::new(
            "reason",
            "is needed for a document that is not good",
        )),
        (Some(_), true) => Err(FieldError::new("reason", "is for a document that is not good")),
    }
}

/// Decides [`CheckDocument`].
pub fn check_document(
    facts: &Facts,
    command: &CheckDocument,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    check_document_input(command)?;
    let record = find(facts, command.record)?;
    let known = facts.kyc_documents.get(&command.document);
    let before = known
        .filter(|document| document.row.record_id == command.record)
        .ok_or_else(|| {
            let message = format!(
                "KYC record {} has no document {}",
                command.record, command.document
            );
            Refusal::new(RefusalKind::NotFound, "unknown_document", message).field("document")
        })?;
    check_reviewer(&record.row, who)?;
    let state = if command.verified {
        DocumentState::Verified
    } else {
        DocumentState::Rejected
    };
    let mut answer = reply(facts, record.row.clone(), record.version);
    if before.row.state == state && before.row.reason == command.reason {
        return Ok(Decision::nothing(answer));
    }
    if record.row.status != KycStatus::Pending {
        let needed = "documents are checked while it is pending";
        return Err(wrong_status(&record.row, ctx.now, needed));
    }
    let after = KycDocument {
        state,
        checked_by: who.actor_id,
        checked_at: Some(ctx.now),
        reason: command.reason.clone(),
        ..before.row.clone()
    };
    if let Reply::Kyc { documents, .. } = &mut answer {
        let own = documents.iter_mut().filter(|document| document.id == after.id);
        own.for_each(|document| *document = after.clone());
    }
    let mut change = Change::new(who, authority, ctx);
    change.detail("user", record.row.user_id.to_string());
    change.alter(before, after);
    let draft = change.draft(action::KYC_CHECK_DOCUMENT.name, "kyc_record", command.record);
    Ok(Decision::one(answer, draft))
}

impl KycDecision {
    /// The verb.
    pub fn action(&self) -> &'static Action {
        match self {
            KycDecision::Approve { .. } => &action::KYC_APPROVE,
            KycDecision::Reject { .. } => &action::KYC_REJECT,
            KycDecision::Revoke { .. } => &action::KYC_REVOKE,
        }
    }

    fn check(&self, now: Timestamp) -> Result<(), FieldError> {
        match self {
            KycDecision::Approve { expires_at: None } => Ok(()),
            KycDecision::Approve {
                expires_at: Some(expires),
            } => {
                let last = now.plus_seconds(EXPIRY_S_MAX);
                if *expires <= now || *expires > last {
                    let message = format!("must be in the future, and not after {last}");
                    return Err(FieldError::new("expires_at", message));
                }
                Ok(())
            }
            KycDecision::Reject { reason } | KycDecision::Revoke { reason } => {
                check_text("reason", reason, REASON_LEN_MAX)
            }
        }
    }

    /// Whether it is what became of a record already.
    fn is_made(&self, record: &KycRecord, now: Timestamp) -> bool {
        let status = record.status_at(now);
        match self {
            KycDecision::Approve { expires_at } => {
                let same_end = expires_at.is_none() || *expires_at == record.expires_at;
                status == KycStatus::Approved && same_end
            }
            KycDecision::Reject { reason } => {
                status == KycStatus::Rejected && record.reason.as_ref() == Some(reason)
            }
            KycDecision::Revoke { reason } => {
                status == KycStatus::Revoked && record.reason.as_ref() == Some(reason)
            }
        }
    }

    fn check_status(&self, record: &KycRecord, now: Timestamp) -> Result<(), Refusal> {
        let status = record.status_at(now);
        let (needed, words) = match self {
            KycDecision::Approve { .. } => (KycStatus::Pending, "only a pending one can be approved"),
            KycDecision::Reject { .. } => (KycStatus::Pending, "only a pending one can be rejected"),
            KycDecision::Revoke { .. } => (KycStatus::Approved, "only an approved one can be revoked"),
        };
        if status == needed {
            return Ok(());
        }
        Err(wrong_status(record, now, words))
    }
}

/// Refuses a tier above 0 without documents, or while one of them is not verified.
fn check_documents(facts: &Facts, record: &KycRecord) -> Result<(), Refusal> {
    let documents = documents_of(facts, record.id);
    let count = |state| {
        let those = documents.iter().filter(|document| document.row.state == state);
        those.count()
    };
    let (pending, rejected) = (count(DocumentState::Pending), count(DocumentState::Rejected));
    if record.tier == 0 || !documents.is_empty() && pending + rejected == 0 {
        return Ok(());
    }
    let message = format!(
        "tier {} needs one document at least, and all of them verified: there are {}, of which {pending} are pending and \
         {rejected} rejected",
        record.tier,
        documents.len(),
    );
    let rule = BrokenRule {
        rule: "a tier above 0 is approved on one document at least, and all of them verified".to_owned(),
        lifted_by:
            "who holds kyc:review: check the documents, or reject the record so that another can be submitted"
                .to_owned(),
        ..BrokenRule::default()
    };
    Err(Refusal::new(RefusalKind::Conflict, "documents_unverified", message).by(rule))
}

/// Ends the earlier approvals of the record's user: those past their time expired, each with an entry of its own;
/// those that are good now are replaced, with the approval.
fn end_earlier(
    change: &mut Change<'_>,
    facts: &Facts,
    record: &KycRecord,
    ctx: &Context,
) -> Result<Vec<Draft>, Refusal> {
    let all = facts.kyc_records.values();
    let mut earlier: Vec<_> = all
        .filter(|sealed| sealed.row.user_id == record.user_id && sealed.row.status == KycStatus::Approved)
        .collect();
    earlier.sort_unstable_by_key(|sealed| sealed.row.id);
    let mut expired = Vec::new();
    for (sealed, number) in earlier.into_iter().zip(1..) {
        if expire::is_due(sealed, ctx) {
            expired.push(expire::entry(facts, sealed, &ctx.part(number))?);
            continue;
        }
        let replaced = KycRecord {
            status: KycStatus::Revoked,
            reason: Some(REPLACED.to_owned()),
            ended_at: Some(ctx.now),
            ..sealed.row.clone()
        };
        change.alter(sealed, replaced);
    }
    Ok(expired)
}

/// The record as the decision leaves it.
fn decided(
    before: &KycRecord,
    decision: &KycDecision,
    who: &Principal,
    facts: &Facts,
    now: Timestamp,
) -> KycRecord {
    let decided = KycRecord {
        decided_by: who.actor_id,
        decided_at: Some(now),
        ..before.clone()
    };
    match decision {
        KycDecision::Approve { expires_at } => {
            let usual = now.plus_seconds(facts.rules.custody.kyc_s);
            KycRecord {
                status: KycStatus::Approved,
                expires_at: Some(expires_at.unwrap_or(usual)),
                ..decided
            }
        }
        KycDecision::Reject { reason } => KycRecord {
            status: KycStatus::Rejected,
            reason: Some(reason.clone()),
            ..decided
        },
        // Who approved it and when stays; the entry says who revoked it.
        KycDecision::Revoke { reason } => KycRecord {
            status: KycStatus::Revoked,
            reason: Some(reason.clone()),
            ended_at: Some(now),
            ..before.clone()
        },
    }
}

fn find_to_decide<'a>(facts: &'a Facts, command: &DecideKyc) -> Result<&'a Sealed<KycRecord>, Refusal> {
    let known = find(facts, command.record)?;
    if known.row.user_id == command.user {
        return Ok(known);
    }
    let message = format!("user {} has no KYC record {}", command.user, command.record);
    Err(Refusal::new(RefusalKind::NotFound, "unknown_kyc_record", message).field("id"))
}

/// Decides [`DecideKyc`].
pub fn decide(
    facts: &Facts,
    command: &DecideKyc,
    who: &Principal,
    authority: &Authority,
    ctx: &Context,
) -> Result<Decision, Refusal> {
    // A person decides: neither a program nor someone whom nobody can name.
    who.session_in_full()?;
    let decision = &command.decision;
    decision.check(ctx.now)?;
    let before = find_to_decide(facts, command)?;
    check_reviewer(&before.row, who)?;
    check_version("KYC record", before.version, command.version)?;
    if decision.is_made(&before.row, ctx.now) {
        let known = reply(facts, before.row.clone(), before.version);
        return Ok(Decision::nothing(known));
    }
    decision.check_status(&before.row, ctx.now)?;
    let mut change = Change::new(who, authority, ctx);
    change.detail("user", before.row.user_id.to_string());
    change.detail("tier", before.row.tier);
    let mut drafts = Vec::new();
    if let KycDecision::Approve { .. } = decision {
        check_documents(facts, &before.row)?;
        drafts = end_earlier(&mut change, facts, &before.row, ctx)?;
    }
    let after = decided(&before.row, decision, who, facts, ctx.now);
    change.alter(before, after.clone());
    drafts.push(change.draft(decision.action().name, "kyc_record", after.id));
    Ok(Decision {
        reply: reply(facts, after, before.version + 1),
        drafts,
    })
}
