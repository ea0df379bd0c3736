//! `GET /account`: who one is, what one may do, and what one can change about it.

use console::{Action, OnePage};
use views::{Cell, Titled};

use crate::call::{Answer, Call};
use crate::console::frame;

/// Forms about oneself, and the words for them.
const OWN: [(&str, &str); 6] = [
    ("/me/password", "Change password"),
    ("/me/second-factor", "Set up second factor"),
    ("/me/second-factor/recovery-codes", "New recovery codes"),
    ("/me/second-factor/remove", "Remove second factor"),
    ("/sessions/end", "End all other sessions"),
    ("/api-keys/new", "New API key"),
];

pub(crate) async fn show(call: Call) -> Answer {
    frame::free(&call)?;
    let frame = frame::of(&call, "My account").await;
    let identity = call.identity()?;
    let user = &identity.user;
    let permissions: Vec<&str> = identity
        .principal
        .permissions()
        .into_iter()
        .map(domain::identity::Permission::as_str)
        .collect();
    let mut pairs: Vec<Titled> = vec![
        ("User name", (&user.username).into()),
        ("Full name", user.full_name.as_ref().into()),
        ("E-mail", user.email.as_ref().into()),
        ("Role", user.role.to_string().into()),
        ("May", permissions.join(", ").into()),
        ("Id", Cell::One("users", user.id.to_string())),
    ];
    if let Some(session) = &identity.session {
        pairs.push(("Signed in", session.created_at.into()));
        pairs.push(("Until", session.expires_at.into()));
    }
    let factor = call.app.engine.user_state(user.id).await?.second_factor;
    let rule = call.app.engine.rules().role(&user.role);
    let demanded = rule.is_some_and(|rule| rule.second_factor);
    pairs.push(("Second factor", if factor { "on" } else { "none" }.into()));
    // What cannot succeed as it stands is not offered.
    let possible = |path: &str| match path {
        "/me/second-factor" => !factor,
        "/me/second-factor/recovery-codes" => factor,
        "/me/second-factor/remove" => factor && !demanded,
        _ => true,
    };
    let offered = |path: &str| {
        possible(path)
            && call
                .app
                .site
                .forms_for(&identity.principal)
                .any(|form| form.path == path)
    };
    let id = user.id.to_string();
    let mine = |words: &str, path: &str| {
        (
            words.to_owned(),
            format!("{path}{}", console::query([("user", id.as_str())])),
        )
    };
    let page = OnePage {
        title: "My account".to_owned(),
        list: ("/".to_owned(), "Overview".to_owned()),
        actions: OWN
            .into_iter()
            .filter(|(path, _)| offered(path))
            .map(|(path, words)| Action {
                label: words.to_owned(),
                href: path.to_owned(),
                danger: false,
            })
            .collect(),
        related: vec![
            ("My sessions".to_owned(), "/sessions".to_owned()),
            mine("My API keys", "/api-keys"),
        ],
        call: "curl -sS \"$URL/v1/me\" -H \"Authorization: Bearer $KEY\"".to_owned(),
        pairs,
        ..OnePage::default()
    };
    Ok(frame::answer(&frame, &console::one(&frame.look, &page)))
}
