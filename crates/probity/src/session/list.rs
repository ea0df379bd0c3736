//! `probity session list`.

use std::collections::HashMap;

use clap::Args;
use engine::Engine;
use engine::list::UserFilter;
use serde_json::json;
use uuid::Uuid;

use super::{COLUMNS, as_json, row, seen};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::{table, user};

/// Users that are looked at together.
const CHUNK: u32 = 500;

/// Arguments of `probity session list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Of this user: name, id or e-mail address
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let mut names = HashMap::new();
            let mut sessions = Vec::new();
            if let Some(text) = &args.user {
                let user = user::find(engine, text).await?.row;
                sessions = engine.sessions_of(user.id).await?;
                names.insert(user.id, user.username);
            } else {
                let mut after = None;
                while let Some(chunk) = next_users(engine, after).await? {
                    after = chunk.last().map(|(id, _)| *id);
                    let ids: Vec<Uuid> = chunk.iter().map(|(id, _)| *id).collect();
                    sessions.extend(engine.sessions_of_all(&ids).await?);
                    names.extend(chunk);
                }
                sessions.sort_unstable_by_key(|session| session.id);
            }
            let seen = seen(engine, &sessions).await?;
            let name = |id: &Uuid| names.get(id).map_or("", String::as_str);
            if context.json() {
                let sessions: Vec<_> = sessions
                    .iter()
                    .map(|session| as_json(session, name(&session.user_id), &seen))
                    .collect();
                output::json(&json!({ "sessions": sessions }))?;
            } else {
                let rows: Vec<_> = sessions
                    .iter()
                    .map(|session| row(session, name(&session.user_id), &seen))
                    .collect();
                if !rows.is_empty() {
                    output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
                }
                let found = counted(rows.len() as u64, "session", "sessions");
                context.remark(&format!("{found} in use"));
            }
            Ok(Exit::Ok)
        })
        .await
}

/// The next enabled users, by id and name: a disabled user's sessions have ended.
async fn next_users(engine: &Engine, after: Option<Uuid>) -> Result<Option<Vec<(Uuid, String)>>, Failure> {
    let active = UserFilter {
        active: Some(true),
        ..UserFilter::default()
    };
    let users = engine.users(&active, after, CHUNK).await?;
    let named = users.into_iter().map(|user| (user.row.id, user.row.username));
    Ok(Some(named.collect::<Vec<_>>()).filter(|users| !users.is_empty()))
}
