//! Looking at KYC records.

use domain::Reply;
use domain::custody::kyc::{self, KycDocument, KycRecord, KycStatus};
use domain::record::{Kind, Sealed};
use evidence::Timestamp;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;

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

impl Engine {
    async fn kyc_views(
        &self,
        records: Vec<Sealed<KycRecord>>,
        now: Timestamp,
    ) -> Result<Vec<KycView>, Error> {
        let ids: Vec<Uuid> = records.iter().map(|sealed| sealed.row.id).collect();
        let mut conn = self.db().reader().await?;
        let documents = store::custody::documents(&mut conn, &ids).await?;
        let of = |id: Uuid| {
            let rows = documents.iter().map(|sealed| &sealed.row);
            rows.filter(|document| document.record_id == id)
                .cloned()
                .collect()
        };
        let view = |sealed: Sealed<KycRecord>| KycView {
            documents: of(sealed.row.id),
            version: sealed.version,
            record: sealed.row.as_of(now),
        };
        Ok(records.into_iter().map(view).collect())
    }

    /// A KYC record.
    pub async fn kyc_record(&self, id: Uuid) -> Result<Option<KycView>, Error> {
        let found = self.one::<KycRecord>("id", Kind::Uuid, id.into()).await?;
        let found = found.into_iter().collect();
        Ok(self.kyc_views(found, self.now()).await?.pop())
    }

    /// A page of KYC records, oldest first, after the one of id `after`; by status as the clock has it.
    pub async fn kyc_records(
        &self,
        user: Option<Uuid>,
        status: Option<KycStatus>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<KycView>, Error> {
        let now = self.now();
        let found = {
            let mut conn = self.db().reader().await?;
            store::custody::kyc_records(&mut conn, user, (status, now), after, limit).await?
        };
        self.kyc_views(found, now).await
    }

    /// The tier of a user at a moment, past or present: 0 without an approval.
    pub async fn tier_at(&self, user: Uuid, at: Timestamp) -> Result<u64, Error> {
        Ok(kyc::tier_at(&self.kyc_of(user).await?, at))
    }
}
