//! Making what comes from outside fit an entry's bounds.

use domain::audit::event::{ACTION_LEN_MAX, KIND_LEN_MAX};

/// `text` with every character that an action or a kind may not hold replaced by `_`.
pub(super) fn word(text: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || "._:/-".contains(character);
    text.chars()
        .map(|character| if fits(character) { character } else { '_' })
        .collect()
}

/// `text` as an action: its characters replaced as in [`word`], and cut at the longest action.
pub(super) fn action(text: &str) -> String {
    let mut action = word(text);
    action.truncate(ACTION_LEN_MAX);
    action
}

/// `text` as the kind of a target: its characters replaced as in [`word`], and cut at the longest kind.
pub(super) fn kind(text: &str) -> String {
    let mut kind = word(text);
    kind.truncate(KIND_LEN_MAX);
    kind
}

/// The first `chars_max` characters.
pub(super) fn cut(text: &str, chars_max: usize) -> &str {
    text.char_indices()
        .nth(chars_max)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_kinds_and_cuts() {
        assert_eq!(word("order created: é/1"), "order_created:__/1");
        assert_eq!(kind(&"é".repeat(65)), "_".repeat(64));
        assert_eq!(action(&"é".repeat(129)), "_".repeat(128));
        assert_eq!(cut("aéb", 2), "aé");
        assert_eq!(cut("aé", 2), "aé");
    }
}
