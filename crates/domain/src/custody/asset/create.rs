//! Making assets.

use super::row::{Asset, NAME_LEN_MAX, check_code};
use crate::custody::amount::SCALE_MAX;
use crate::custody::balance::{Balance, House, Owner};
use crate::custody::chain::check_chain;
use crate::prelude::*;

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
    act! {
        action: ASSET_CREATE, changes_access: false, target: none,
        refusals: INVALID_FIELD, ID_CONFLICT, CODE_TAKEN
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::ASSET_CODED, self.code.to_ascii_lowercase());
        needs.rows(&looks::ASSET, self.id);
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
            return Err(code::CODE_TAKEN.because(message).field("code"));
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
            summed: Some(true),
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
