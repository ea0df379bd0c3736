//! What pages load: a style sheet, icons and scripts, under names that change with their content.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// What pages may load and run: from this server alone, and nothing that stands in the page itself.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                          form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                          trusted-types 'none'";

/// The part of the style sheet that the API reference has too: colours, letters, focus.
pub const BASE: &str = include_str!("base.css");

/// Something that pages load.
#[derive(Debug)]
pub struct Asset {
    name: LazyLock<String>,
    /// Media type.
    pub media: &'static str,
    /// Content, as it is served.
    pub text: LazyLock<String>,
}

/// Hexadecimal digits of the hash in a name.
const HASH_LEN: usize = 12;

fn name(stem: &str, text: &str, end: &str) -> String {
    let mut name = format!("{stem}.");
    for byte in Sha256::digest(text).iter().take(HASH_LEN / 2) {
        let _ = write!(name, "{byte:02x}");
    }
    name + "." + end
}

/// A text as it is served: scripts without the lines that are comments alone, with a tab for each two spaces before a line. What
/// is left is as it was written, so that it can be read; no text in a script goes over several lines.
fn served(text: &str, end: &str) -> String {
    let is_comment = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with("//") || line.starts_with("/**") && line.ends_with("*/")
    };
    if end != "js" {
        return text.to_owned();
    }
    let indented = |line: &str| {
        let rest = line.trim_start_matches(' ');
        "\t".repeat((line.len() - rest.len()) / 2) + rest
    };
    let lines = text.split_inclusive('\n').filter(|line| !is_comment(line));
    lines.map(indented).collect()
}

macro_rules! assets {
    ($($(#[$doc:meta])* $name:ident = $stem:literal $end:literal $media:literal $text:expr;)*) => {
        $(
            $(#[$doc])*
            pub static $name: Asset = Asset {
                name: LazyLock::new(|| name($stem, &$name.text, $end)),
                media: $media,
                text: LazyLock::new(|| served($text, $end)),
            };
        )*

        /// All of them.
        static ALL: &[&Asset] = &[$(&$name),*];
    };
}

assets! {
    /// What pages look like.
    STYLE = "style" "css" "text/css; charset=utf-8" concat!(include_str!("base.css"), include_str!("style.css"));
    /// The icons.
    ICONS = "icons" "svg" "image/svg+xml" include_str!("icons.svg");
    /// The icon of the tab.
    FAVICON = "probity" "svg" "image/svg+xml" include_str!("favicon.svg");
    /// What every page has: times, keys, filters and copying. Each part is a block, so that none sees another's names.
    CONSOLE = "console" "js" "text/javascript; charset=utf-8"
        concat!("{", include_str!("time.js"), "}\n{", include_str!("keys.js"), "}\n{", include_str!("filter.js"), "}\n");
    /// What is new, as it comes.
    LIVE = "live" "js" "text/javascript; charset=utf-8" include_str!("live.js");
    /// What checks an entry in the browser.
    VERIFY = "verify" "js" "text/javascript; charset=utf-8" evidence::verifier::SCRIPT;
}

impl Asset {
    /// Where it is.
    pub fn path(&self) -> String {
        format!("/static/{}", *self.name)
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Asset> {
        ALL.iter().copied().find(|asset| *asset.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_content() {
        for asset in ALL {
            let path = asset.path();
            let name = path.strip_prefix("/static/").unwrap();
            assert_eq!(Asset::named(name).map(Asset::path).as_deref(), Some(&*path));
            assert_eq!(name.split('.').nth(1).map(str::len), Some(HASH_LEN), "{name}");
        }
        assert!(Asset::named("style.css").is_none());
        assert_ne!(name("a", "1", "css"), name("a", "2", "css"));
    }

    #[test]
    fn scripts_and_style_are_small_and_load_nothing() {
        let size = |asset: &Asset| asset.text.len();
        let (every, live, verify) = (size(&CONSOLE), size(&LIVE), size(&VERIFY));
        assert!(every + live < 10_000, "{every} {live}");
        // The checks of an entry are on its page alone, and one file, so that whoever doubts them can read them.
        assert!(verify < 26_500, "{verify}");
        assert!(size(&STYLE) + size(&ICONS) + every < 40_000);
        for asset in [&STYLE, &CONSOLE, &LIVE, &VERIFY] {
            for word in [
                "http:",
                "https:",
                "@import",
                "url(",
                "innerHTML",
                "eval(",
                "import ",
            ] {
                assert!(!asset.text.contains(word), "{word} in {}", asset.path());
            }
        }
    }

    #[test]
    fn scripts_lose_their_comments_and_nothing_else() {
        let script = "// a\nlet x = 1; // stays\n\n  /** b */\n  f(\"// c\");\n";
        assert_eq!(served(script, "js"), "let x = 1; // stays\n\tf(\"// c\");\n");
        assert_eq!(served("/** a */\n\nb {}\n", "css"), "/** a */\n\nb {}\n");
        for asset in [&CONSOLE, &LIVE, &VERIFY] {
            let name = asset.path();
            for line in asset.text.lines() {
                assert!(line.matches('`').count().is_multiple_of(2), "{name}: {line}");
                assert!(!line.trim_start().starts_with(['/', '*']), "{name}: {line}");
            }
        }
    }
}
