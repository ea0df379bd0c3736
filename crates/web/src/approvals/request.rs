//! `POST /v1/approvals`

use domain::approval::{ACTION_LEN_MAX, QUORUM_MAX, REASON_LEN_MAX, RequestApproval};
use domain::code;
use engine::custody::ApprovalView;
use evidence::Timestamp;
use evidence::json::StrictObject;

use super::arguments;
use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// Your own id: sending it again with the same content answers as the first time.
    id: Option<Id>,
    #[schemars(length(min = 1, max = ACTION_LEN_MAX), regex(pattern = "^[a-z0-9._-]+$"))]
    action: String,
    /// At most 256 KiB of canonical JSON.
    arguments: StrictObject,
    #[schemars(length(min = 1, max = REASON_LEN_MAX))]
    reason: Option<String>,
    /// How many must vote for it; what the policy says unless given, which is also the fewest.
    #[schemars(range(min = 1, max = QUORUM_MAX))]
    quorum: Option<u64>,
    /// From when it can be neither voted on nor used; as long as the policy or the installation says unless given, which is
    /// also the most.
    expires_at: Option<Timestamp>,
    /// The execution that waits for it: its lease does not lapse while the approval is pending.
    execution: Option<Id>,
}

impl Change for Request {
    type Of = ApprovalView;
    type Act = RequestApproval;

    const SAYS: Says = Says {
        id: "request_approval",
        summary: "Ask for an approval",
        description: "What is asked for is looked at by the installation's policies: it is `granted` at once, `denied` at \
                      once, which no vote changes, or `pending`; `policy` says which of them decided. Then others vote \
                      on it. Once it is granted, who asked for it uses it once, for exactly this action \
                      with exactly these arguments. For `operation.create` the arguments are the body of \
                      `POST /v1/operations` for one operation (its own `id` and `approval` do not count), for \
                      `operation.start` `{\"operation\":ID}`, for `operation.resolve` \
                      `{\"operation\":ID,\"outcome\":\"completed\"|\"failed\",\"evidence\":TEXT}`: names in them \
                      become ids, amounts whole numbers of the asset's smallest unit (`shown` has them as people read \
                      them), and these approvals are used by giving their id as `approval` to the command itself. Any \
                      other action is one of your own.",
        examples: &[
            (
                "an action of one's own",
                r#"{"action":"model.deploy","arguments":{"model":"m-7"},"reason":"passed its evaluation","quorum":2}"#,
            ),
            (
                "a transfer",
                r#"{"action":"operation.create","arguments":{"kind":"transfer","asset":"BTC","amount":"2.5","debit":"user:ann","credit":"house:omnibus"}}"#,
            ),
        ],
        problems: &[
            &code::UNKNOWN_ASSET,
            &code::UNKNOWN_BALANCE,
            &code::UNKNOWN_OPERATION,
            &code::UNKNOWN_USER,
            &code::UNKNOWN_DESTINATION,
        ],
        checked_first: true,
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let id = asked.own_id(self.id)?;
        let proposal = arguments::proposal(asked.call, self.action, self.arguments).await?;
        let bound = asked.call.app.engine.approval_arguments(proposal).await;
        let (action, arguments, quorum) = bound.map_err(arguments::problem)?;
        let execution = match self.execution {
            Some(Id(id)) => Some((id, asked.call.app.engine.renewed(id).await?)),
            None => None,
        };
        Ok(RequestApproval {
            id,
            action,
            arguments,
            reason: self.reason,
            quorum: self.quorum.or(quorum),
            expires_at: self.expires_at,
            execution,
        }
        .into())
    }
}
