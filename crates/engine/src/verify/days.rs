//! How many executions there were on each day, against the executions, which are counted anew while the rows are checked.

use std::collections::BTreeMap;

use domain::record::{Record, Table};
use domain::tables::Stored;
use domain::workflow::execution::{DayKey, Execution, ExecutionDay, ExecutionDays, Run, Runs};

use super::{Finding, Findings};

/// What is counted, and what is kept.
#[derive(Default)]
pub(super) struct Days {
    counted: ExecutionDays,
    kept: BTreeMap<DayKey, ExecutionDay>,
    /// A row that does not read was named; what should follow from it is not known.
    unreadable: bool,
}

impl Days {
    /// Takes in a row, where it is an execution or a day.
    pub fn take(&mut self, table: &'static Table, row: &Stored) {
        let read = if table == Execution::TABLE {
            let read = row.clone().decode::<Execution>();
            read.map(|execution| self.counted.add(&Run::from(&execution.row)))
        } else if table == ExecutionDay::TABLE {
            let read = row.clone().decode::<ExecutionDay>();
            read.map(|day| drop(self.kept.insert(day.row.key(), day.row)))
        } else {
            return;
        };
        self.unreadable |= read.is_err();
    }

    /// Compares what is kept with what was counted; gives what should be known of it.
    pub fn compare(mut self, findings: &mut Findings) -> Option<Finding> {
        let table = ExecutionDay::TABLE.name;
        if self.unreadable {
            findings.add(Finding::new(
                table,
                "cannot be compared: a row of what they count does not read",
            ));
            return None;
        }
        if self.kept.is_empty() && !self.counted.0.is_empty() {
            let what =
                "are older than the counts of each day: the next execution that is written counts them";
            return Some(Finding::new(Execution::TABLE.name, what));
        }
        for (key, runs) in self.counted.0 {
            let id = key.id();
            match self.kept.remove(&key) {
                Some(kept) if kept == ExecutionDay::of(key, runs) => {}
                Some(kept) => findings.add(wrong(&kept)),
                None => findings.add(Finding::new(table, "the count of a day is missing").id(id)),
            }
        }
        // What there was and is no longer; of a trace's execution the day and workflow may move, which leaves none behind.
        let left = self.kept.values().filter(|kept| kept.runs() != Runs::default());
        for kept in left {
            findings.add(wrong(kept));
        }
        None
    }
}

fn wrong(kept: &ExecutionDay) -> Finding {
    let what = "is not what follows from the executions that were started on the day";
    Finding::new(ExecutionDay::TABLE.name, what).id(kept.id)
}
