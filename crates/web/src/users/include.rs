//! What may be shown with a user: KYC and balances, each to those who may read it.

use domain::identity::Permission;
use engine::custody::{BalanceState, KycView};
use serde::Serialize;
use store::custody::BalanceFilter;
use uuid::Uuid;

use crate::balances::BalanceBody;
use crate::call::Call;
use crate::kyc::KycBody;
use crate::openapi::Parameter;
use crate::problem::Problem;
use crate::query::Query;
use views::cursor;

/// Most records of each part; the rest is in its list.
const RECORDS_MAX: u32 = 1_000;

/// What to show beside the user.
pub(super) const INCLUDE: &[Parameter] = &[Parameter::query(
    "include",
    "What to show beside the user: `kyc` and `balances`, with a comma between them.",
    r#"{"type":"string","pattern":"^(kyc|balances)(,(kyc|balances))*$","examples":["kyc,balances"]}"#,
)];

/// The members that may be included, as JSON schema.
macro_rules! parts {
    () => {
        r##""kyc":{"type":"object","description":"With `include=kyc`: the first 1,000 records, and the tier of now.","required":["tier","records","next"],"properties":{"tier":{"type":"integer"},"records":{"type":"array","items":{"$ref":"#/components/schemas/KycRecord"}},"next":{"type":["string","null"],"description":"Where `GET /v1/kyc?user=ID` goes on."}}},"balances":{"type":"object","description":"With `include=balances`: the first 1,000.","required":["records","next"],"properties":{"records":{"type":"array","items":{"$ref":"#/components/schemas/Balance"}},"next":{"type":["string","null"],"description":"Where `GET /v1/balances?user=ID` goes on."}}}"##
    };
}
pub(super) use parts;

/// Which parts are asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Include {
    kyc: bool,
    balances: bool,
}

impl Include {
    /// Reads which.
    pub fn read(query: &Query) -> Result<Include, Problem> {
        let found = query.read(
            "include",
            "kyc, balances, or both with a comma between them",
            |text| {
                let mut include = Include::default();
                for word in text.split(',') {
                    match word {
                        "kyc" => include.kyc = true,
                        "balances" => include.balances = true,
                        _ => return None,
                    }
                }
                Some(include)
            },
        )?;
        Ok(found.unwrap_or_default())
    }

    /// Reads the parts of a user. One that the caller may not read is a refusal: who asked for it is not to think that
    /// there is nothing.
    pub async fn of(self, call: &Call, user: Uuid) -> Result<Parts, Problem> {
        let own = call.identity()?.user.id == user;
        for (asked, permission) in [
            (self.kyc, Permission::KycRead),
            (self.balances, Permission::CustodyRead),
        ] {
            if asked && !own {
                call.require(permission).await?;
            }
        }
        let engine = &call.app.engine;
        let kyc = if self.kyc {
            let tier = engine.tier_at(user, engine::now()).await?;
            let records = engine
                .kyc_records(Some(user), None, None, RECORDS_MAX + 1)
                .await?;
            Some((tier, records))
        } else {
            None
        };
        let filter = BalanceFilter {
            user: Some(user),
            ..BalanceFilter::default()
        };
        let balances = if self.balances {
            Some(engine.balances(&filter, None, RECORDS_MAX + 1).await?)
        } else {
            None
        };
        Ok(Parts { kyc, balances })
    }
}

/// The parts of a user that were asked for.
pub(super) struct Parts {
    kyc: Option<(u64, Vec<KycView>)>,
    balances: Option<Vec<BalanceState>>,
}

#[derive(Serialize)]
struct Part<T> {
    records: Vec<T>,
    next: Option<String>,
}

#[derive(Serialize)]
struct KycPart<'a> {
    tier: u64,
    #[serde(flatten)]
    records: Part<KycBody<'a>>,
}

/// The parts as the answer shows them.
#[derive(Serialize)]
pub(super) struct PartsBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kyc: Option<KycPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<Part<BalanceBody<'a>>>,
}

/// The first of them, and where their list goes on.
fn first<'a, R, T>(rows: &'a [R], id: impl Fn(&R) -> Uuid, show: impl Fn(&'a R) -> T) -> Part<T> {
    let shown = rows.iter().take(RECORDS_MAX as usize);
    let more = rows.len() > RECORDS_MAX as usize;
    Part {
        next: shown
            .clone()
            .last()
            .filter(|_| more)
            .map(|row| cursor::encode_id(id(row))),
        records: shown.map(show).collect(),
    }
}

impl Parts {
    /// Shows them.
    pub fn shown(&self) -> PartsBody<'_> {
        PartsBody {
            kyc: self.kyc.as_ref().map(|(tier, views)| KycPart {
                tier: *tier,
                records: first(views, |view| view.record.id, KycBody::of_view),
            }),
            balances: self
                .balances
                .as_ref()
                .map(|states| first(states, |state| state.balance.id, BalanceBody::of)),
        }
    }
}
