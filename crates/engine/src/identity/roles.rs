//! Under which rules decisions were made: the log says when an installation's own roles or its rules of custody changed.

use std::sync::atomic::Ordering;

use domain::audit::EntryFilter;
use domain::identity::security_event::{ROLES_CHANGED, SecurityEvent};
use domain::{Caller, Origin};
use store::query::{Order, Page};

use crate::engine::Engine;
use crate::error::Error;

impl Engine {
    /// Records the installation's own roles, which roles demand a second factor, and its rules, where they are other than the
    /// log says, once: before the first command of a process, and when one begins to serve. Where another process says others
    /// meanwhile, the Writer says these again before it goes on. Who only reads decides nothing under them, and writes
    /// nothing. An installation that never set any has no such entry.
    pub async fn record_rules(&self) -> Result<(), Error> {
        self.shared()
            .rules_recorded
            .get_or_try_init(|| self.record_other_rules())
            .await
            .copied()
    }

    async fn record_other_rules(&self) -> Result<(), Error> {
        // What comes behind it, the Writer looks at.
        let size = *self.size().borrow();
        let filter = EntryFilter {
            action: Some(ROLES_CHANGED.to_owned()),
            ..EntryFilter::default()
        };
        let newest = Page {
            order: Order::Descending,
            after: None,
            limit: 1,
        };
        let recorded = self.entries(&filter, newest).await?.entries.pop();
        let known = recorded.and_then(|entry| entry.details).unwrap_or_default();
        if known == self.rules().own() {
            self.shared().told.store(size, Ordering::Relaxed);
            return Ok(());
        }
        let caller = Caller::System { part: "roles" };
        let command = SecurityEvent::rules(self.rules()).into();
        self.hand_over(&caller, Origin::default(), command)
            .await
            .map(drop)
    }
}
