//! Steps by name: for those who are told at run time which step is asked for.

use super::steps::{
    Cancel, Capture, Complete, Fail, MarkUnknown, OperationStep, Release, Report, Resolve, Start,
    StepOperation, Transaction,
};
use crate::action::Action;
use crate::command::Command;

macro_rules! steps {
    ($($name:ident),*) => {
        /// One of the steps.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Step { $(
            #[doc = concat!("[`", stringify!($name), "`]")]
            $name($name),
        )* }

        $(impl From<$name> for Step {
            fn from(step: $name) -> Step { Step::$name(step) }
        })*

        impl StepOperation<Step> {
            /// The verb.
            pub fn action(&self) -> &'static Action {
                match &self.step { $(Step::$name(_) => $name::ACTION),* }
            }

            /// What it asks for, as an approval is bound to it.
            pub fn arguments(&self) -> String {
                match &self.step { $(Step::$name(step) => self.with(step.clone()).arguments()),* }
            }

            /// The command.
            pub fn command(self) -> Command {
                match &self.step { $(Step::$name(step) => self.with(step.clone()).into()),* }
            }
        }
    };
}
steps!(
    Report,
    Start,
    Complete,
    Fail,
    Cancel,
    MarkUnknown,
    Resolve,
    Capture,
    Release
);

impl Step {
    /// What it says of the transaction.
    pub fn transaction_mut(&mut self) -> Option<&mut Transaction> {
        match self {
            Step::Report(Report { transaction })
            | Step::Complete(Complete { transaction })
            | Step::Start(Start { transaction, .. })
            | Step::Resolve(Resolve { transaction, .. }) => Some(transaction),
            _ => None,
        }
    }
}

impl StepOperation<Step> {
    fn with<S>(&self, step: S) -> StepOperation<S> {
        StepOperation {
            operation: self.operation,
            debit: self.debit,
            credit: self.credit,
            destination: self.destination,
            version: self.version,
            step,
        }
    }
}
