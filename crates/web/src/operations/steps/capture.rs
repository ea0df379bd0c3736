//! `POST /v1/operations/{id}/capture`

use domain::custody::operation::steps;
use engine::custody::StepKind;

use super::{CHANGES, Stepped, taken};
use crate::change::Way;
use crate::change::prelude::*;
use crate::custody::Decimal;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capture {
    /// Your own id for the part.
    id: Option<Id>,
    amount: Option<Decimal>,
}

impl Change for Capture {
    type Of = Stepped;
    type Act = steps::CaptureOperation;
    const SAYS: Says = Says {
        id: "capture_operation",
        summary: "Move a part of what a pending transfer holds",
        description: "Or all of it, unless an amount is given. The part is an operation of its own, whose `parent` is \
                      the pending transfer; that is `completed` once nothing is held any more. With `custody:own` one \
                      captures what one asked for oneself, of one's own balance.",
        examples: &[("a part", r#"{"amount":"0.2"}"#), ("the rest", "{}")],
        way: Way::MakesOf,
        ..CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let id = asked.own_id(self.id)?;
        let amount = self.amount.map(|amount| amount.0);
        taken(asked, StepKind::Capture { id, amount }).await
    }
}
