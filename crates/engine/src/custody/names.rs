//! Assets and balances by their names.

use std::collections::HashMap;
use std::sync::Arc;

use domain::code;
use domain::custody::{Account, Amount, Asset, Balance, House, Owner};
use domain::identity::user::User;
use domain::own_id;
use domain::record::{Kind, Record, Sealed};
use domain::{FieldError, Needs, looks};
use store::conn::Lock;
use uuid::Uuid;

use super::known::Names;
use crate::engine::Engine;
use crate::error::Error;
use crate::identity::by_login;
use crate::told;

/// A balance as a caller names it.
enum Named<'a> {
    /// By its id.
    Balance(Uuid),
    /// A user's, by id, name or e-mail address.
    User(&'a str),
    /// A house account.
    House(House),
}

fn parse<'a>(field: &str, text: &'a str) -> Result<Named<'a>, FieldError> {
    let wrong = || {
        let houses: Vec<_> = House::ALL.iter().map(|house| house.as_str()).collect();
        let message = format!(
            "must be the id of a balance, user:<id or name>, or house:<{}>",
            houses.join(", ")
        );
        FieldError::new(field, message)
    };
    match text.split_once(':') {
        Some(("user", user)) if !user.is_empty() => Ok(Named::User(user)),
        Some(("house", house)) => House::parse(house).map(Named::House).ok_or_else(wrong),
        Some(("balance", id)) => own_id::parse(id).map(Named::Balance).ok_or_else(wrong),
        Some(_) => Err(wrong()),
        None => own_id::parse(text).map(Named::Balance).ok_or_else(wrong),
    }
}

/// Reads an amount of an asset from its decimal.
pub fn amount(field: &str, text: &str, asset: &Asset) -> Result<Amount, FieldError> {
    Amount::parse(text, asset.digits())
        .map_err(|error| FieldError::new(field, format!("{error} ({} has {})", asset.code, asset.scale)))
}

fn unknown_asset(text: &str) -> Error {
    code::UNKNOWN_ASSET
        .absent(format_args!("asset {text:?}"), "asset")
        .into()
}

impl Engine {
    pub(super) fn names(&self) -> &Names {
        &self.shared().names
    }

    /// The asset of this id.
    pub async fn asset(&self, id: Uuid) -> Result<Option<Arc<Asset>>, Error> {
        if let Some(asset) = self.names().asset(id) {
            return Ok(Some(asset));
        }
        let found = self.one_proven::<Asset>("id", Kind::Uuid, id.into()).await?;
        Ok(found.map(|sealed| self.names().remember_asset(sealed.row)))
    }

    /// The asset of this id, which a balance or an operation names.
    pub async fn asset_of(&self, id: Uuid) -> Result<Arc<Asset>, Error> {
        let found = self.asset(id).await?;
        found.ok_or_else(|| unknown_asset(&id.to_string()))
    }

    /// The asset that a text means: a code in any case, or an id.
    pub async fn asset_meant(&self, text: &str) -> Result<Option<Arc<Asset>>, Error> {
        if let Ok(id) = Uuid::try_parse(text) {
            return self.asset(id).await;
        }
        let code = text.to_ascii_lowercase();
        if let Some(asset) = self.names().asset_of_code(&code) {
            return Ok(Some(asset));
        }
        let mut conn = self.db().reader().await?;
        let mut needs = Needs::default();
        needs.row(&looks::ASSET_CODED, code);
        let facts = store::facts::load(&mut conn, &needs, false).await?;
        self.shared().seals.check_snapshot(&mut conn, &facts).await?;
        let found = facts.assets.into_values().next();
        Ok(found.map(|sealed| self.names().remember_asset(sealed.row)))
    }

    /// The same; the error says that there is none.
    pub async fn asset_named(&self, text: &str) -> Result<Arc<Asset>, Error> {
        let found = self.asset_meant(text).await?;
        found.ok_or_else(|| unknown_asset(text))
    }

    /// The account of a balance of this id, if there is one.
    pub async fn account_of(&self, balance: Uuid) -> Result<Option<Account>, Error> {
        if let Some(account) = self.names().account(balance) {
            return Ok(Some(account));
        }
        let found = self
            .one_proven::<Balance>("id", Kind::Uuid, balance.into())
            .await?;
        Ok(found.map(|sealed| {
            let account = sealed.row.account();
            self.names().remember(account);
            account
        }))
    }

    /// The account that a text means, of an asset where it is said: the id of a balance, `user:<id or name>` or
    /// `house:<name>`.
    ///
    /// Names of users are looked up only where `by_name`: whoever may not read users must not find out here which there
    /// are.
    pub async fn account_named(
        &self,
        field: &str,
        text: &str,
        asset: Option<Uuid>,
        by_name: bool,
    ) -> Result<Account, Error> {
        let of = |owner| match asset {
            Some(asset) => Ok(Account { asset, owner }),
            None => Err(Error::from(FieldError::new(
                "asset",
                "is needed with user: and house:",
            ))),
        };
        match parse(field, text)? {
            Named::House(house) => of(Owner::House(house)),
            Named::User(user) => {
                let id = match Uuid::try_parse(user) {
                    Ok(id) => id,
                    Err(_) if !by_name => {
                        let message =
                            "you may not read users: give user:me, or the id of a user or a balance";
                        return Err(FieldError::new(field, message).into());
                    }
                    Err(_) => {
                        let found = match by_login(user) {
                            Some((key, value)) => self.one_proven::<User>(key, Kind::Text, value).await?,
                            None => None,
                        };
                        let unknown = || code::UNKNOWN_USER.absent(format_args!("user {user:?}"), field);
                        found.ok_or_else(unknown)?.row.id
                    }
                };
                of(Owner::User(id))
            }
            Named::Balance(id) => {
                let unknown = || code::UNKNOWN_BALANCE.absent(format_args!("balance {id}"), field);
                let account = self.account_of(id).await?.ok_or_else(unknown)?;
                if asset.is_some_and(|asset| asset != account.asset) {
                    return Err(FieldError::new(field, "is of another asset").into());
                }
                Ok(account)
            }
        }
    }

    /// The users among these accounts whose balance is not open yet.
    pub(super) async fn opens(&self, accounts: [Account; 2]) -> Result<Vec<Uuid>, Error> {
        let mut opens = Vec::new();
        for account in accounts {
            if let (Some(user), None) = (account.user(), self.account_of(account.id()).await?) {
                opens.push(user);
            }
        }
        Ok(opens)
    }

    /// The accounts of several balances, for showing them; without those whose row was changed by hand.
    pub async fn accounts_of(&self, balances: &[Uuid]) -> Result<HashMap<Uuid, Account>, Error> {
        let mut known = HashMap::new();
        let mut unknown = Vec::new();
        for id in balances {
            match self.names().account(*id) {
                Some(account) => drop(known.insert(*id, account)),
                None => unknown.push((*id).into()),
            }
        }
        if !unknown.is_empty() {
            let mut conn = self.db().reader().await?;
            let rows = store::sealed::each_by_key(&mut conn, "id", Kind::Uuid, &unknown, Lock::None).await?;
            for row in rows {
                let row: Result<Sealed<Balance>, _> = row.map_err(Error::from);
                let account = match row {
                    // The id follows from whose it is and of which asset, so no seal has to say it.
                    Ok(sealed) if sealed.row.account().id() == sealed.row.id => sealed.row.account(),
                    Ok(sealed) => {
                        told::of_row(
                            Balance::TABLE.name,
                            sealed.row.id,
                            "is somebody else's than its id says",
                        );
                        continue;
                    }
                    Err(Error::Tampered { table, id, what }) => {
                        told::of_row(table, id, &what);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                self.names().remember(account);
                known.insert(account.id(), account);
            }
        }
        Ok(known)
    }
}
