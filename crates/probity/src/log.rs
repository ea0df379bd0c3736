//! Log lines, on standard error; with `log.sql` also what goes to the database.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;
use crate::context::Context;
use crate::failure::Failure;

/// Reads a level, or levels by part.
fn levels(text: &str) -> Result<Targets, String> {
    // By itself the filter takes a misspelt level for the name of a part, of which it then logs everything.
    let is_level = |part: &str| {
        let level = part.split_once('=').map_or(part, |(_, level)| level).trim();
        !level.is_empty() && level.parse::<LevelFilter>().is_ok()
    };
    let targets = text
        .parse()
        .ok()
        .filter(|_: &Targets| text.split(',').all(is_level));
    targets.ok_or_else(|| format!("{text:?} is not a level such as info or \"warn,engine=debug\""))
}

/// Whether the text is a level, or levels by part.
pub fn check_level(text: &str) -> Result<(), String> {
    levels(text).map(drop)
}

/// Starts logging. Commands that are not the server's keep to warnings, unless the variable asks for more.
pub fn start(context: &Context, server: bool) -> Result<(), Failure> {
    let settings = &context.settings;
    let asked = settings
        .sources
        .get("log.level")
        .is_some_and(|source| source.starts_with("PROBITY_"));
    let level = if server || asked {
        settings.config.log.level.as_str()
    } else {
        "warn"
    };
    let wrong =
        |error: String| Failure::could_not_run("config", error, "see log.level in config/example.toml");
    let echo = if settings.config.log.sql {
        LevelFilter::DEBUG
    } else {
        LevelFilter::OFF
    };
    let targets = levels(level)
        .map_err(wrong)?
        .with_target(store::echo::TARGET, echo);
    let registry = tracing_subscriber::registry().with(targets);
    let layer = fmt::layer().with_writer(std::io::stderr);
    match settings.config.log.format {
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
        LogFormat::Text => registry
            .with(
                layer
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_target(false),
            )
            .try_init(),
    }
    .map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::check_level;

    #[test]
    fn levels_and_parts() {
        for (text, good) in [
            ("info", true),
            ("off", true),
            ("warn,engine=debug", true),
            ("loud", false),
            ("info,engine", false),
            ("engine=loud", false),
            ("", false),
        ] {
            assert_eq!(check_level(text).is_ok(), good, "{text}");
        }
    }
}
