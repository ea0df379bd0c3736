//! What the endpoints of custody share: who sees what, and how amounts, balances and users are written.

use std::fmt;

use domain::code::{self, Code};
use domain::custody::Account;
use domain::identity::Permission;
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use uuid::Uuid;

use crate::call::Call;
use crate::openapi::{Listed, Parameter, listed};
use crate::problem::Problem;
use crate::query::Query;

/// What the name of a chain is made of.
pub(crate) const CHAIN: &str = "^[a-z0-9-]+$";

/// Longest name of an account, in characters: `user:` and what names a user.
pub(crate) const ACCOUNT_LEN_MAX: usize = 260;
/// Longest name of something that has a code or an id, in characters.
pub(crate) const NAMED_LEN_MAX: usize = 36;
/// Longest name of a user or a balance in a query, in characters.
pub(crate) const NAME_LEN_MAX: usize = 254;

/// Part of a list by time.
pub(crate) const TIMES: &[Parameter] = &[
    Parameter::query_of::<Timestamp>("from", "Only what was recorded at this time or later."),
    Parameter::query_of::<Timestamp>("to", "Only what was recorded before this time."),
];

pub(crate) const UNKNOWN_ASSET: Listed = listed(&code::UNKNOWN_ASSET);
pub(crate) const UNKNOWN_USER: Listed = listed(&code::UNKNOWN_USER);
pub(crate) const UNKNOWN_AGENT: Listed = listed(&code::UNKNOWN_AGENT);
pub(crate) const UNKNOWN_BALANCE: Listed = listed(&code::UNKNOWN_BALANCE);
pub(crate) use crate::listed::PARAMETER;

/// Longest decimal that is an amount: 38 digits, a sign and the point.
pub(crate) const DECIMAL_LEN_MAX: usize = 40;

/// What an amount is made of.
pub(crate) const DECIMAL: &str = "^(0|[1-9][0-9]*)([.][0-9]+)?$";

/// A decimal number as a text, with at most as many digits after the point as the asset has. JSON numbers are refused:
/// programs round them.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename = "NewAmount", extend("examples" = ["0.5"]))]
pub(crate) struct Decimal(
    #[schemars(
        length(max = DECIMAL_LEN_MAX),
        regex(pattern = DECIMAL)
    )]
    pub String,
);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number as a text, such as \"0.5\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
                Ok(Decimal(text.to_owned()))
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Decimal, E> {
                Err(E::custom(
                    "must be a text such as \"0.5\", not a number: programs round numbers",
                ))
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<Decimal, E> {
                self.visit_u64(0)
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Decimal, E> {
                self.visit_u64(0)
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// Whether the caller reads everybody's balances and operations, not only their own.
pub(crate) fn reads_all(call: &Call) -> Result<bool, Problem> {
    Ok(call.identity()?.principal.holds(Permission::CustodyRead))
}

/// Whether users may be named by their names: not by those who may not know who is there.
pub(crate) fn by_name(call: &Call) -> Result<bool, Problem> {
    let principal = &call.identity()?.principal;
    Ok(principal.holds(Permission::UsersRead) || principal.holds(Permission::CustodyWrite))
}

/// The caller's own id where a text means the caller: `me`, the own id, name or address. That takes no look-up, and so
/// no permission to know who is there.
pub(crate) fn oneself(call: &Call, text: &str) -> Result<Option<Uuid>, Problem> {
    let own = &call.identity()?.user;
    let named = |name: &str| name.eq_ignore_ascii_case(text);
    let means = text == "me"
        || Uuid::try_parse(text).is_ok_and(|id| id == own.id)
        || named(&own.username)
        || own.email.as_deref().is_some_and(named);
    Ok(means.then_some(own.id))
}

/// An account as the engine reads it: the caller's own, such as `user:me`, is named by the id.
pub(crate) fn account(call: &Call, text: String) -> Result<String, Problem> {
    let own = match text.strip_prefix("user:") {
        Some(user) => oneself(call, user)?,
        None => None,
    };
    Ok(own.map_or(text, |id| format!("user:{id}")))
}

/// The balance that a text means, where the caller may see it.
pub(crate) async fn readable_balance(call: &Call, text: &str, asset: Option<Uuid>) -> Result<Uuid, Problem> {
    let named = account(call, text.to_owned())?;
    let engine = &call.app.engine;
    let account = engine
        .account_named("balance", &named, asset, by_name(call)?)
        .await?;
    if reads_all(call)? || account.user() == Some(call.identity()?.user.id) {
        return Ok(account.id());
    }
    Err(absent(
        &code::UNKNOWN_BALANCE,
        "balance",
        format_args!("balance {text}"),
    ))
}

/// The balance of the path, which the caller may see: somebody else's is not there for callers who may see only their own.
pub(crate) async fn visible_balance(call: &mut Call) -> Result<Account, Problem> {
    let id = call.id().await?;
    let found = call.app.engine.account_of(id).await?;
    let own = call.identity()?.user.id;
    let all = reads_all(call)?;
    let seen = found.filter(|account| all || account.user() == Some(own));
    seen.ok_or_else(|| absent(&code::UNKNOWN_BALANCE, "id", format_args!("balance {id}")))
}

/// What is named is not there.
pub(crate) fn absent(code: &Code, field: &str, what: impl fmt::Display) -> Problem {
    engine::Error::from(code.absent(what, field)).into()
}

/// The times of the query: from, and before which.
pub(crate) fn times(query: &Query) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let (from, to) = (query.time("from")?, query.time("to")?);
    views::check_times(from, to)?;
    Ok((from, to))
}
