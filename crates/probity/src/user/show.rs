//! `probity user show`.

use engine::Engine;
use views::{
    Activity, ApiKey, Balance, KycRecord, Noun, Part, Session, Show, USER_PARTS, User, UserWhole, Viewer,
};

use super::Who;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{account, nouns, output, table};

pub async fn run(context: &Context, args: Who) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let user = account::user(engine, &args.user).await?;
            let sessions = Part::<Session>::of(engine, Viewer::OPERATOR, user.row.id).await?;
            let mut whole = UserWhole::of(engine, user).await?;
            for (part, _) in USER_PARTS {
                whole.include(engine, Viewer::OPERATOR, part).await?;
            }
            if context.json() {
                output::json(&whole)?;
                return Ok(Exit::Ok);
            }
            let pairs = nouns::pairs(engine, &User::details(&whole)).await?;
            let mut lines = table::pairs(&pairs, table::width());
            let kyc = whole.kyc.as_ref().map(|kyc| &kyc.records);
            lines.extend(section::<KycRecord>(engine, kyc).await?);
            lines.extend(section::<Balance>(engine, whole.balances.as_ref()).await?);
            lines.extend(section::<Session>(engine, Some(&sessions)).await?);
            lines.extend(section::<ApiKey>(engine, whole.api_keys.as_ref()).await?);
            lines.extend(section::<Activity>(engine, whole.activities.as_ref()).await?);
            output::line(&lines.join("\n"))?;
            Ok(Exit::Ok)
        })
        .await
}

/// A table of rows with its title, where there are any.
async fn section<N: Noun>(engine: &Engine, part: Option<&Part<N>>) -> Result<Vec<String>, Failure> {
    let Some(part) = part.filter(|part| !part.records.is_empty()) else {
        return Ok(Vec::new());
    };
    let mut lines = vec![String::new(), format!("{}:", output::capital(N::NAMES.1))];
    lines.extend(nouns::lines::<N>(engine, &part.records).await?);
    let more = part.next.as_ref();
    lines.extend(more.map(|_| format!("… and more: probity {} list --user NAME", N::COMMAND)));
    Ok(lines)
}
