//! Log lines, on standard error; with `log.sql` also what goes to the database.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;
use crate::context::Context;
use crate::failure::Failure;
use crate::levels::levels;

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
        .with_target(engine::database::echo::TARGET, echo);
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
