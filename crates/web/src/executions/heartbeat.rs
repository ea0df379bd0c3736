//! `POST /v1/executions/{id}/heartbeat`

use domain::code;
use domain::identity::Permission;
use domain::workflow::execution::Execution;
use views::ExecutionView;

use crate::call::{Answer, Call, json};
use crate::custody::absent;
use crate::openapi::{Doc, Parameter, Reply, listed};

pub(crate) const DOC: Doc = Doc {
    id: "renew_lease",
    tag: "workflows",
    summary: "Renew the lease of an execution",
    description: "From now on, for `lease_s` seconds. It is on disk before the answer, and is no entry of the log. One \
                  that has ended, by the clock too, stays ended.",
    parameters: &[&[Parameter::path(
        "id",
        "Id of the execution.",
        r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000f2"]}"#,
    )]],
    replies: &[Reply::shown::<ExecutionView>("200", "The execution.")],
    problems: &[
        listed(&code::UNKNOWN_EXECUTION),
        listed(&code::EXECUTION_FINISHED),
    ],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    call.require_of_route().await?;
    let id = call.id().await?;
    let engine = &call.app.engine;
    let identity = call.identity()?;
    let all = identity.principal.holds(Permission::WorkflowsWrite);
    let found = engine.row_proven::<Execution>(id).await?;
    let found = found.filter(|found| all || found.row.user_id == identity.user.id);
    let found =
        found.ok_or_else(|| absent(&code::UNKNOWN_EXECUTION, "id", format_args!("execution {id}")))?;
    let (execution, renewed) = engine.renew(found.row).await?;
    json(&ExecutionView::of(execution, renewed, engine.now()))
}
