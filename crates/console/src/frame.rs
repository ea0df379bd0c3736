//! What all pages share: head, navigation, who the reader is, and what is wrong.

use maud::{DOCTYPE, Markup, html};

use crate::assets::{Asset, CONSOLE, FAVICON, STYLE};
use crate::components::icon;
use crate::look::Look;

/// How serious something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Somebody must act.
    Bad,
    /// Somebody should.
    Warn,
}

/// What every page says while it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// How serious.
    pub tone: Tone,
    /// What is wrong, and what to do.
    pub text: String,
    /// Where there is more, if the reader may open it.
    pub href: Option<String>,
}

/// A place in the navigation.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it leads.
    pub href: String,
    /// What it is called.
    pub label: String,
}

/// Places that belong to one task.
#[derive(Clone, Debug)]
pub struct Group {
    /// The task; empty for places that stand by themselves.
    pub label: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Its places.
    pub items: Vec<Item>,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Who {
    /// User name.
    pub name: String,
    /// Role.
    pub role: String,
}

/// What all pages share.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What the page is called, with a count where there is one.
    pub title: String,
    /// The path of the page, for the navigation.
    pub path: String,
    /// The navigation, as far as the reader may go; nothing for who is not signed in.
    pub groups: Vec<Group>,
    /// Who is signed in.
    pub who: Option<Who>,
    /// The name of the environment: `production`, `test` or another.
    pub environment: String,
    /// What is wrong.
    pub banners: Vec<Banner>,
    /// How things are shown.
    pub look: Look,
    /// `light`, `dark`, or as the system has it.
    pub theme: Option<&'static str>,
    /// Whether single keys do something.
    pub keys: bool,
    /// Scripts beside the one that every page has.
    pub scripts: Vec<&'static Asset>,
}

/// The keys, and what each does.
const KEYS: [(&str, &str); 9] = [
    ("j", "next row"),
    ("k", "row before"),
    ("Enter", "open the row"),
    ("o", "look at the row beside the list"),
    ("Esc", "close what is open"),
    ("[", "the one before in the list that you came from"),
    ("]", "the next one in that list"),
    (
        "/",
        "to the first field of the filter; where there is none, to the search",
    ),
    ("?", "this list"),
];

impl Frame {
    /// The whole page around its content.
    pub fn page(&self, content: &Markup) -> Markup {
        let zone = &self.look.zone;
        html! {
            (DOCTYPE)
            html lang="en" data-theme=[self.theme] data-zone=(zone.name()) data-zone-of=[zone.is_the_browser_s().then_some("browser")]
                data-keys=[(!self.keys).then_some("off")] data-environment=(self.environment) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content=(self.theme.unwrap_or("light dark"));
                    title { (self.title) " · " (self.environment) " · Probity" }
                    link rel="icon" href=(FAVICON.path()) type="image/svg+xml";
                    link rel="stylesheet" href=(STYLE.path());
                    script type="module" src=(CONSOLE.path()) {}
                    @for script in &self.scripts { script type="module" src=(script.path()) {} }
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    (self.head())
                    main id="content" tabindex="-1" {
                        @for banner in &self.banners { (banner.show()) }
                        (content)
                    }
                    // Behind the content, where a small screen shows it; a large one has it at the side.
                    @if !self.groups.is_empty() { (self.navigation()) }
                    @if self.who.is_some() { (keys()) }
                }
            }
        }
    }

    fn head(&self) -> Markup {
        html! {
            header.top {
                @if !self.groups.is_empty() { a.to-menu href="#menu" { (icon("menu")) span.hidden { "Menu" } } }
                a.brand href="/" aria-label="Probity" { (icon("shield-check")) span { "Probity" } }
                span.environment { (self.environment) }
                @if self.groups.is_empty() { span.room {} } @else {
                    form.search role="search" method="get" action="/search" {
                        label.hidden for="q" { "Search" }
                        input id="q" type="search" name="q" maxlength="254" placeholder="Id, index, name, transaction, trace" autocomplete="off" spellcheck="false";
                    }
                }
                @if let Some(who) = &self.who {
                    details.menu {
                        summary { (icon("circle-user")) " " (who.name) " " span.quiet { (who.role) } }
                        div {
                            a href="/account" { "My account" }
                            a href="/preferences" { "Times, colours, keys" }
                            a href="/docs" { "API reference" }
                            form method="post" action="/sign-out" { button.link type="submit" { "Sign out" } }
                        }
                    }
                }
            }
        }
    }

    fn navigation(&self) -> Markup {
        html! {
            nav.side id="menu" aria-label="Main" {
                @for group in &self.groups {
                    @if group.label.is_empty() {
                        @for item in &group.items { (self.item(item, Some(group.icon))) }
                    } @else {
                        p { (icon(group.icon)) " " (group.label) }
                        ul { @for item in &group.items { li { (self.item(item, None)) } } }
                    }
                }
            }
        }
    }

    fn item(&self, item: &Item, sign: Option<&str>) -> Markup {
        let here = self.path == item.href;
        let within = !here && item.href != "/" && self.path.starts_with(&format!("{}/", item.href));
        let current = match (here, within) {
            (true, _) => Some("page"),
            (_, true) => Some("true"),
            _ => None,
        };
        html! { a href=(item.href) aria-current=[current] { @if let Some(sign) = sign { (icon(sign)) " " } (item.label) } }
    }
}

impl Banner {
    fn show(&self) -> Markup {
        let (tone, role) = match self.tone {
            Tone::Bad => ("bad", "alert"),
            Tone::Warn => ("warn", "status"),
        };
        html! {
            p.banner data-tone=(tone) role=(role) {
                (icon("triangle-alert")) " " (self.text)
                @if let Some(href) = &self.href { " " a href=(href) { "What to do" } }
            }
        }
    }
}

fn keys() -> Markup {
    html! {
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { "Keys" }
            dl.keys { @for (key, does) in KEYS { div { dt { kbd { (key) } } dd { (does) } } } }
            p.quiet { "Single keys can be switched off under " a href="/preferences" { "Times, colours, keys" } "." }
            form method="dialog" { button type="submit" { "Close" } }
        }
        // What is announced to those who listen.
        div.hidden id="said" role="status" aria-live="polite" {}
    }
}
