//! `POST /v1/operations/{id}/start`

use domain::custody::operation::steps;

use super::{CHANGES, Stepped, step, with_transaction};
use crate::change::prelude::*;

with_transaction! {
    struct Start {
        /// The approval to use, where one is needed.
        approval: Option<Id>,
    }
}

impl Change for Start {
    type Of = Stepped;
    type Act = steps::StartOperation;
    const SAYS: Says = Says {
        id: "start_operation",
        summary: "Begin sending",
        description: "From `pending` to `processing`. A withdrawal above the threshold needs the approval of somebody \
                      else by now.",
        examples: &[
            ("begun", "{}"),
            (
                "with its transaction",
                r#"{"tx_hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"}"#,
            ),
        ],
        ..CHANGES
    };

    async fn command(mut self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let transaction = self.transaction();
        let approval = self.approval.map(|id| id.0);
        let start = steps::Start {
            transaction,
            approval,
        };
        step(asked, start).await
    }
}
