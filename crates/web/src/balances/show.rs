//! `GET /v1/balances/{id}`

use domain::code;
use uuid::Uuid;
use views::{BalanceThen, BalanceView};

use super::PATH;
use crate::call::{Answer, Call, json, tagged};
use crate::custody::{self, UNKNOWN_BALANCE, absent};
use crate::openapi::{Content, Doc, Parameter, Reply, Shape};

const AT: &[Parameter] = &[Parameter::query(
    "at",
    "What was posted at this moment, past or present, and the movement that made it so; `null` where there was none \
     yet.",
    r##"{"$ref":"#/components/schemas/Time"}"##,
)];

pub(crate) const DOC: Doc = Doc {
    id: "show_balance",
    tag: "custody",
    summary: "One balance, now or at a moment",
    description: "`available` is `posted` less `held`. A hold that has expired no longer counts, whether or not \
                  that is written down yet.",
    parameters: &[PATH, AT],
    replies: &[Reply {
        headers: &[("ETag", "The balance's version; not with `at`.")],
        ..Reply::new(
            "200",
            "The balance.",
            &[Content {
                schema: Shape::AnyOf(&[Shape::of::<BalanceView>(), Shape::own::<BalanceThen>()]),
                ..Content::shown::<BalanceView>()
            }],
        )
    }],
    problems: &[UNKNOWN_BALANCE, custody::PARAMETER],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let at = query.time("at")?;
    let account = custody::visible_balance(&mut call).await?;
    match at {
        Some(at) => json(&BalanceThen::of(&call.app.engine, account, at).await?),
        None => now(&call, account.id()).await,
    }
}

/// The balance as it is.
pub(super) async fn now(call: &Call, id: Uuid) -> Answer {
    let found = call.app.engine.balance(id).await?;
    let state = found.ok_or_else(|| absent(&code::UNKNOWN_BALANCE, "id", format_args!("balance {id}")))?;
    Ok(tagged(json(&BalanceView::of(&state))?, state.version))
}
