//! `POST /v1/destinations`

use domain::code;
use domain::custody::destination::{ADDRESS_LEN_MAX, AddDestination, Destination, LABEL_LEN_MAX};

use crate::change::prelude::*;
use crate::{custody, person};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Add {
    /// Your own id: sending it again with the same content answers as the first time.
    id: Option<Id>,
    /// Whose: `me`, an id, or a name for callers who may read users.
    #[schemars(length(min = 1, max = custody::NAME_LEN_MAX), extend("default" = "me"))]
    user: Option<String>,
    /// Code or id of the asset.
    #[schemars(length(min = 1, max = custody::NAMED_LEN_MAX))]
    asset: String,
    /// As the asset's chain writes it.
    #[schemars(length(min = 1, max = ADDRESS_LEN_MAX), regex(pattern = "^[!-~]+$"))]
    address: String,
    #[schemars(length(min = 1, max = LABEL_LEN_MAX))]
    label: Option<String>,
}

impl Change for Add {
    type Of = Destination;
    type Act = AddDestination;

    const SAYS: Says = Says {
        id: "add_destination",
        summary: "Add a destination",
        description: "Where a user may withdraw an asset to. It can be used once the installation's cooling-off time \
                      has passed, at `usable_at`: time to notice one that somebody else added.",
        examples: &[
            (
                "of one's own",
                r#"{"asset":"BTC","address":"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq","label":"cold wallet"}"#,
            ),
            (
                "of somebody else",
                r#"{"user":"ann","asset":"BTC","address":"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"}"#,
            ),
        ],
        problems: &[&code::UNKNOWN_USER, &code::UNKNOWN_ASSET],
        checked_first: true,
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let call = asked.call;
        Ok(AddDestination {
            id: asked.own_id(self.id)?,
            user: person::named(call, "user", self.user.as_deref()).await?,
            asset: call.app.engine.asset_named(&self.asset).await?.id,
            address: self.address,
            label: self.label,
        }
        .into())
    }
}
