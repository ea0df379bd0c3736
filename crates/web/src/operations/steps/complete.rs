//! `POST /v1/operations/{id}/complete`

use domain::custody::operation::steps;

use super::{CHANGES, Stepped, step, with_transaction};
use crate::change::prelude::*;

with_transaction! {
    struct Complete {}
}

impl Change for Complete {
    type Of = Stepped;
    type Act = steps::CompleteOperation;
    const SAYS: Says = Says {
        id: "complete_operation",
        summary: "It happened: the amount moves",
        description: "From `pending` or `processing` to `completed`; a withdrawal is started first.",
        examples: &[(
            "with its block",
            r#"{"tx_hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","block":870000,"confirmations":6}"#,
        )],
        ..CHANGES
    };

    async fn command(mut self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let transaction = self.transaction();
        step(asked, steps::Complete { transaction }).await
    }
}
