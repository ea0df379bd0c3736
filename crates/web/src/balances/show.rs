//! `GET /v1/balances/{id}`

use evidence::Timestamp;
use views::{Balance, BalanceThen, BalanceView};

use crate::call::{Answer, Call, json};
use crate::custody::{self, PARAMETER};
use crate::nouns;
use crate::openapi::{Content, Doc, Parameter, Reply, Shape, kept};

const AT: &[Parameter] = &[Parameter::query_of::<Timestamp>(
    "at",
    "What was posted at this moment, past or present, and the movement that made it so; `null` where there was none \
     yet.",
)];

const REPLIES: &[Reply] = &[Reply {
    headers: &[("ETag", "The balance's version; not with `at`.")],
    ..Reply::new(
        "200",
        "The balance.",
        &[Content {
            schema: Shape::AnyOf(&[Shape::of::<BalanceView>(), Shape::own::<BalanceThen>()]),
            ..Content::shown::<BalanceView>()
        }],
    )
}];

pub(crate) const DOC: fn() -> Doc = || {
    let doc = nouns::show_doc::<Balance>();
    Doc {
        parameters: kept([doc.parameters, &[AT]].concat()),
        replies: REPLIES,
        problems: kept([doc.problems, &[PARAMETER]].concat()),
        ..doc
    }
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let Some(at) = call.documented()?.time("at")? else {
        return nouns::shown::<Balance>(&mut call).await;
    };
    let account = custody::visible_balance(&mut call).await?;
    json(&BalanceThen::of(&call.app.engine, account, at).await?)
}
