//! Executions against their steps: how many there are, numbered without gaps, and what they used.

use std::collections::VecDeque;

use domain::record::Record as _;
use domain::workflow::execution::Execution;
use domain::workflow::step::{ExecutionStep, Totals};
use store::Conn;
use uuid::Uuid;

use super::{Finding, Findings};
use crate::error::Error;

/// Rows read at a time.
const PAGE: u32 = 5_000;

/// Steps in the order of executions, read page by page.
#[derive(Default)]
struct Steps {
    page: VecDeque<ExecutionStep>,
    after: Option<(Uuid, u64)>,
    all_read: bool,
}

impl Steps {
    /// The next step, where it is of this execution. Those before it are of executions that are gone, which the entries
    /// named.
    async fn next_of(
        &mut self,
        conn: &mut Conn,
        execution: Uuid,
    ) -> Result<Option<ExecutionStep>, store::Error> {
        loop {
            if self.page.is_empty() && !self.all_read {
                let page = store::steps::all(conn, self.after, PAGE).await?;
                self.all_read = page.len() < PAGE as usize;
                self.page.extend(page.into_iter().map(|sealed| sealed.row));
                self.after = self.page.back().map(|step| (step.execution_id, step.number));
            }
            match self.page.front() {
                Some(step) if step.execution_id < execution => drop(self.page.pop_front()),
                Some(step) if step.execution_id == execution => return Ok(self.page.pop_front()),
                _ => return Ok(None),
            }
        }
    }
}

/// Counts the steps of every execution anew.
pub(super) async fn check(conn: &mut Conn, findings: &mut Findings) -> Result<(), Error> {
    match count(conn, findings).await {
        // A row that does not read was named when it was checked; what follows from it cannot be.
        Err(error) if error.kind.is_data() => {
            let what = format!("their steps cannot be counted: {}", error.message);
            findings.add(Finding::new(Execution::TABLE.name, what));
            Ok(())
        }
        done => Ok(done?),
    }
}

async fn count(conn: &mut Conn, findings: &mut Findings) -> Result<(), store::Error> {
    let mut steps = Steps::default();
    let mut after = None;
    loop {
        let page = store::steps::said(conn, after, PAGE).await?;
        for (id, said, usage) in &page {
            let (mut found, mut gap, mut used) = (0, None, Totals::default());
            while let Some(step) = steps.next_of(conn, *id).await? {
                if step.number != found {
                    gap = gap.or(Some(found));
                }
                found += 1;
                used.add(&step);
            }
            let mut add = |what: String| findings.add(Finding::new(Execution::TABLE.name, what).id(id));
            if (*said, gap) != (found, None) {
                let gap = gap.unwrap_or(found.min(*said));
                add(format!(
                    "says that it has {said} steps, and {found} are there: look at number {gap}"
                ));
            }
            if *usage != used {
                add("its usage is not what its steps used".to_owned());
            }
        }
        match page.last() {
            Some((id, ..)) if page.len() == PAGE as usize => after = Some(*id),
            _ => return Ok(()),
        }
    }
}
