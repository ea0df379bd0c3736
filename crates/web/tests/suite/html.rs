//! HTML taken apart.

use html5gum::{StartTag, Token, Tokenizer};

/// Elements that have no end (HTML, section 13.1.2).
const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
];
pub fn utf8(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    tag.attributes.get(name.as_bytes()).map(|value| utf8(value))
}

/// The page taken apart; it must be well formed.
pub fn tags(page: &str) -> Vec<StartTag<()>> {
    let (mut open, mut tags) = (Vec::<String>::new(), Vec::new());
    for token in Tokenizer::new(page) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                let name = utf8(&tag.name);
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
                tags.push(tag);
            }
            Token::EndTag(tag) => assert_eq!(open.pop().as_deref(), Some(&*utf8(&tag.name))),
            Token::Error(error) => panic!("{error:?}"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    tags
}
