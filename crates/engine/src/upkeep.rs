//! Jobs as the database has them: how each stands, and which process leads. What they do, and when, is the crate `jobs`'s.

pub use store::jobs::{Ended, JobRow, JobWrite, Lease};

use crate::engine::Engine;
use crate::error::Error;

impl Engine {
    /// The lease of whoever leads.
    pub async fn leader(&self) -> Result<Lease, Error> {
        Ok(store::jobs::lease(&mut *self.db().reader().await?).await?)
    }

    /// What is known of jobs.
    pub async fn jobs(&self) -> Result<Vec<JobRow>, Error> {
        Ok(store::jobs::jobs(&mut *self.db().reader().await?).await?)
    }

    /// Writes how a job stands, or who leads, past the Writer: no entry says so. Whether it was as it had to be for that.
    pub async fn write_job(&self, write: JobWrite) -> Result<bool, Error> {
        Ok(self.limits().job(write).await? > 0)
    }
}
