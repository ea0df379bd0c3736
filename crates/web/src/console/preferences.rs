//! `GET` and `POST /preferences`: the zone of times, colours, single keys. They are kept in the browser alone.

use console::{Preferences, Zone};
use http::header::SET_COOKIE;
use http::{HeaderValue, StatusCode};

use crate::call::{Answer, Call};
use crate::console::frame::{self, KEYS, THEME, ZONE};
use crate::console::redirect;
use crate::credential;

/// What stands for the browser's own zone, and for the system's own colours.
const BROWSER: &str = "browser";

pub(crate) async fn show(call: Call) -> Answer {
    let frame = frame::of(&call, "Times, colours, keys").await;
    let zone = &frame.look.zone;
    let page = Preferences {
        zone: if zone.is_the_browser_s() {
            BROWSER.to_owned()
        } else {
            zone.name().to_owned()
        },
        theme: frame.theme.unwrap_or("system").to_owned(),
        keys: frame.keys,
        problem: None,
    };
    Ok(frame::answer(&frame, &console::preferences(&page)))
}

pub(crate) async fn submit(mut call: Call) -> Answer {
    credential::from_our_pages(&call.parts)?;
    let given = call.form().await?;
    let (zone, theme) = (given.get("zone"), given.get("theme"));
    let chosen = Zone::chosen(zone.trim());
    if chosen.is_none() && zone.trim() != BROWSER {
        let frame = frame::of(&call, "Times, colours, keys").await;
        let page = Preferences {
            zone,
            theme,
            keys: given.get("keys") != "off",
            problem: Some("is no zone: browser, UTC, or one such as Europe/Berlin".to_owned()),
        };
        let mut response = frame::answer(&frame, &console::preferences(&page));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    }
    let theme = ["light", "dark"].into_iter().find(|known| theme == *known);
    let keys = (given.get("keys") == "off").then_some("off");
    let mut response = redirect::to("/preferences");
    for (name, value) in [(ZONE, chosen.as_deref()), (THEME, theme), (KEYS, keys)] {
        response.headers_mut().append(SET_COOKIE, cookie(name, value));
    }
    Ok(response)
}

/// A cookie that is kept for a year; none is forgotten.
fn cookie(name: &str, value: Option<&str>) -> HeaderValue {
    let age = if value.is_some() { 31_536_000 } else { 0 };
    let value = value.map_or_else(String::new, console::encoded);
    let text = format!("{name}={value}; Path=/; SameSite=Strict; Max-Age={age}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
