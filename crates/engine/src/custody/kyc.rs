//! Looking at KYC records.

use std::collections::HashMap;

use domain::Reply;
use domain::custody::kyc::{self, KycDocument, KycRecord, KycStatus};
use domain::record::{Field, Sealed};
use evidence::Timestamp;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::list::Condition;

/// A KYC record with its documents.
#[derive(Clone, Debug, PartialEq)]
pub struct KycView {
    /// The record as the clock has it.
    pub record: KycRecord,
    /// Its version.
    pub version: u64,
    /// Its documents, oldest first.
    pub documents: Vec<KycDocument>,
}

impl TryFrom<Reply> for KycView {
    type Error = Reply;

    fn try_from(reply: Reply) -> Result<KycView, Reply> {
        let (record, version, documents) = reply.try_into()?;
        Ok(KycView {
            record,
            version,
            documents,
        })
    }
}

/// The records that stand here as the clock has them at `now`.
pub fn kyc_in_status(status: KycStatus, now: Timestamp) -> Condition {
    let stored = |status: KycStatus| Condition::Is("status", status.to_val());
    match status {
        KycStatus::Approved => Condition::All(vec![
            stored(status),
            Condition::Any(vec![
                Condition::Has("expires_at", false),
                Condition::After("expires_at", now.into()),
            ]),
        ]),
        KycStatus::Expired => Condition::Any(vec![
            stored(status),
            Condition::All(vec![
                stored(KycStatus::Approved),
                Condition::Until("expires_at", now.into()),
            ]),
        ]),
        status => stored(status),
    }
}

impl Engine {
    /// KYC records with their documents, as the clock has them.
    pub async fn kyc_views(&self, records: Vec<Sealed<KycRecord>>) -> Result<Vec<KycView>, Error> {
        let now = self.now();
        let ids = records.iter().map(|sealed| sealed.row.id);
        let found = self.rows_of::<KycDocument>("record_id", ids).await?;
        let mut documents: HashMap<Uuid, Vec<KycDocument>> = HashMap::new();
        for sealed in found {
            documents
                .entry(sealed.row.record_id)
                .or_default()
                .push(sealed.row);
        }
        let view = |sealed: Sealed<KycRecord>| {
            let mut documents = documents.remove(&sealed.row.id).unwrap_or_default();
            documents.sort_unstable_by_key(|document| (document.added_at, document.id));
            KycView {
                documents,
                version: sealed.version,
                record: sealed.row.as_of(now),
            }
        };
        Ok(records.into_iter().map(view).collect())
    }

    /// A KYC record.
    pub async fn kyc_record(&self, id: Uuid) -> Result<Option<KycView>, Error> {
        let found = self.row::<KycRecord>(id).await?;
        Ok(self.kyc_views(found.into_iter().collect()).await?.pop())
    }

    /// The tier of a user at a moment, past or present: 0 without an approval.
    pub async fn tier_at(&self, user: Uuid, at: Timestamp) -> Result<u64, Error> {
        Ok(kyc::tier_at(&self.kyc_of([user]).await?, at))
    }
}
