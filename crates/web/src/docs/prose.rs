//! Descriptions: the little Markdown that they are written in. Paragraphs, lists, code, and addresses as links.

use maud::{Markup, html};

/// A text of several paragraphs and lists.
pub(super) fn blocks(text: &str) -> Markup {
    html! {
        @for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
            @if block.lines().all(|line| line.starts_with("- ")) {
                ul { @for line in block.lines() { li { (inline(&line[2..])) } } }
            } @else {
                p { (inline(block)) }
            }
        }
    }
}

/// A text within a line.
pub(super) fn inline(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    // A backtick without its partner is only a character.
    let paired = parts.len() - (parts.len() + 1) % 2;
    html! {
        @for (number, part) in parts.iter().enumerate() {
            @if number >= paired { "`" (linked(part)) }
            @else if number % 2 == 1 { code { (part) } }
            @else { (linked(part)) }
        }
    }
}

fn linked(text: &str) -> Markup {
    let Some(start) = text.find("https://") else {
        return html! { (text) };
    };
    let (before, rest) = text.split_at(start);
    let end = rest
        .find(|c: char| c.is_whitespace() || "()<>\"".contains(c))
        .unwrap_or(rest.len());
    let address = rest[..end].trim_end_matches(['.', ',', ';', ':']);
    html! {
        (before)
        a href=(address) rel="noreferrer" { (address) }
        (linked(&rest[address.len()..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_markup() {
        let cases = [
            ("one\n\ntwo", "<p>one</p><p>two</p>"),
            ("- `a`: x\n- b", "<ul><li><code>a</code>: x</li><li>b</li></ul>"),
            ("a `<b>` & <i>", "<p>a <code>&lt;b&gt;</code> &amp; &lt;i&gt;</p>"),
            ("a ` b", "<p>a ` b</p>"),
            ("`a` ` `b", "<p><code>a</code> <code> </code>b</p>"),
            ("", ""),
            (
                "x (https://c2sp.org/tlog-proof): y.",
                "<p>x (<a href=\"https://c2sp.org/tlog-proof\" rel=\"noreferrer\">https://c2sp.org/tlog-proof</a>): y.</p>",
            ),
            (
                "https://a.example/\"x https://b.example.",
                "<p><a href=\"https://a.example/\" rel=\"noreferrer\">https://a.example/</a>&quot;x \
                 <a href=\"https://b.example\" rel=\"noreferrer\">https://b.example</a>.</p>",
            ),
        ];
        for (text, markup) in cases {
            assert_eq!(blocks(text).into_string(), markup, "{text}");
        }
    }
}
