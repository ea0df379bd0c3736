//! What a reader chooses: the zone of times, colours, single keys.

use maud::{Markup, html};

use crate::components::{Field, Input, field};

/// What is chosen.
#[derive(Clone, Debug)]
pub struct Preferences {
    /// `browser`, or the name of a zone.
    pub zone: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Whether single keys do something.
    pub keys: bool,
    /// What is wrong with the zone.
    pub problem: Option<String>,
}

/// The page to choose.
pub fn preferences(page: &Preferences) -> Markup {
    let mut zone = Field::new("zone", "Times are shown and typed in", Input::Line)
        .doc("browser, UTC, or any zone of the IANA database, such as Europe/Berlin.")
        .value(&page.zone)
        .required();
    zone.problem.clone_from(&page.problem);
    zone.offers = [
        "browser",
        "UTC",
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "Asia/Tokyo",
    ]
    .map(|name| name.to_owned().into())
    .into();
    let words = |words: &[&str]| Input::Words(words.iter().map(|word| (*word).to_owned()).collect());
    let theme = Field::new("theme", "Colours", words(&["system", "light", "dark"]))
        .value(&page.theme)
        .required();
    let keys = Field::new("keys", "Single keys", words(&["on", "off"]))
        .value(if page.keys { "on" } else { "off" })
        .doc("j and k move in a list, and ? shows all of them.")
        .required();
    html! {
        h1 { "Times, colours, keys" }
        p.about { "These are kept in this browser, and are nobody else's." }
        form.change method="post" action="/preferences" {
            @for one in [&zone, &theme, &keys] { (field(one, "p-")) }
            div.buttons { button type="submit" { "Keep" } }
        }
    }
}
