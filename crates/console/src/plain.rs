//! What steers a terminal, turns the direction of text or is not seen at all, made to be seen.

use std::fmt::Write as _;

/// Whether a character of a page does that. Ends of lines and tabs are text.
fn steers(c: char) -> bool {
    match c {
        // Most of a page.
        '\n' | '\r' | '\t' | ' '..='~' => false,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e007f}' => true,
        _ => c.is_control(),
    }
}

/// Whether a character joins letters, or keeps them apart. Some languages and signs need it; between the letters of English it
/// is not seen.
fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// The page with each such character as JSON writes it: `\u001b`. What is copied from it steers no terminal, and JSON within
/// it means what it did. The browser's check compares with the same form (`inHtml` in `verify.js`).
pub fn plain(page: String) -> String {
    if !page.contains(|c| steers(c) || joins(c)) {
        return page;
    }
    let mut out = String::with_capacity(page.len() + 64);
    for c in page.chars() {
        if steers(c) || joins(c) && out.ends_with(|before: char| before.is_ascii()) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing into a text does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
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
        for text in [
            "Grüße,\n\tبە\u{200c}خێر 👩\u{200d}💻\r\n",
            "1\u{fe0f}\u{20e3}",
            "",
        ] {
            assert_eq!(plain(text.to_owned()), text);
        }
    }

    #[test]
    fn what_is_not_seen_is_seen() {
        for (text, shown) in [
            ("a\u{200b}b", "a\\u200bb"),
            ("a\u{feff}\u{200c}\u{200d}", "a\\ufeff\\u200c\\u200d"),
            ("al\u{200c}ice", "al\\u200cice"),
            ("é\u{200d}\u{ad}", "é\u{200d}\\u00ad"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(plain(text.to_owned()), shown);
        }
    }
}
