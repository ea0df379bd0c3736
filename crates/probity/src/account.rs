//! Accounts and users as people name them: `user:ann`, `house:fees`.

use std::collections::HashMap;
use std::sync::Arc;

use domain::custody::{Account, Asset, Owner};
use domain::governance::Agent;
use domain::identity::user::User;
use domain::record::Sealed;
use engine::Engine;
use uuid::Uuid;

use crate::failure::Failure;

/// What is written for a user or balance in options.
pub const ACCOUNT: &str = "ACCOUNT";

/// Users' names, each looked up once.
#[derive(Debug, Default)]
pub struct People(HashMap<Uuid, String>);

impl People {
    /// A user's name; the id where there is none.
    pub async fn name(&mut self, engine: &Engine, id: Uuid) -> Result<String, Failure> {
        if let Some(name) = self.0.get(&id) {
            return Ok(name.clone());
        }
        let found = engine.user(id).await?;
        let name = found.map_or_else(|| id.to_string(), |user| user.row.username);
        self.0.insert(id, name.clone());
        Ok(name)
    }

    /// An account with its user's name: `user:ann`, `house:fees`.
    pub async fn account(&mut self, engine: &Engine, account: Account) -> Result<String, Failure> {
        Ok(match account.owner {
            Owner::User(id) => format!("user:{}", self.name(engine, id).await?),
            Owner::House(house) => format!("house:{}", house.as_str()),
        })
    }
}

/// The account that a text means, of an asset where one is named, with its asset.
pub async fn find(
    engine: &Engine,
    text: &str,
    asset: Option<&str>,
) -> Result<(Account, Arc<Asset>), Failure> {
    let asset = match asset {
        Some(code) => Some(engine.asset_named(code).await?),
        None => None,
    };
    let id = asset.as_ref().map(|asset| asset.id);
    let account = engine.account_named("account", text, id, true).await?;
    let asset = match asset {
        Some(asset) => asset,
        None => engine.asset_named(&account.asset.to_string()).await?,
    };
    Ok((account, asset))
}

/// The agent that a text means: a name or an id.
pub async fn agent(engine: &Engine, text: &str) -> Result<Sealed<Agent>, Failure> {
    let found = engine.agent_meant(text).await?;
    found.ok_or_else(|| {
        let message = format!("there is no agent {text:?}");
        Failure::no("unknown_agent", message, "see what there is: probity agent list")
    })
}

/// The user that a text means: a name, an id or an e-mail address.
pub async fn user(engine: &Engine, text: &str) -> Result<Sealed<User>, Failure> {
    engine.user_meant(text).await?.ok_or_else(|| {
        let message = format!("there is no user {text:?}");
        Failure::no("unknown_user", message, "see who is there: probity user list")
    })
}
