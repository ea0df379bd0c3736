//! What steers a terminal or turns the direction of text, made to be seen.

use std::fmt::Write as _;

/// Whether a character of a page does that. Ends of lines and tabs are text; marks that join letters are needed to write some
/// languages.
fn steers(c: char) -> bool {
    let is_space = matches!(c, '\n' | '\r' | '\t');
    c.is_control() && !is_space || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The page with each such character as JSON writes it: `\u001b`. What is copied from it steers no terminal, and JSON within
/// it means what it did. The browser's check compares with the same form (`inHtml` in `verify.js`).
pub fn plain(page: String) -> String {
    if !page.contains(steers) {
        return page;
    }
    let mut out = String::with_capacity(page.len() + 64);
    for c in page.chars() {
        if steers(c) {
            // Writing into a text does not fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_steers_is_seen() {
        let text = "a\u{1b}[31m\u{7}\0b\u{202e}c\u{9b}\u{7f}\u{2066}".to_owned();
        assert_eq!(
            plain(text),
            "a\\u001b[31m\\u0007\\u0000b\\u202ec\\u009b\\u007f\\u2066"
        );
        for text in ["Grüße,\n\tبە‌خێر 👩\u{200d}💻\r\n", ""] {
            assert_eq!(plain(text.to_owned()), text);
        }
    }
}
