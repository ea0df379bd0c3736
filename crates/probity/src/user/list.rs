//! `probity user list`.

use std::collections::HashMap;

use clap::Args;
use domain::identity::Role;
use domain::identity::user::User;
use domain::record::Sealed;
use engine::Engine;
use engine::list::UserFilter;
use evidence::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{as_json, parse_role, state};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column};

/// Users that are read at once.
const CHUNK: u32 = 500;

/// Arguments of `probity user list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// A text in the user name, e-mail address or full name, in any case
    #[arg(long)]
    text: Option<String>,
    /// Users of this role
    #[arg(long, value_parser = parse_role)]
    role: Option<Role>,
    /// Enabled users only
    #[arg(long, conflicts_with = "disabled")]
    active: bool,
    /// Disabled and erased users only
    #[arg(long)]
    disabled: bool,
    /// Most users to list; all unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

/// Users that fulfil the filter, at most so many, and whether there are more.
pub async fn all(
    engine: &Engine,
    filter: &UserFilter,
    limit: Option<u32>,
) -> Result<(Vec<Sealed<User>>, bool), Failure> {
    let mut users: Vec<Sealed<User>> = Vec::new();
    loop {
        let after = users.last().map(|user| user.row.id);
        let page = engine.users(filter, after, CHUNK).await?;
        let last = page.len() < CHUNK as usize;
        users.extend(page);
        if let Some(limit) = limit
            && users.len() > limit as usize
        {
            users.truncate(limit as usize);
            return Ok((users, true));
        }
        if last {
            return Ok((users, false));
        }
    }
}

pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            if let Some(role) = &args.role
                && engine.rules().role(role).is_none()
            {
                context.remark(&format!("There is no role {role} (any more): probity role list"));
            }
            let filter = UserFilter {
                text: args.text,
                role: args.role,
                active: (args.active || args.disabled).then_some(args.active),
            };
            let (users, more) = all(engine, &filter, args.limit).await?;
            let mut logins: HashMap<Uuid, Timestamp> = HashMap::new();
            for chunk in users.chunks(CHUNK as usize) {
                let ids: Vec<Uuid> = chunk.iter().map(|user| user.row.id).collect();
                logins.extend(engine.users_seen(&ids).await?);
            }
            if context.json() {
                let users: Vec<_> = users
                    .iter()
                    .map(|user| {
                        let mut value = as_json(&user.row, user.version);
                        value["last_login_at"] = logins.get(&user.row.id).map(ToString::to_string).into();
                        value
                    })
                    .collect();
                output::json(&json!({ "users": users, "more": more }))?;
            } else {
                let rows: Vec<_> = users
                    .iter()
                    .map(|user| row(&user.row, logins.get(&user.row.id)))
                    .collect();
                if !rows.is_empty() {
                    output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
                }
                let more = if more { "; more with a higher --limit" } else { "" };
                context.remark(&format!("{}{more}", counted(rows.len() as u64, "user", "users")));
            }
            Ok(Exit::Ok)
        })
        .await
}

const COLUMNS: [Column; 5] = [
    column("name", Elide::End).weighing(2),
    column("role", Elide::End),
    column("state", Elide::Never),
    column("e-mail", Elide::End).weighing(2),
    column("last login (UTC)", Elide::Never),
];

fn row(user: &User, login: Option<&Timestamp>) -> Vec<String> {
    vec![
        user.username.clone(),
        user.role.to_string(),
        state(user).to_owned(),
        user.email.clone().unwrap_or_default(),
        login.map_or_else(|| "never".to_owned(), |login| output::minute(*login)),
    ]
}
