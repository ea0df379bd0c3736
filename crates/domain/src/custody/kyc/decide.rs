//! Deciding on a record: what approving, rejecting and revoking share. Never by the one who submitted it.

use super::{KycRecord, KycStatus, find, reply};
use crate::prelude::*;

/// Longest reason, in characters.
pub const REASON_LEN_MAX: usize = 1_000;

/// Decides on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecideKyc<D> {
    /// The record.
    pub record: Uuid,
    /// Whom it is about, which never changes.
    pub user: Uuid,
    /// Its version, where the decision depends on it.
    pub version: Option<u64>,
    /// What becomes of it.
    pub decision: D,
}

/// What can become of a record.
pub trait KycDecision {
    /// The verb.
    const ACTION: &'static Action;

    /// Where the record must stand, and how that is said.
    const FROM: (KycStatus, &'static str);

    /// What it can be refused with.
    const REFUSALS: Codes;

    /// Checks the input.
    fn check(&self, now: Timestamp) -> Result<(), FieldError>;

    /// Whether it is what became of a record already.
    fn is_made(&self, record: &KycRecord, now: Timestamp) -> bool;

    /// What is to be done first: entries of their own, and rows in `change`.
    fn before(
        &self,
        _change: &mut Change<'_>,
        _facts: &Facts,
        _record: &KycRecord,
        _ctx: &Context,
    ) -> Result<Vec<Draft>, Refusal> {
        Ok(Vec::new())
    }

    /// The record as the decision leaves it.
    fn after(&self, before: &KycRecord, by: Option<Uuid>, rules: &Rules, now: Timestamp) -> KycRecord;
}

impl<D: KycDecision> Act for DecideKyc<D> {
    const ACTION: &'static Action = D::ACTION;
    const CHANGES_ACCESS: bool = false;
    const REFUSALS: Codes = D::REFUSALS;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("kyc_record", self.record))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        // By its id too: those of the user may leave out what was rejected.
        needs.row(&looks::KYC_RECORD, self.record);
        needs.row(&looks::KYC_RECORDS_OPEN_OF, self.user);
        needs.row(&looks::DOCUMENTS_OF, self.record);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        // A person decides: neither a program nor someone whom nobody can name.
        by.who.session_in_full()?;
        self.decision.check(ctx.now)?;
        let before = self.find(facts)?;
        check_reviewer(&before.row, by.who)?;
        code::check_version("KYC record", before.version, self.version)?;
        if self.decision.is_made(&before.row, ctx.now) {
            let known = reply(facts, before.row.clone(), before.version);
            return Ok(Decision::nothing(known));
        }
        let (from, needed) = D::FROM;
        if before.row.status_at(ctx.now) != from {
            return Err(wrong_status(&before.row, ctx.now, needed));
        }
        let mut change = Change::new(by, ctx);
        change.detail("user", before.row.user_id.to_string());
        change.detail("tier", before.row.tier);
        let mut drafts = self.decision.before(&mut change, facts, &before.row, ctx)?;
        let rules = &facts.rules;
        let after = self.decision.after(&before.row, by.who.actor_id, rules, ctx.now);
        change.alter(before, after.clone());
        drafts.push(change.draft(Self::ACTION.name, "kyc_record", after.id));
        Ok(Decision {
            reply: reply(facts, after, before.version + 1),
            drafts,
        })
    }
}

impl<D> DecideKyc<D> {
    fn find<'a>(&self, facts: &'a Facts) -> Result<&'a Sealed<KycRecord>, Refusal> {
        let known = find(facts, self.record)?;
        if known.row.user_id == self.user {
            return Ok(known);
        }
        let message = format!("user {} has no KYC record {}", self.user, self.record);
        Err(code::UNKNOWN_KYC_RECORD.because(message).field("id"))
    }
}

/// Refuses a reviewer who submitted the record, or whom it is about. Those on the server's own machine cannot be told
/// apart: what one of them submitted counts as submitted by all.
pub(super) fn check_reviewer(record: &KycRecord, who: &Principal) -> Result<(), Refusal> {
    let refuse = |code: &Code, message: &str, rule: &str, lifted_by: &str| {
        let rule = BrokenRule {
            rule: rule.to_owned(),
            lifted_by: lifted_by.to_owned(),
            ..BrokenRule::default()
        };
        Err(code.because(message).by(rule))
    };
    if record.submitted_by == who.actor_id {
        return refuse(
            &code::OWN_SUBMISSION,
            "you submitted this KYC record: someone else reviews it",
            "a KYC record is reviewed by someone else than who submitted it",
            "who holds kyc:review, and did not submit it",
        );
    }
    if who.actor_id == Some(record.user_id) {
        return refuse(
            &code::OWN_RECORD,
            "this KYC record is about yourself: someone else reviews it",
            "nobody reviews a KYC record about themselves",
            "who holds kyc:review, and is not the one whom it is about",
        );
    }
    Ok(())
}

pub(super) fn wrong_status(record: &KycRecord, now: Timestamp, needed: &str) -> Refusal {
    let status = record.status_at(now).as_str();
    let message = format!("the KYC record is {status}: {needed}");
    code::WRONG_STATUS.because(message)
}
