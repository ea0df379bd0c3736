use super::*;

/// Every item, pushed in parts of several sizes, which must make no difference.
fn items(text: &[u8], lists: &Lists) -> Vec<Item> {
    let read = |size: usize| {
        let mut scanner = Scanner::new(lists.clone());
        let mut all = Vec::new();
        for part in text.chunks(size) {
            scanner.push(part, &mut all);
        }
        scanner.finish(&mut all);
        all
    };
    let whole = read(text.len().max(1));
    for size in [1, 2, 7] {
        if text.len() < 100_000 {
            assert_eq!(read(size), whole, "in parts of {size}");
        }
    }
    whole
}

/// Number, text, and whether it is broken.
fn told(text: &[u8], lists: &Lists) -> Vec<(u64, String, bool)> {
    items(text, lists)
        .into_iter()
        .map(|item| {
            let text = String::from_utf8_lossy(&item.bytes).into_owned();
            (item.number, text, item.broken.is_some())
        })
        .collect()
}

fn ok(number: u64, text: &str) -> (u64, String, bool) {
    (number, text.to_owned(), false)
}

fn bad(number: u64, text: &str) -> (u64, String, bool) {
    (number, text.to_owned(), true)
}

fn records() -> Lists {
    Lists::Member("Records".to_owned())
}

#[test]
fn lines_and_their_numbers() {
    let none = &Lists::None;
    assert_eq!(told(b"", none), []);
    assert_eq!(told(b" \r\n\n", none), []);
    assert_eq!(
        told(b"{}\r\n\n  \n[1]\n{\"a\":", none),
        [ok(1, "{}"), ok(4, "[1]"), bad(5, "{\"a\":")]
    );
    assert_eq!(
        told(b"{\"a\":\"}\\\"{\"}\n\x1E{\"b\":[{}]}\nnonsense, {\n{}", none),
        [
            ok(1, r#"{"a":"}\"{"}"#),
            ok(2, r#"{"b":[{}]}"#),
            ok(3, "nonsense, {"),
            ok(4, "{}")
        ]
    );
    // One after another on a line, and with the commas of an array that lost its brackets.
    assert_eq!(
        told(b"{\"a\":1}{\"b\":2} {\"c\":3}\n{\"d\":4},\n{\"e\":5}", none),
        [
            ok(1, "{\"a\":1}"),
            ok(1, "{\"b\":2}"),
            ok(1, "{\"c\":3}"),
            ok(2, "{\"d\":4}"),
            ok(3, "{\"e\":5}")
        ]
    );
}

#[test]
fn a_broken_line_takes_no_other_with_it() {
    let none = &Lists::None;
    for broken in [
        "{\"a\":",
        "{\"a\":\"x",
        "{\"a\":[1,{\"b\":2",
        "{",
        "{\"a\":{\"b\":1}",
    ] {
        let text = format!("{{}}\n{broken}\n{{\"c\":1}}\n");
        let found = told(text.as_bytes(), none);
        assert_eq!(
            found,
            [ok(1, "{}"), bad(2, broken), ok(3, "{\"c\":1}")],
            "{broken}"
        );
    }
    // As the first line too, from which the shape of the file is seen.
    for broken in ["{\"a\":\"x", "{\"a\":1", "{\"a\":1,", "{", "{\"a\":[1,2"] {
        let text = format!("{broken}\n{{\"c\":1}}\n{{\"d\":1}}");
        let found = told(text.as_bytes(), none);
        assert_eq!(
            found,
            [bad(1, broken), ok(2, "{\"c\":1}"), ok(3, "{\"d\":1}")],
            "{broken}"
        );
    }
}

#[test]
fn documents_of_many_lines() {
    let none = &Lists::None;
    let first = "{\n  \"a\": [\n    {\n      \"b\": \"}\"\n    }\n  ]\n}";
    let flat = "{\n\"a\": [\n{\n\"b\": 1\n},\n{\n}\n]\n}";
    let text = format!("{first}\n{flat}{{\"c\":1}}\n\n{first}");
    assert_eq!(
        told(text.as_bytes(), none),
        [ok(1, first), ok(2, flat), ok(3, "{\"c\":1}"), ok(4, first)]
    );
    let array = format!("[{first},\n {{\"x\":1}} , 7, \"s\", null\n]\n[{{\"y\":2}}]\n");
    assert_eq!(
        told(array.as_bytes(), none),
        [
            ok(1, first),
            ok(2, "{\"x\":1}"),
            ok(3, "7"),
            ok(4, "\"s\""),
            ok(5, "null"),
            ok(6, "{\"y\":2}")
        ]
    );
}

#[test]
fn lists_in_documents() {
    let text = b" {\n \"Version\": {\"Records\": [0]}, \"Records\" : [ {\"a\":\"}]\\\"\\\\\"} ,\n{\"b\":[{}]}, 7 ], \"z\": [\"}\"]\n}{\"Records\":[]}\n{\"Records\":[{\"c\":1}]}\n";
    let expected = [
        ok(1, r#"{"a":"}]\"\\"}"#),
        ok(2, r#"{"b":[{}]}"#),
        ok(3, "7"),
        ok(4, r#"{"c":1}"#),
    ];
    assert_eq!(told(text, &records()), expected);
    // A member of an event of another name, or that is no list, holds no events.
    assert_eq!(
        told(b"{\"records\":[{}]}", &records()),
        [ok(1, "{\"records\":[{}]}")]
    );
    assert_eq!(
        told(b"{\"Records\":null}", &records()),
        [ok(1, "{\"Records\":null}")]
    );
    // Where it may be a member of an event, it must stand alone.
    let alone = &Lists::RecordsAlone;
    assert_eq!(told(b"{\"Records\":[{},{}] }", alone), [ok(1, "{}"), ok(2, "{}")]);
    assert_eq!(
        told(b"{\"a\":1,\"Records\":[{}]}", alone),
        [ok(1, "{\"a\":1,\"Records\":[{}]}")]
    );
    let beside = told(b"{\"Records\":[{}],\"a\":{\"x\":1}} {\"b\":1}", alone);
    assert_eq!(beside, [ok(1, "{}"), bad(2, ""), ok(3, "{\"b\":1}")]);
    assert_eq!(
        told(b"{\"Records\":[{}]}", &Lists::None),
        [ok(1, "{\"Records\":[{}]}")]
    );
}

#[test]
fn what_ends_too_early_is_told() {
    for (text, good) in [
        (&b"{\"Records\":[{\"a\":1}"[..], 1),
        (b"{\"Records\":[", 0),
        (b"[{\"a\":1},", 1),
        (b"{\"Records\":[{\"a\":1}],\"x\":1", 1),
        (b"{\"Records\":[{\"a\":1},{\"b\":\"", 1),
    ] {
        let all = items(text, &records());
        assert_eq!(all.len(), good + 1, "{all:?}");
        assert!(all[good].broken.is_some() && all[good].unfinished, "{all:?}");
    }
    // A broken element is an element; whether it is JSON is for its reader to say.
    assert_eq!(told(b"{\"Records\":[}]}", &records()), [ok(1, "}")]);
}

/// What is left out, by the placeholder in the place of it.
fn placeholder(text: &str) -> String {
    let mut out = String::new();
    let hash = <[u8; 32]>::from(sha2::Sha256::digest(text.as_bytes()));
    crate::import::shrink::placeholder_of_text(text.len() as u64, &hash, &mut out);
    out
}

use sha2::Digest as _;

#[test]
fn what_is_too_large_or_deep_to_keep_is_hashed_while_it_is_read() {
    let none = &Lists::None;
    let large = [
        format!("\"{}\"", "x".repeat(MEMBER_BYTES_MAX)),
        format!("[{}0]", "\"y\",".repeat(MEMBER_BYTES_MAX / 4)),
        format!("{{\"z\":{}}}", "1".repeat(MEMBER_BYTES_MAX)),
        "2".repeat(MEMBER_BYTES_MAX + 1),
    ];
    for value in &large {
        let text = format!("{{\"a\":1,\"b\":{value},\"c\":[\"d\"]}}\n{{\"e\":{value}}}\n{{}}\n");
        let expected = [
            format!("{{\"a\":1,\"b\":{},\"c\":[\"d\"]}}", placeholder(value)),
            format!("{{\"e\":{}}}", placeholder(value)),
            "{}".to_owned(),
        ];
        for size in [text.len(), 1 << 18, 1 << 20, 77_777] {
            let mut scanner = Scanner::new(none.clone());
            let mut found = Vec::new();
            for part in text.as_bytes().chunks(size) {
                scanner.push(part, &mut found);
            }
            let texts: Vec<_> = found
                .iter()
                .map(|item| String::from_utf8(item.bytes.clone()).unwrap())
                .collect();
            assert!(texts == expected, "in parts of {size}");
            assert_eq!(
                found.iter().map(|item| item.replaced).collect::<Vec<_>>(),
                [true, true, false]
            );
        }
    }
    // Just within the bound it is kept.
    let value = format!("\"{}\"", "x".repeat(MEMBER_BYTES_MAX - 2));
    let text = format!("{{\"a\":{value}}}");
    assert!(items(text.as_bytes(), none)[0].bytes == text.as_bytes());

    let deep = |levels: usize| format!("{}\"v\"{}", "[".repeat(levels), "]".repeat(levels));
    let text = format!("{{\"a\":{}}}", deep(DEPTH_MAX - 1));
    assert_eq!(told(text.as_bytes(), none), [ok(1, &text)]);
    let text = format!("{{\"a\":{},\"b\":2}}", deep(DEPTH_MAX + 40));
    let inner = placeholder(&deep(41));
    let expected = format!(
        "{{\"a\":{}{inner}{},\"b\":2}}",
        "[".repeat(DEPTH_MAX - 1),
        "]".repeat(DEPTH_MAX - 1)
    );
    assert_eq!(told(text.as_bytes(), none), [ok(1, &expected)]);
}

#[test]
fn an_event_that_is_too_long_even_so_is_told_and_not_held() {
    let many = format!(
        "{{{}\"z\":0}}",
        "\"a\":\"xxxxxxxxxxxxxxxxxxxxxx\",".repeat(EVENT_BYTES_MAX / 28)
    );
    let text = format!("{many}\n{{}}");
    let found = items(text.as_bytes(), &Lists::None);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].bytes.len(), found[0].cut), (HEAD_BYTES, true));
    let reason = format!("is {} bytes long", many.len());
    assert!(found[0].broken.as_ref().unwrap().starts_with(&reason));
    assert_eq!(found[1].bytes, b"{}");
    // Nor is a line that is no event at all.
    let text = format!("{}\n{{}}", "x".repeat(EVENT_BYTES_MAX + 1));
    let found = items(text.as_bytes(), &Lists::None);
    assert_eq!(
        (found[0].bytes.len(), found[0].cut, found.len()),
        (HEAD_BYTES, true, 2)
    );
}

mod properties {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[ -~\n\"\\\\{}\\[\\],:]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"{}]{0,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn events() -> impl Strategy<Value = Vec<Value>> {
        let event = prop::collection::btree_map("[a-z]{1,4}", any_value(), 0..4)
            .prop_map(|map| Value::Object(map.into_iter().collect()));
        prop::collection::vec(event, 1..6)
    }

    proptest! {
        #[test]
        fn every_shape_gives_the_same_events(events in events()) {
            let compact: Vec<String> = events.iter().map(Value::to_string).collect();
            let pretty: Vec<String> = events
                .iter()
                .map(|event| serde_json::to_string_pretty(event).unwrap())
                .collect();
            let list = Value::from(events.clone());
            let shapes = [
                compact.join("\n"),
                compact.join(""),
                pretty.join("\n"),
                list.to_string(),
                serde_json::to_string_pretty(&list).unwrap(),
                serde_json::json!({"kind": "List", "Records": list, "z": {"a": "]}"}}).to_string(),
                format!("{{\"Records\":[{}]}}", pretty.join(",\n")),
            ];
            for shape in shapes {
                let found: Vec<Value> = items(shape.as_bytes(), &records())
                    .into_iter()
                    .map(|item| serde_json::from_slice(&item.bytes).unwrap())
                    .collect();
                prop_assert_eq!(&found, &events, "{}", shape);
            }
        }

        #[test]
        fn no_bytes_are_lost_in_lines(text in "[{}\\[\\],:\"\\\\ a1\n]{0,60}") {
            let found = items(text.as_bytes(), &Lists::None);
            let kept: usize = found.iter().map(|item| item.bytes.len()).sum();
            // What is passed over is white space, commas, and the brackets of lists.
            let solid = text.bytes().filter(|byte| !b" \n,[]".contains(byte)).count();
            prop_assert!(kept >= solid, "{:?}", found);
        }
    }
}
