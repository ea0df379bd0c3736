//! How something stands: a word in a colour, and a shape for those who see no colour.

use maud::{Markup, html};

/// A word that says how something stands. A word that is not known is as good as any other.
pub fn badge(word: &str) -> Markup {
    html! { span.badge data-tone=(tone(word)) { (word) } }
}

/// What a word means to the reader: `good`, `bad`, `wait`, `off`, or `plain`.
fn tone(word: &str) -> &'static str {
    // Some say more behind a comma: `revoked, 2026-11-29`.
    match word.split([',', ' ', ':']).next().unwrap_or(word) {
        "success" | "succeeded" | "completed" | "active" | "approved" | "granted" | "usable" | "open"
        | "ok" | "good" => "good",
        "major" | "failed" | "refused" | "rejected" | "denied" | "broken_off" | "unknown" | "tampered"
        | "changed" | "error" | "abandoned" => "bad",
        "minor" | "pending" | "processing" | "running" | "on" | "waiting" | "cooling" | "unreported"
        | "no" => "wait",
        "not_checked" | "disabled" | "erased" | "pruned" | "revoked" | "expired" | "ended" | "closed"
        | "cancelled" | "withdrawn" | "removed" | "released" | "used" => "off",
        _ => "plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_always_there() {
        assert_eq!(
            badge("<b>").into_string(),
            r#"<span class="badge" data-tone="plain">&lt;b&gt;</span>"#
        );
        for (word, expected) in [
            ("success", "good"),
            ("refused", "bad"),
            ("on hold", "wait"),
            ("revoked, then", "off"),
            ("no password", "wait"),
        ] {
            assert_eq!(tone(word), expected, "{word}");
        }
    }
}
