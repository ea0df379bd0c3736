//! `docs/glossary.md` speaks of what is there: its words are those of the code, and its files exist.

use crate::tree::{file, files, root};

/// Words that the glossary explains: in bold, with a colon behind.
fn words(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split("**").collect();
    let bold = parts.windows(2).skip(1).step_by(2);
    bold.filter(|pair| pair[1].starts_with(": "))
        .map(|pair| pair[0])
        .collect()
}

/// Places in the code, as `crate/src/…`.
fn places(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|quoted| quoted.contains("/src/")).collect()
}

/// One spelling for `row image`, `row_image` and `RowImage`.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

#[test]
fn every_word_of_the_glossary_is_used_in_the_code() {
    let sources =
        files(|path| path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs"));
    let code: Vec<String> = sources.map(|(_, text)| plain(text)).collect();
    let words = words(file("docs/glossary.md"));
    assert!(words.len() > 40, "{words:?}");
    let unused: Vec<_> = words
        .into_iter()
        .filter(|word| !code.iter().any(|text| text.contains(&plain(word))))
        .collect();
    assert!(
        unused.is_empty(),
        "in the glossary, and nowhere in the code: {unused:?}"
    );
}

#[test]
fn every_place_of_the_glossary_exists() {
    let places = places(file("docs/glossary.md"));
    assert!(places.len() > 40, "{places:?}");
    let missing: Vec<_> = places
        .into_iter()
        .filter(|place| !root().join("crates").join(place).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn words_and_places_are_found() {
    let text = "- **entry**: one. *not* `a/src/b.rs`\n- **needs**: x. **facts**: y. `c`\n- **no** word";
    assert_eq!(words(text), ["entry", "needs", "facts"]);
    assert_eq!(places(text), ["a/src/b.rs"]);
    assert_eq!(plain("Row_image") + &plain("row image"), "rowimagerowimage");
}
