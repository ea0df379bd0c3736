//! What proves an approval: the entries about it, the one that used it, and the one that has the policies in words.

use domain::approval::Approval;
use domain::approval::policy::Policies;
use domain::audit::EntryFilter;
use domain::identity::security_event::ROLES_CHANGED;
use domain::record::Sealed;
use evidence::json::{self, StrictObject};
use evidence::payload::Payload;
use sha2::{Digest as _, Sha256};
use store::StoredEntry;
use store::query::{Order, Page};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::export::Bundle;

/// Entries read at a time.
const CHUNK: u32 = 100;

/// Entries about rules that are looked at, from the request back, for the policies that it was decided by: where several
/// processes have other rules, theirs come between.
const RULES_MAX: u32 = 100;

impl Engine {
    /// An evidence bundle about an approval: request, votes, use and outcome, with the policies; none where there is no such
    /// approval.
    pub async fn approval_evidence(&self, id: Uuid) -> Result<Option<Bundle>, Error> {
        let Some(found) = self.row::<Approval>(id).await? else {
            return Ok(None);
        };
        // What used it may be about an operation.
        let mut indexes = vec![found.entry];
        let filter = EntryFilter {
            target: Some(id.to_string()),
            ..EntryFilter::default()
        };
        let mut after = None;
        loop {
            let page = Page {
                order: Order::Ascending,
                after,
                limit: CHUNK,
            };
            let entries = self.page_of(&filter, page).await?;
            indexes.extend(entries.iter().map(|entry| entry.entry));
            after = entries.last().map(|entry| entry.entry);
            if entries.len() < CHUNK as usize {
                break;
            }
        }
        let first = indexes.iter().copied().min().unwrap_or(0);
        indexes.extend(self.policies_before(&found, first).await?);
        let mut asked = StrictObject::default();
        asked.0.insert("approval".to_owned(), id.to_string().into());
        self.bundled_by_index(indexes, asked).await.map(Some)
    }

    /// The newest entry before the request that has its policies.
    async fn policies_before(&self, found: &Sealed<Approval>, request: u64) -> Result<Option<u64>, Error> {
        let none = Policies::default();
        let digest = found.row.policy_digest.as_deref();
        let Some(digest) = digest.filter(|digest| *digest != none.digest().as_slice()) else {
            return Ok(None);
        };
        let filter = EntryFilter {
            action: Some(ROLES_CHANGED.to_owned()),
            ..EntryFilter::default()
        };
        let page = Page {
            order: Order::Descending,
            after: Some(request),
            limit: RULES_MAX,
        };
        let has_them = |entry: &StoredEntry| {
            let payload = entry
                .payload
                .as_deref()
                .and_then(|text| Payload::parse(text).ok());
            let details = payload.and_then(|payload| payload.details).unwrap_or_default();
            let policies = details.0.get("approval.policies").map(json::canonical);
            policies.is_some_and(|text| Sha256::digest(text).as_slice() == digest)
        };
        let entries = self.page_of(&filter, page).await?;
        Ok(entries
            .iter()
            .find(|entry| has_them(entry))
            .map(|entry| entry.entry))
    }

    async fn page_of(&self, filter: &EntryFilter, page: Page) -> Result<Vec<StoredEntry>, Error> {
        let mut conn = self.db().reader().await?;
        let size = store::Head::load(&mut conn)
            .await?
            .map_or(0, |head| head.edge.size());
        Ok(store::query::page(&mut conn, filter, page, size).await?)
    }
}
