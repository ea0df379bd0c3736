//! Pages of people and of their keys: what they may do, and what they did.

use domain::identity::Role;
use engine::list::Order;
use views::{ApiKey, Asked, Entry, Given, Noun, Paging, Titled, User, Viewer};

use crate::call::{Answer, Call};
use crate::console::one::One;
use crate::console::{consequences, frame};
use crate::problem::Problem;

/// How many of a key's entries are looked at, the newest first.
const LOOKED_AT: u32 = 200;

/// Shows a user.
pub(crate) async fn user(mut call: Call) -> Answer {
    let one = One::<User>::found(&mut call).await?;
    let (frame, mut page) = one.page(&call, &[]).await?;
    let user = &one.whole.user;
    let rules = call.app.engine.rules();
    let role = Role::parse(&user.role);
    let permissions = role
        .as_ref()
        .map(|role| rules.permissions(role))
        .unwrap_or_default();
    let words: Vec<&str> = permissions.iter().map(|one| one.as_str()).collect();
    page.pairs.push(("May", words.join(" ").into()));
    let counts = consequences::of_user(&call, user.id).await?;
    let standing: [Titled; 3] = [
        ("Sessions in use", counts.sessions.shown().into()),
        ("API keys that work", counts.keys.shown().into()),
        ("Agents", counts.agents.shown().into()),
    ];
    page.pairs.extend(standing);
    Ok(frame::answer(&frame, &console::one(&frame.look, &page)))
}

/// Shows an API key.
pub(crate) async fn api_key(mut call: Call) -> Answer {
    let one = One::<ApiKey>::found(&mut call).await?;
    let (frame, mut page) = one.page(&call, &[]).await?;
    page.pairs.extend(used(&call, &one).await?);
    Ok(frame::answer(&frame, &console::one(&frame.look, &page)))
}

/// By which of its permissions a key wrote, and by which it did not: reading leaves no entry.
async fn used(call: &Call, one: &One<ApiKey>) -> Result<Vec<Titled>, Problem> {
    let identity = call.identity()?;
    if !identity.principal.holds(domain::identity::Permission::AuditRead) {
        return Ok(Vec::new());
    }
    let key = &one.whole;
    let asked = Asked(vec![("recorded_by", Given::Id(key.key.id))]);
    let paging = Paging {
        order: Order::Descending,
        limit: Some(LOOKED_AT),
        ..Paging::ALL
    };
    let page = Entry::page(&call.app.engine, Viewer::of(identity), &asked, paging).await?;
    let by = |word: &str| {
        page.views
            .iter()
            .any(|entry| entry.authority.split(' ').any(|part| part == word))
    };
    let (wrote, never): (Vec<_>, Vec<_>) = key
        .permissions
        .iter()
        .partition(|permission| by(permission.as_str()));
    let words = |permissions: Vec<&domain::identity::Permission>| {
        let words: Vec<&str> = permissions.into_iter().map(|one| one.as_str()).collect();
        if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(" ")
        }
    };
    let looked = format!("of its newest {}", views::count(page.views.len() as u64));
    Ok(vec![
        ("Entries looked at", looked.into()),
        ("  wrote by", words(wrote).into()),
        (
            "  wrote nothing by",
            format!("{} (reading leaves no entry)", words(never)).into(),
        ),
    ])
}
