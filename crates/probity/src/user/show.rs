//! `probity user show`.

use clap::Args;
use domain::identity::user::User;
use engine::Engine;
use engine::identity::UserState;
use serde_json::{Value, json};
use views::{
    ApiKey, ApiKeyView, Balance, BalanceView, KycRecord, KycRecordView, Noun, Session, SessionListed,
};

use super::{as_json, find, state};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, minute};
use crate::{nouns, parse, table};

/// Arguments of `probity user show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

/// What is shown.
struct Known {
    user: User,
    version: u64,
    state: UserState,
    sessions: Vec<SessionListed>,
    keys: Vec<ApiKeyView>,
    tier: u64,
    kyc: Vec<KycRecordView>,
    balances: Vec<BalanceView>,
}

pub async fn run(context: &Context, args: ShowArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let user = find(engine, &args.user).await?;
            let id = user.row.id;
            let known = Known {
                state: engine.user_state(id).await?,
                sessions: nouns::of_user::<Session>(engine, id).await?,
                keys: nouns::of_user::<ApiKey>(engine, id).await?,
                tier: engine.tier_at(id, parse::now()).await?,
                kyc: nouns::of_user::<KycRecord>(engine, id).await?,
                balances: nouns::of_user::<Balance>(engine, id).await?,
                version: user.version,
                user: user.row,
            };
            if context.json() {
                output::json(&as_whole(&known))?;
            } else {
                let mut lines = table::pairs(&pairs(engine, &known), table::width());
                lines.extend(section::<KycRecord>(engine, "KYC records", &known.kyc).await?);
                lines.extend(section::<Balance>(engine, "Balances", &known.balances).await?);
                lines.extend(section::<Session>(engine, "Sessions", &known.sessions).await?);
                lines.extend(section::<ApiKey>(engine, "API keys", &known.keys).await?);
                output::line(&lines.join("\n"))?;
            }
            Ok(Exit::Ok)
        })
        .await
}

/// A table of rows with its title, where there are any.
async fn section<N: Noun>(engine: &Engine, title: &str, rows: &[N::View]) -> Result<Vec<String>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = vec![String::new(), format!("{title}:")];
    lines.extend(nouns::lines::<N>(engine, rows).await?);
    Ok(lines)
}

fn as_whole(known: &Known) -> Value {
    let mut value = as_json(&known.user, known.version);
    value["state"] = state(&known.user).into();
    value["second_factor"] = known.state.second_factor.into();
    value["last_login_at"] = known.state.last_login_at.map(|at| at.to_string()).into();
    value["invited_until"] = known.state.invited_until.map(|at| at.to_string()).into();
    value["sessions"] = json!(known.sessions);
    value["kyc"] = json!({ "tier": known.tier, "records": known.kyc });
    value["balances"] = json!({ "records": known.balances });
    value["api_keys"] = json!(known.keys);
    value
}

fn pairs(engine: &Engine, known: &Known) -> Vec<(&'static str, String)> {
    let user = &known.user;
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let defined = engine.rules().role(&user.role);
    let role = match defined {
        Some(rule) if rule.description.is_empty() => user.role.to_string(),
        Some(rule) => format!("{} ({})", user.role, rule.description),
        None => format!("{} (not defined any more: it may do nothing)", user.role),
    };
    let demanded = defined.is_some_and(|rule| rule.second_factor);
    let second_factor = match (known.state.second_factor, demanded) {
        (true, _) => "is set up",
        (false, true) => "not set up; the role demands it at next login",
        (false, false) => "not set up",
    };
    let mut pairs = vec![
        ("User name", user.username.clone()),
        ("Id", user.id.to_string()),
        ("Full name", or_none(&user.full_name)),
        ("E-mail", or_none(&user.email)),
        ("Role", role),
        ("State", state(user).to_owned()),
        ("Password", password(user)),
        ("Second factor", second_factor.to_owned()),
        (
            "Last login",
            known.state.last_login_at.map_or("never".to_owned(), minute),
        ),
    ];
    if !known.kyc.is_empty() {
        pairs.push(("Tier", known.tier.to_string()));
    }
    if let Some(until) = known.state.invited_until {
        pairs.push(("Invitation", format!("open until {}", minute(until))));
    }
    pairs.extend([
        ("Created", minute(user.created_at)),
        ("Changed", minute(user.updated_at)),
        ("Version", known.version.to_string()),
    ]);
    if let Some(at) = user.erased_at {
        pairs.push(("Erased", minute(at)));
    }
    pairs.push(("Did", format!("probity audit list --actor {}", user.id)));
    pairs.push((
        "Was changed",
        format!("probity audit list --target user:{}", user.id),
    ));
    pairs
}

fn password(user: &User) -> String {
    let changed = user.password_changed_at;
    let Some(hash) = &user.password_hash else {
        return "none".to_owned();
    };
    if user.password_temporary && hash.starts_with("$2") {
        return "imported (bcrypt) and checked in part, to be changed at next login".to_owned();
    }
    if user.password_temporary {
        return "one-time, to be changed at next login".to_owned();
    }
    match changed {
        Some(at) => format!("changed {}", minute(at)),
        None if hash.starts_with("$2") => "imported (bcrypt), replaced at next login".to_owned(),
        None => "set for the user".to_owned(),
    }
}
