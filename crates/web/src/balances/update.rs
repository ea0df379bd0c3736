//! `PATCH /v1/balances/{id}`

use domain::Act;
use domain::Command;
use domain::code;
use domain::custody::balance::ConfigureBalance;
use domain::custody::{Amount, Asset};
use domain::identity::Permission;
use schemars::JsonSchema;
use serde::Deserialize;

use views::BalanceView;

use super::{PATH, show};
use crate::body::given_member;
use crate::call::{Answer, Call, if_match};
use crate::custody::{self, DECIMAL_LEN_MAX, Decimal};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::problem::Problem;

/// The version that the caller has seen.
const IF_MATCH: &[Parameter] = &[Parameter::header(
    "If-Match",
    "The `ETag` that you read, or `*` for any version.",
    r#"{"type":"string","examples":["\"1\""]}"#,
)
.required()];

pub(crate) const DOC: Doc = Doc {
    id: "update_balance",
    tag: "custody",
    summary: "Bound a balance, or close it",
    description: "What is left out stays as it is. `minimum` is what `available` may not go below (below zero is a \
                  credit line), `maximum` what `posted` may not go above; `null` is no bound. Nothing moves on a \
                  closed balance.",
    parameters: &[PATH, IF_MATCH],
    body: Some(Content::taken::<Input>(&[("maximum", r#"{"maximum":"1000"}"#)])),
    replies: &[Reply {
        headers: &[("ETag", "The balance's version.")],
        ..Reply::new(
            "200",
            "The balance as it is now.",
            &[Content::shown::<BalanceView>()],
        )
    }],
    problems: &[],
    refusals: ConfigureBalance::REFUSALS,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::option_option,
    reason = "left out, null and an amount are three things"
)]
struct Input {
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(max = DECIMAL_LEN_MAX), regex(pattern = "^-?[0-9]+([.][0-9]+)?$"))]
    minimum: Option<Option<Decimal>>,
    #[serde(default, deserialize_with = "given_member")]
    #[schemars(with = "Option<String>", length(max = DECIMAL_LEN_MAX), regex(pattern = "^[0-9]+([.][0-9]+)?$"))]
    maximum: Option<Option<Decimal>>,
    closed: Option<bool>,
}

fn amount(field: &str, text: &str, asset: &Asset) -> Result<Amount, Problem> {
    Amount::parse(text, asset.digits()).map_err(|error| {
        let message = format!("{error} ({} has {})", asset.code, asset.scale);
        domain::FieldError::new(field, message).into()
    })
}

/// A minimum: the one amount that may be below zero.
fn minimum(text: &str, asset: &Asset) -> Result<Amount, Problem> {
    match text.strip_prefix('-') {
        None => amount("minimum", text, asset),
        Some(positive) => {
            let positive = amount("minimum", positive, asset)?;
            Ok(Amount::ZERO.minus(positive).unwrap_or(Amount::ZERO))
        }
    }
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    call.require(Permission::CustodyConfigure).await?;
    let id = call.id("balance").await?;
    let version = if_match(&call.parts)?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    let unknown = || custody::absent(&code::UNKNOWN_BALANCE, "id", format_args!("balance {id}"));
    let account = engine.account_of(id).await?.ok_or_else(unknown)?;
    let asset = engine.asset(account.asset).await?;
    let asset = asset.ok_or_else(|| Problem::internal(&"the asset of a balance is missing"))?;
    let command = ConfigureBalance {
        balance: id,
        asset: account.asset,
        version,
        minimum: match input.minimum {
            None => None,
            Some(given) => Some(given.map(|text| minimum(&text.0, &asset)).transpose()?),
        },
        maximum: match input.maximum {
            None => None,
            Some(given) => Some(given.map(|text| amount("maximum", &text.0, &asset)).transpose()?),
        },
        closed: input.closed,
    };
    engine
        .submit(call.caller()?, call.origin(), Command::ConfigureBalance(command))
        .await?;
    show::now(&call, id).await
}
