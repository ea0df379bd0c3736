//! `DELETE /v1/destinations/{id}`

use domain::custody::destination::{Destination, RemoveDestination};

use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Remove {}

impl Change for Remove {
    type Of = Destination;
    type Act = RemoveDestination;

    const SAYS: Says = Says {
        id: "remove_destination",
        summary: "Remove a destination",
        description: "Nothing new is withdrawn there; what was withdrawn keeps it. The same address may be added \
                      again, and waits again. Removing one again is no error.",
        tries: false,
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let destination = asked.id;
        Ok(RemoveDestination { destination }.into())
    }
}
