//! The way in.

use maud::{Markup, html};

use crate::components::{Field, Input, field, icon};

/// The way in.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// What was typed before.
    pub username: String,
    /// Where to go afterwards: a path of ours.
    pub next: String,
    /// Why it did not go on.
    pub problem: Option<String>,
    /// Whether a code is asked for.
    pub code: bool,
    /// Why the browser would not keep the session.
    pub cookieless: Option<&'static str>,
    /// What happened before, such as signing out.
    pub note: Option<&'static str>,
}

/// The page to sign in.
pub fn sign_in(page: &SignIn) -> Markup {
    let mut code = Field::new("code", "Code", Input::Code)
        .doc("Six digits from your app, or one of your recovery codes. Leave it empty if you have no second factor.");
    code.required = page.code;
    let username = Field::new("username", "User name or e-mail address", Input::Line)
        .value(&page.username)
        .required();
    html! {
        div.sign-in {
            h1 { "Sign in" }
            @if let Some(note) = page.note { p.banner data-tone="good" role="status" { (note) } }
            @if let Some(why) = page.cookieless { p.banner data-tone="bad" role="alert" { (icon("triangle-alert")) " " (why) } }
            @if let Some(problem) = &page.problem { p.banner data-tone="bad" role="alert" { (icon("triangle-alert")) " " (problem) } }
            form method="post" action="/sign-in" {
                input type="hidden" name="next" value=(page.next);
                (field(&username, "s-"))
                (field(&Field::new("password", "Password", Input::Password).required(), "s-"))
                (field(&code, "s-"))
                div.buttons { button type="submit" { "Sign in" } }
            }
            p.quiet { "You were invited? " a href="/invitation" { "Choose a password" } "." }
        }
    }
}
