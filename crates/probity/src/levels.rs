//! How much is logged, as it is written in the settings.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// Reads a level, or levels by part.
pub fn levels(text: &str) -> Result<Targets, String> {
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
