//! What is erased of approvals with a user: what they asked for, with all entries about it; and what they said when they voted.

use domain::approval::{Approval, Vote};
use domain::audit::EntryFilter;
use domain::workflow::execution::Renewed;
use evidence::leaf::Leaf;
use store::conditions::Condition;
use store::query::{Order, Page};
use uuid::Uuid;

use super::users::ERASED_AT_ONCE;
use crate::engine::Engine;
use crate::error::Error;

/// What one command erases: things of the user, and entries.
type Erased = (Vec<(Uuid, Renewed)>, Vec<u64>);

/// Approvals that are erased by one command: their arguments may be large.
const APPROVALS_AT_ONCE: u32 = 50;

impl Engine {
    /// Approvals that a user asked for and that hold something still, with the entries about them; where there are none, votes
    /// of the user that say something. The entries that were found before stay where none are found.
    pub(super) async fn approvals_of(&self, user: Uuid, entries: Vec<u64>) -> Result<Erased, Error> {
        let asked = [
            Condition::Is("requested_by", user.into()),
            Condition::After("arguments", "".into()),
        ];
        let (found, _) = self
            .select::<Approval>(&asked, None, Some(APPROVALS_AT_ONCE))
            .await?;
        if found.is_empty() {
            return Ok((self.votes_of(user).await?, entries));
        }
        let (mut ids, mut about) = (Vec::new(), Vec::new());
        for approval in found.iter().map(|approval| approval.row.id) {
            let of_it = self.entries_about(approval).await?;
            if !ids.is_empty() && about.len() + of_it.len() > ERASED_AT_ONCE as usize {
                break;
            }
            ids.push((approval, None));
            about.extend(of_it);
        }
        about.sort_unstable();
        about.truncate(ERASED_AT_ONCE as usize);
        Ok((ids, about))
    }

    async fn votes_of(&self, user: Uuid) -> Result<Vec<(Uuid, Renewed)>, Error> {
        let cast = [
            Condition::Is("user_id", user.into()),
            Condition::Any(vec![
                Condition::Has("reason", true),
                Condition::Has("suggested_arguments", true),
            ]),
        ];
        let (found, _) = self.select::<Vote>(&cast, None, Some(APPROVALS_AT_ONCE)).await?;
        Ok(found.iter().map(|vote| (vote.row.id, None)).collect())
    }

    /// Entries about an approval whose payload is still there.
    async fn entries_about(&self, approval: Uuid) -> Result<Vec<u64>, Error> {
        let filter = EntryFilter {
            target: Some(approval.to_string()),
            ..EntryFilter::default()
        };
        let page = Page {
            order: Order::Ascending,
            after: None,
            limit: ERASED_AT_ONCE,
        };
        let found = self.stored_entries(&filter, page).await?;
        // Whoever records events may use the same text as an id.
        let is_about = |leaf: &str| Leaf::parse(leaf).is_ok_and(|leaf| leaf.target_id == Some(approval));
        let about = found
            .iter()
            .filter(|entry| entry.payload.is_some() && is_about(&entry.leaf));
        Ok(about.map(|entry| entry.entry).collect())
    }
}
