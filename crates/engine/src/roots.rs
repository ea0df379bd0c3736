//! Roots of traces that are no steps, such as the request that a server handles: an agent's spans within it may come after
//! it, and nothing but them says that it matters. They wait for an hour, and whatever process takes in the steps finds them.

use std::collections::BTreeMap;

use domain::own_id::derived_id;
use domain::workflow::execution::Told;
use domain::workflow::trace::{Span, UNNAMED};
use evidence::Timestamp;
use serde::{Deserialize, Serialize};
use store::side::{self, Root};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;

/// What is kept of one.
#[derive(Serialize, Deserialize)]
struct Kept {
    started_at: Timestamp,
    told: Told,
}

/// The half of a key that follows from what stands before the execution.
const HALF: u128 = u64::MAX as u128;

/// Under what those of an execution are kept; what others say of an execution of the same id is not found. The first half
/// follows from the user, so that an erasure finds all of a user's.
fn key(user: Uuid, execution: Uuid) -> Uuid {
    let own = derived_id("otlp-root", &[user.as_bytes(), execution.as_bytes()]);
    Uuid::from_u128(first_of(user) | (own.as_u128() & HALF))
}

/// The first key that a user can have; the last one is so much further as a half has room for.
fn first_of(user: Uuid) -> u128 {
    derived_id("otlp-roots", &[user.as_bytes()]).as_u128() & !HALF
}

impl Engine {
    /// Keeps roots of executions that nobody has begun.
    pub(crate) async fn keep_roots(
        &self,
        user: Uuid,
        roots: &BTreeMap<Uuid, Vec<Span>>,
    ) -> Result<(), Error> {
        let at = self.now();
        let all = roots
            .iter()
            .flat_map(|(execution, roots)| roots.iter().map(|root| (*execution, root)));
        let root = |(execution, root): (Uuid, &Span)| {
            let kept = Kept {
                started_at: root.started_at,
                told: root.told.clone(),
            };
            Root {
                id: key(user, execution),
                place: root
                    .told
                    .end
                    .as_ref()
                    .map(|end| end.by.clone())
                    .unwrap_or_default(),
                root: serde_json::to_string(&kept).unwrap_or_default(),
                at,
            }
        };
        let roots: Vec<Root> = all.map(root).collect();
        if roots.is_empty() {
            return Ok(());
        }
        Ok(self.limits().keep_roots(roots).await?)
    }

    /// Forgets the roots that were kept of a user's executions.
    pub(crate) async fn forget_roots(&self, user: Uuid) -> Result<(), Error> {
        let first = first_of(user);
        let keys = Uuid::from_u128(first)..=Uuid::from_u128(first | HALF);
        Ok(self.limits().forget_roots(keys).await?)
    }

    /// The roots that were kept of these executions. One that does not read was changed by hand, and is none.
    pub(crate) async fn kept_roots(
        &self,
        user: Uuid,
        executions: &[Uuid],
    ) -> Result<BTreeMap<Uuid, Vec<Span>>, Error> {
        let mut found = BTreeMap::<Uuid, Vec<Span>>::new();
        if executions.is_empty() {
            return Ok(found);
        }
        let keys: BTreeMap<Uuid, Uuid> = executions.iter().map(|id| (key(user, *id), *id)).collect();
        let ids: Vec<Uuid> = keys.keys().copied().collect();
        let mut conn = self.db().reader().await?;
        for (key, root) in side::roots(&mut conn, &ids).await? {
            let kept = serde_json::from_str::<Kept>(&root).ok();
            if let (Some(execution), Some(Kept { started_at, told })) = (keys.get(&key), kept) {
                found.entry(*execution).or_default().push(Span {
                    step: None,
                    started_at,
                    told,
                    thread: None,
                    workflow: UNNAMED.to_owned(),
                    drag_mode: None,
                    scores: Vec::new(),
                });
            }
        }
        Ok(found)
    }
}
