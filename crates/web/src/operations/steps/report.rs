//! `POST /v1/operations/{id}/report`

use domain::custody::operation::steps;

use super::{CHANGES, Stepped, step, with_transaction};
use crate::change::prelude::*;

with_transaction! {
    struct Report {}
}

impl Change for Report {
    type Of = Stepped;
    type Act = steps::ReportOperation;
    const SAYS: Says = Says {
        id: "report_operation",
        summary: "Say what is newly known of the transaction",
        description: "Before the operation is final; nothing moves. What is left out stays as it is.",
        examples: &[(
            "confirmations",
            r#"{"tx_hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","confirmations":3}"#,
        )],
        ..CHANGES
    };

    async fn command(mut self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let transaction = self.transaction();
        step(asked, steps::Report { transaction }).await
    }
}
