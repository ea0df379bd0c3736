//! `POST /v1/audit/holds`

use domain::audit::hold::{CreateHold, LegalHold, NAMED_LEN_MAX, REASON_LEN_MAX};
use domain::code;
use evidence::Timestamp;

use crate::change::prelude::*;
use crate::{custody, person};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    /// Your own id: sending it again with the same content answers as the first time.
    id: Option<Id>,
    /// Entries by this actor: the id or name by which they are found.
    #[schemars(length(min = 1, max = NAMED_LEN_MAX))]
    actor: Option<String>,
    /// Entries about this target: the id by which they are found.
    #[schemars(length(min = 1, max = NAMED_LEN_MAX))]
    target: Option<String>,
    /// Entries by or about this user, its API keys and agents: `me`, an id, or a name for callers who may read users.
    #[schemars(length(min = 1, max = custody::NAME_LEN_MAX))]
    user: Option<String>,
    /// Entries that were recorded, or tell of what happened, at this time or later.
    from: Option<Timestamp>,
    /// Entries that were recorded, or tell of what happened, before this time.
    to: Option<Timestamp>,
    #[schemars(length(min = 1, max = REASON_LEN_MAX))]
    reason: String,
}

impl Change for Create {
    type Of = (LegalHold, u64);
    type Act = CreateHold;

    const SAYS: Says = Says {
        id: "create_hold",
        summary: "Set a legal hold",
        description: "Nothing that it covers is erased or pruned until somebody else releases it: entries for which \
                      everything is true that it names, and a user whom it names. It names one thing at least.",
        examples: &[
            ("all of a user", r#"{"user":"ann","reason":"case 93"}"#),
            (
                "an actor, in November",
                r#"{"actor":"arn:aws:iam::1:user/bob","from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z","reason":"case 94"}"#,
            ),
        ],
        problems: &[&code::UNKNOWN_USER],
        checked_first: true,
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let user = match &self.user {
            Some(user) => Some(person::named(asked.call, "user", Some(user)).await?),
            None => None,
        };
        Ok(CreateHold {
            id: asked.own_id(self.id)?,
            actor: self.actor,
            target: self.target,
            user,
            since: self.from,
            until: self.to,
            reason: self.reason,
        }
        .into())
    }
}
