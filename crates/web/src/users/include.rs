//! What may be shown with a user: KYC and balances, each to those who may read it.

use domain::identity::Permission;
use serde::Serialize;
use uuid::Uuid;
use views::{Balance, Given, KycRecord, Noun, Page, Viewer};

use crate::call::Call;
use crate::openapi::Parameter;
use crate::problem::Problem;
use crate::query::Query;

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
            Some(KycPart {
                tier: engine.tier_at(user, engine.now()).await?,
                records: part::<KycRecord>(call, user).await?,
            })
        } else {
            None
        };
        let balances = if self.balances {
            Some(part::<Balance>(call, user).await?)
        } else {
            None
        };
        Ok(Parts { kyc, balances })
    }
}

/// The first of them, and where their list goes on.
#[derive(Serialize)]
struct Part<N: Noun> {
    records: Vec<N::View>,
    next: Option<String>,
}

async fn part<N: Noun>(call: &Call, user: Uuid) -> Result<Part<N>, Problem> {
    let viewer = Viewer::of(call.identity()?);
    let given = vec![("user", Given::Id(user))];
    let page: Page<N> = views::list(&call.app.engine, viewer, given, None, Some(RECORDS_MAX)).await?;
    Ok(Part {
        records: page.views,
        next: page.next,
    })
}

#[derive(Serialize)]
struct KycPart {
    tier: u64,
    #[serde(flatten)]
    records: Part<KycRecord>,
}

/// The parts of a user that were asked for.
#[derive(Serialize)]
pub(super) struct Parts {
    #[serde(skip_serializing_if = "Option::is_none")]
    kyc: Option<KycPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<Part<Balance>>,
}
