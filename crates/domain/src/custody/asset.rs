//! Assets: what is held, in which smallest unit.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::act::{Act, By};
use crate::action::Action;
use crate::change::Change;
use crate::context::Context;
use crate::custody::amount::{Amount, SCALE_MAX};
use crate::custody::balance::{Balance, House, Owner};
use crate::custody::chain::check_chain;
use crate::decision::{Decision, Reply};
use crate::facts::{Facts, Needs};
use crate::identity::Rules;
use crate::refusal::{FieldError, Refusal, RefusalKind};
use crate::{action, own_id, record};

/// Longest code of an asset, in characters.
pub const CODE_LEN_MAX: usize = 16;

/// Longest name of an asset, in characters.
pub const NAME_LEN_MAX: usize = 100;

record! {
    /// An asset. It never changes: amounts mean what they meant.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Asset in "assets" {
        /// Id.
        pub id: id,
        /// Code, such as `BTC`; unique in any case.
        pub code: String,
        /// Name.
        pub name: String,
        /// Digits after the point, 0 to 18: one unit is so many powers of ten of the smallest one.
        pub scale: u64,
        /// The chain that it lives on, such as `bitcoin`.
        pub chain: Option<String> [sparse],
        /// When it was made.
        pub created_at: Timestamp,
    }
}

impl Asset {
    /// Digits after the point.
    pub fn digits(&self) -> u8 {
        u8::try_from(self.scale).unwrap_or(SCALE_MAX)
    }

    /// An amount in words, such as `0.50000000 BTC`.
    pub fn words(&self, amount: Amount) -> String {
        format!("{} {}", amount.to_decimal(self.digits()), self.code)
    }
}

/// Makes an asset with its house accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAsset {
    /// Id: the same id with the same content is the same asset.
    pub id: Option<Uuid>,
    /// Code: 1 to 16 of `A-Z`, `a-z`, `0-9`, `.`, `_`, `-`.
    pub code: String,
    /// Name: 1 to 100 printable characters.
    pub name: String,
    /// Digits after the point: 0 to 18.
    pub scale: u64,
    /// The chain: 1 to 32 of `a-z`, `0-9`, `-`.
    pub chain: Option<String>,
}

/// Checks the code of an asset.
pub fn check_code(code: &str) -> Result<(), FieldError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if code.is_empty() || code.len() > CODE_LEN_MAX || !code.chars().all(allowed) {
        let message = format!("must be 1 to {CODE_LEN_MAX} characters of A-Z, a-z, 0-9, '.', '_' and '-'");
        return Err(FieldError::new("code", message));
    }
    Ok(())
}

/// Checks that a text has 1 to `max` printable characters.
pub(crate) fn check_text(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    let length = text.chars().count();
    if length == 0 || length > max || text.chars().any(char::is_control) {
        let message = format!("must be 1 to {max} printable characters");
        return Err(FieldError::new(field, message));
    }
    Ok(())
}

fn check(command: &CreateAsset) -> Result<(), FieldError> {
    own_id::check("id", command.id)?;
    check_code(&command.code)?;
    check_text("name", &command.name, NAME_LEN_MAX)?;
    if command.scale > u64::from(SCALE_MAX) {
        let message = format!("must be 0 to {SCALE_MAX}, not {}", command.scale);
        return Err(FieldError::new("scale", message));
    }
    command.chain.as_deref().map_or(Ok(()), check_chain)
}

/// The field in which an asset is not what a command asks for.
fn difference(asset: &Asset, command: &CreateAsset) -> Option<&'static str> {
    let fields = [
        ("code", asset.code == command.code),
        ("name", asset.name == command.name),
        ("scale", asset.scale == command.scale),
        ("chain", asset.chain == command.chain),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

impl Act for CreateAsset {
    const ACTION: &'static Action = &action::ASSET_CREATE;
    const CHANGES_ACCESS: bool = false;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        None
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.asset_codes.insert(self.code.to_ascii_lowercase());
        needs.assets.extend(self.id);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        check(self)?;
        // Everybody may read assets.
        if let Some(known) = self.id.and_then(|id| facts.assets.get(&id)) {
            return match difference(&known.row, self) {
                None => Ok(Decision::nothing(Reply::Asset(known.row.clone()))),
                Some(field) => Err(own_id::conflict("asset", known.row.id, field)),
            };
        }
        let same_code = |code: &str| code.eq_ignore_ascii_case(&self.code);
        if facts.assets.values().any(|asset| same_code(&asset.row.code)) {
            let message = format!("there is an asset {:?} already", self.code);
            return Err(Refusal::new(RefusalKind::Conflict, "code_taken", message).field("code"));
        }
        let digits = u8::try_from(self.scale).unwrap_or(SCALE_MAX);
        facts.rules.custody.check_scale(&self.code, digits)?;
        let asset = Asset {
            id: self.id.unwrap_or_else(|| ctx.id(1)),
            code: self.code.clone(),
            name: self.name.clone(),
            scale: self.scale,
            chain: self.chain.clone(),
            created_at: ctx.now,
        };
        let mut change = Change::new(by, ctx);
        change.insert(asset.clone());
        for house in House::ALL {
            change.insert(Balance::open(asset.id, Owner::House(*house), ctx.now));
        }
        let draft = change.draft(Self::ACTION.name, "asset", asset.id);
        Ok(Decision::one(Reply::Asset(asset), draft))
    }
}

pub(crate) fn unknown(id: Uuid) -> Refusal {
    Refusal::new(
        RefusalKind::NotFound,
        "unknown_asset",
        format!("there is no asset {id}"),
    )
    .field("asset")
}
