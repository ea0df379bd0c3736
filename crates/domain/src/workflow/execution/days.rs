//! How many executions there were on each day: of each workflow, DRAG mode and user. They are counted as they change, in the
//! transaction of what changes them.

use std::collections::BTreeMap;

use evidence::payload::DragMode;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::{Execution, ExecutionStatus};
use crate::custody::sum::day_of;
use crate::own_id::derived_id;
use crate::{record, words};

words! {
    /// What executions of a day are counted by.
    DayOf {
        /// By workflow.
        Workflow = "workflow",
        /// By DRAG mode; those without one together.
        DragMode = "drag_mode",
        /// By the user for whom they are.
        User = "user",
    }
}

record! {
    /// The executions of a workflow, a DRAG mode or a user that were started on a day, as they stand.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ExecutionDay in "execution_days" {
        /// Id; follows from what it counts, see [`DayKey::id`].
        pub id: id,
        /// What it counts by.
        pub covers: DayOf [fixed],
        /// The workflow or DRAG mode.
        pub name: Option<String> [sparse] [fixed],
        /// The user.
        pub user_id: Option<Uuid> [sparse] [fixed],
        /// The day, in UTC, on which they were started.
        pub day: Timestamp [fixed],
        /// How many run, written down or not that their lease has lapsed.
        pub running: u64,
        /// How many were completed.
        pub completed: u64,
        /// How many failed.
        pub failed: u64,
        /// How many were cancelled.
        pub cancelled: u64,
        /// How long those took that have ended, together, in microseconds.
        pub micros: u64,
    }
}

/// What executions are counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayKey {
    /// By what.
    pub covers: DayOf,
    /// The workflow or DRAG mode.
    pub name: Option<String>,
    /// The user.
    pub user: Option<Uuid>,
    /// The day.
    pub day: Timestamp,
}

impl DayKey {
    /// The id of its row: there is never another.
    pub fn id(&self) -> Uuid {
        let user = self.user.map(Uuid::into_bytes);
        let parts: [&[u8]; 4] = [
            self.covers.as_str().as_bytes(),
            self.name.as_deref().unwrap_or_default().as_bytes(),
            user.as_ref().map_or(&[], |user| user.as_slice()),
            &self.day.micros().to_be_bytes(),
        ];
        derived_id("execution_day", &parts)
    }
}

impl ExecutionDay {
    /// What it counts by.
    pub fn key(&self) -> DayKey {
        DayKey {
            covers: self.covers,
            name: self.name.clone(),
            user: self.user_id,
            day: self.day,
        }
    }

    /// What it counts.
    pub fn runs(&self) -> Runs {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Runs {
            running: signed(self.running),
            completed: signed(self.completed),
            failed: signed(self.failed),
            cancelled: signed(self.cancelled),
            micros: signed(self.micros),
        }
    }

    /// The row of this key that counts this.
    pub fn of(key: DayKey, runs: Runs) -> ExecutionDay {
        ExecutionDay {
            id: key.id(),
            covers: key.covers,
            name: key.name,
            user_id: key.user,
            day: key.day,
            running: runs.running.unsigned_abs(),
            completed: runs.completed.unsigned_abs(),
            failed: runs.failed.unsigned_abs(),
            cancelled: runs.cancelled.unsigned_abs(),
            micros: runs.micros.unsigned_abs(),
        }
    }
}

/// How many executions, more or less, and how long those took together that have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// How many run.
    pub running: i64,
    /// How many were completed.
    pub completed: i64,
    /// How many failed.
    pub failed: i64,
    /// How many were cancelled.
    pub cancelled: i64,
    /// In microseconds.
    pub micros: i64,
}

impl Runs {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Runs) -> Runs {
        Runs {
            running: self.running + other.running,
            completed: self.completed + other.completed,
            failed: self.failed + other.failed,
            cancelled: self.cancelled + other.cancelled,
            micros: self.micros.saturating_add(other.micros),
        }
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Runs {
        Runs {
            running: -self.running,
            completed: -self.completed,
            failed: -self.failed,
            cancelled: -self.cancelled,
            micros: -self.micros,
        }
    }
}

/// What of an execution is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The workflow.
    pub workflow: String,
    /// The DRAG mode.
    pub drag_mode: Option<DragMode>,
    /// The user.
    pub user: Uuid,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl From<&Execution> for Run {
    fn from(row: &Execution) -> Run {
        Run {
            workflow: row.workflow.clone(),
            drag_mode: row.drag_mode,
            user: row.user_id,
            status: row.status,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

impl Run {
    fn counted(&self) -> Runs {
        let is = |status| i64::from(self.status == status);
        // A clock that was put back ends nothing before its begin.
        let micros = self
            .finished_at
            .map(|end| end.micros() - self.started_at.micros());
        Runs {
            running: is(ExecutionStatus::Running),
            completed: is(ExecutionStatus::Completed),
            failed: is(ExecutionStatus::Failed),
            cancelled: is(ExecutionStatus::Cancelled),
            micros: micros.unwrap_or_default().max(0),
        }
    }
}

/// How the days change together. Over all executions, it is the days themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExecutionDays(pub BTreeMap<DayKey, Runs>);

impl ExecutionDays {
    /// Counts an execution.
    pub fn add(&mut self, run: &Run) {
        self.count(run, run.counted());
    }

    /// Counts a version of an execution instead of the one before it, which may have been of another workflow, DRAG mode
    /// or day.
    pub fn change(&mut self, before: Option<&Execution>, after: &Execution) {
        let mut days = ExecutionDays::default();
        days.add(&Run::from(after));
        if let Some(before) = before {
            let run = Run::from(before);
            days.count(&run, run.counted().negated());
        }
        days.0.retain(|_, runs| *runs != Runs::default());
        self.take(days);
    }

    fn count(&mut self, run: &Run, runs: Runs) {
        let mode = run.drag_mode.map(|mode| mode.as_str().to_owned());
        for (covers, name, user) in [
            (DayOf::Workflow, Some(run.workflow.clone()), None),
            (DayOf::DragMode, mode, None),
            (DayOf::User, None, Some(run.user)),
        ] {
            let day = day_of(run.started_at);
            let key = DayKey {
                covers,
                name,
                user,
                day,
            };
            let sum = self.0.entry(key).or_default();
            *sum = sum.and(runs);
        }
    }

    /// Takes in another one.
    pub fn take(&mut self, other: ExecutionDays) {
        for (key, runs) in other.0 {
            let sum = self.0.entry(key).or_default();
            *sum = sum.and(runs);
        }
    }
}
