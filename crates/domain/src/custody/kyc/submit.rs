//! Submitting: which tier is asked for, on which documents.

use super::{DocumentKind, DocumentState, KycDocument, KycRecord, KycStatus, TIER_MAX, documents_of, reply};
use crate::custody::whose::{authorise_for, check_user};
use crate::prelude::*;

/// Most documents of a record.
pub const DOCUMENTS_MAX: usize = 20;

/// A document to be added to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// What sort.
    pub kind: DocumentKind,
    /// SHA-256 of the document.
    pub sha256: [u8; 32],
}

/// Submits a KYC record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitKyc {
    /// The caller's own id for it: the same id with the same content is the same record.
    pub id: Option<Uuid>,
    /// Whom it is about.
    pub user: Uuid,
    /// The tier that is asked for: 0, 1 or 2.
    pub tier: u64,
    /// Its documents: 0 to 20, none twice.
    pub documents: Vec<NewDocument>,
}

fn check_input(command: &SubmitKyc) -> Result<(), FieldError> {
    own_id::check("id", command.id)?;
    if command.tier > TIER_MAX {
        let message = format!("must be 0 to {TIER_MAX}, not {}", command.tier);
        return Err(FieldError::new("tier", message));
    }
    let documents = &command.documents;
    if documents.len() > DOCUMENTS_MAX {
        let message = format!("must be at most {DOCUMENTS_MAX}, not {}", documents.len());
        return Err(FieldError::new("documents", message));
    }
    for (position, document) in documents.iter().enumerate() {
        let earlier = &documents[..position];
        if let Some(first) = earlier.iter().position(|one| one.sha256 == document.sha256) {
            let message = format!("is the digest of document {first} already: give each document once");
            return Err(FieldError::new(format!("documents[{position}].sha256"), message));
        }
    }
    Ok(())
}

/// The field in which a record is not what a command asks for.
fn difference(record: &KycRecord, documents: &[KycDocument], command: &SubmitKyc) -> Option<&'static str> {
    let there = documents.iter().map(|one| (one.kind, one.sha256.as_slice()));
    let asked = command
        .documents
        .iter()
        .map(|one| (one.kind, one.sha256.as_slice()));
    let fields = [
        ("user", record.user_id == command.user),
        ("tier", record.tier == command.tier),
        ("documents", there.eq(asked)),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

/// What an id that is taken answers.
fn replay(facts: &Facts, command: &SubmitKyc, who: &Principal) -> Result<Option<Reply>, Refusal> {
    let Some(known) = command.id.and_then(|id| facts.kyc_records.get(&id)) else {
        return Ok(None);
    };
    let documents: Vec<_> = documents_of(facts, known.row.id)
        .into_iter()
        .map(|sealed| sealed.row.clone())
        .collect();
    match difference(&known.row, &documents, command) {
        None => Ok(Some(reply(facts, known.row.clone(), known.version))),
        Some(field) => {
            let readers = [Permission::KycRead, Permission::KycWrite, Permission::KycReview];
            let own = who.actor_id == Some(known.row.user_id);
            let may_read = own || readers.iter().any(|permission| who.holds(*permission));
            Err(own_id::conflict_seen(may_read, "KYC record", known.row.id, field))
        }
    }
}

/// Refuses while another record of the user waits for its decision.
fn check_none_pending(facts: &Facts, user: Uuid) -> Result<(), Refusal> {
    let mut records = facts.kyc_records.values().map(|sealed| &sealed.row);
    let pending = records.find(|record| record.user_id == user && record.status == KycStatus::Pending);
    let Some(pending) = pending else { return Ok(()) };
    let message = format!(
        "KYC record {} of this user is pending: it is decided first",
        pending.id
    );
    let rule = BrokenRule {
        rule: "a user has one pending KYC record at most".to_owned(),
        lifted_by: "who holds kyc:review: approve or reject the pending one".to_owned(),
        ..BrokenRule::default()
    };
    Err(code::KYC_PENDING.because(message).field("user").by(rule))
}

impl Act for SubmitKyc {
    act! {
        action: KYC_SUBMIT, changes_access: false, target: none,
        refusals: INVALID_FIELD, ID_CONFLICT, UNKNOWN_USER, USER_ERASED, KYC_PENDING
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER_RELIED_ON, self.user);
        needs.rows(&looks::KYC_RECORD, self.id);
        needs.rows(&looks::DOCUMENTS_OF, self.id);
        needs.row(&looks::KYC_RECORDS_OPEN_OF, self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let authority = authorise_for(self.user, by.who, Permission::KycWrite, Permission::KycOwn)?;
        check_input(self)?;
        if let Some(known) = replay(facts, self, by.who)? {
            return Ok(Decision::nothing(known));
        }
        check_user(facts, self.user)?;
        check_none_pending(facts, self.user)?;
        let record = KycRecord {
            id: self.id.unwrap_or_else(|| ctx.id(1)),
            user_id: self.user,
            tier: self.tier,
            status: KycStatus::Pending,
            submitted_by: by.who.actor_id,
            submitted_at: ctx.now,
            decided_by: None,
            decided_at: None,
            reason: None,
            expires_at: None,
            ended_at: None,
        };
        let documents = new_documents(&record, self, ctx);
        let mut change = Change::new(&by.with(&authority), ctx);
        change.insert(record.clone());
        for document in &documents {
            change.insert(document.clone());
        }
        let draft = change.draft(Self::ACTION.name, "kyc_record", record.id);
        let reply = Reply::Kyc {
            record,
            version: 1,
            documents,
        };
        Ok(Decision::one(reply, draft))
    }

    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        Unmade::about(facts, Some(self.user))
    }
}

/// The documents as rows. Ids of one moment are in no order of their own, so they are given in theirs: the order of
/// the documents is that of their ids.
fn new_documents(record: &KycRecord, command: &SubmitKyc, ctx: &Context) -> Vec<KycDocument> {
    let numbers = (2..).take(command.documents.len());
    let mut ids: Vec<Uuid> = numbers.map(|number| ctx.id(number)).collect();
    ids.sort_unstable();
    let rows = ids.into_iter().zip(&command.documents);
    rows.map(|(id, document)| KycDocument {
        id,
        record_id: record.id,
        kind: document.kind,
        sha256: document.sha256.to_vec(),
        state: DocumentState::Pending,
        checked_by: None,
        checked_at: None,
        reason: None,
        added_at: ctx.now,
    })
    .collect()
}
