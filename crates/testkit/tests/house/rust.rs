//! Taking Rust apart: what is code, and what its texts say.

/// A source in two parts.
#[derive(Debug, Default, PartialEq)]
pub struct Parts {
    /// The source without comments and with empty literals; lines are those of the source.
    pub code: String,
    /// What stands between the quotes of its string literals, escapes as they are written.
    pub texts: Vec<String>,
}

/// Takes a source apart.
pub fn parts(source: &str) -> Parts {
    let mut parts = Parts::default();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let after_word = parts.code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some((opening, closing)) = raw_opening(rest).filter(|_| !after_word) {
            let inner = &rest[opening..];
            let end = inner.find(&closing).unwrap_or(inner.len());
            parts.texts.push(inner[..end].to_owned());
            parts.code.push_str("\"\"");
            (opening + end + closing.len()).min(rest.len())
        } else if first == '"' {
            let end = closing_quote(&rest[1..], '"');
            parts.texts.push(rest[1..=end].to_owned());
            parts.code.push_str("\"\"");
            (end + 2).min(rest.len())
        } else if let Some(length) = char_literal(rest) {
            parts.code.push_str("' '");
            length
        } else {
            parts.code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let lines = rest[..taken].matches('\n').count();
        parts.code.push_str(&"\n".repeat(lines));
        rest = &rest[taken..];
    }
    parts
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut position) = (0, 0);
    while position < text.len() {
        let rest = &text.as_bytes()[position..];
        if rest.starts_with(b"/*") {
            depth += 1;
            position += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += 1;
        }
    }
    text.len()
}

/// Length of `r#"` and the like, and what closes it.
fn raw_opening(text: &str) -> Option<(usize, String)> {
    let word = ["br", "cr", "r"]
        .into_iter()
        .find(|word| text.starts_with(word))?;
    let hashes = text[word.len()..]
        .bytes()
        .take_while(|byte| *byte == b'#')
        .count();
    let opening = word.len() + hashes + 1;
    (text.as_bytes().get(opening - 1) == Some(&b'"')).then(|| (opening, format!("\"{}", "#".repeat(hashes))))
}

/// Position of the quote that is not escaped.
fn closing_quote(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (position, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return position,
            _ => {}
        }
    }
    text.len()
}

/// Length of a character literal; a lifetime is none.
fn char_literal(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    if first == '\\' {
        return Some(closing_quote(inner, '\'') + 2);
    }
    inner[first.len_utf8()..]
        .starts_with('\'')
        .then(|| first.len_utf8() + 2)
}

#[test]
fn code_and_texts_are_told_apart() {
    let source = r##"
        let a = "x \" // y"; // todo!() "no"
        /* "no" /* nested */ "no" */ let b = r#"raw "inner" text"#;
        let c = ('"', '\'', '\u{22}', b'"', 'é'); fn f<'a>(x: &'a str) {}
        let d = concat!(b"bytes", br"raw\", var"plain", "two
lines");
    "##;
    let parts = parts(source);
    let texts = [
        "x \\\" // y",
        "raw \"inner\" text",
        "bytes",
        "raw\\",
        "plain",
        "two\nlines",
    ];
    assert_eq!(parts.texts, texts);
    assert!(
        parts.code.contains("fn f<'a>(x: &'a str) {}") && parts.code.contains("let b"),
        "{}",
        parts.code
    );
    assert!(
        !parts.code.contains("todo") && !parts.code.contains("no"),
        "{}",
        parts.code
    );
    assert_eq!(parts.code.lines().count(), source.lines().count());
}
