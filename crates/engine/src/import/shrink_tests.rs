use evidence::json::StrictObject;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn fit(value: Value) -> (Value, Vec<Omitted>) {
    let Value::Object(members) = value else {
        unreachable!("only objects are tried");
    };
    let mut omitted = Vec::new();
    let object = object("details", members, &mut omitted);
    (Value::Object(object.0), omitted)
}

fn hash(value: &Value) -> String {
    json::hex(&Sha256::digest(json::canonical(value).as_bytes()))
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!("v"), |inner, _| json!([inner]))
}

#[test]
fn what_fits_is_left_alone() {
    let text = "x".repeat(DETAILS_BYTES_MAX - 8);
    for value in [
        json!({}),
        json!({"a": {"b": [1, "c"]}}),
        json!({"k": text}),
        json!({"a": nested(31)}),
    ] {
        assert_eq!(fit(value.clone()), (value, Vec::new()));
    }
}

#[test]
fn as_little_as_possible_is_replaced() {
    let (large, small) = ("x".repeat(300_000), "y".repeat(200_000));
    let value = json!({"spec": {"a": {"large": large, "rest": 1}, "small": small}, "verb": "create"});
    let (found, omitted) = fit(value.clone());
    assert_eq!(omitted.len(), 1);
    assert_eq!(omitted[0].at, "details/spec/a/large");
    assert_eq!(
        (omitted[0].bytes, &omitted[0].sha256),
        (300_002, &hash(&json!(large)))
    );
    let mut expected = value;
    expected["spec"]["a"]["large"] =
        json!({"_omitted_bytes": 300_002, "_omitted_sha256": hash(&json!(large))});
    assert_eq!(found, expected);
    // Several, where one is not enough: the largest, and one that is just large enough for the rest.
    let value =
        json!({"a": "a".repeat(200_000), "b": "b".repeat(250_000), "c": "c".repeat(240_000), "d": "d"});
    let (found, omitted) = fit(value);
    let at: Vec<_> = omitted.iter().map(|part| part.at.as_str()).collect();
    assert_eq!(at, ["details/b", "details/a"]);
    assert_eq!(
        (found["c"].as_str().unwrap().len(), &found["d"]),
        (240_000, &json!("d"))
    );
    // Many small ones are replaced with what holds them.
    let many: Vec<_> = (0..100_000).collect();
    let (found, omitted) = fit(json!({"list": many, "other": [1, 2]}));
    assert_eq!(
        (omitted[0].at.as_str(), &found["other"]),
        ("details/list", &json!([1, 2]))
    );
    let many: Map<String, Value> = (0..50_000).map(|n| (format!("m{n}"), Value::from(n))).collect();
    let (found, omitted) = fit(Value::Object(many));
    assert_eq!(
        (omitted[0].at.as_str(), found.as_object().unwrap().len()),
        ("details", 2)
    );
}

#[test]
fn depth_counts_from_the_value() {
    let (found, omitted) = fit(json!({"a": nested(60), "b~/": {"c": nested(31)}}));
    let at: Vec<_> = omitted.iter().map(|part| part.at.as_str()).collect();
    assert_eq!(
        at,
        [
            format!("details/a{}", "/0".repeat(30)),
            format!("details/b~0~1/c{}", "/0".repeat(29))
        ]
    );
    assert_eq!(depth(&found), DEPTH_MAX);
    assert_eq!(omitted[0].sha256, hash(&nested(30)));
    let text = json::canonical(&found);
    assert!(serde_json::from_str::<StrictObject>(&text).is_ok(), "{text}");
}

#[test]
fn what_was_replaced_while_reading_is_told_with_its_place() {
    let mut text = String::new();
    placeholder_of_text(7_000_000, &[0xAB; 32], &mut text);
    let value: Value = serde_json::from_str(&format!("{{\"a\":[0,{text}],\"b/c\":{text}}}")).unwrap();
    let mut omitted = Vec::new();
    told(value.as_object().unwrap(), "", &mut omitted);
    let found: Vec<_> = omitted
        .iter()
        .map(|part| (part.at.as_str(), part.bytes))
        .collect();
    assert_eq!(found, [("/a/1", 7_000_000), ("/b~1c", 7_000_000)]);
    assert_eq!(omitted[0].sha256, "ab".repeat(32));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::from),
        (0_usize..90_000).prop_map(|length| Value::from("é".repeat(length))),
        (25_usize..40).prop_map(nested),
    ];
    leaf.prop_recursive(6, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_comes_fits(a in any_value(), b in any_value()) {
        let value = json!({"a": a, "b": b});
        let fitted = json::canonical(&value).len() <= DETAILS_BYTES_MAX && depth(&value) <= DEPTH_MAX;
        let (found, omitted) = fit(value);
        prop_assert!(json::canonical(&found).len() <= DETAILS_BYTES_MAX);
        prop_assert!(depth(&found) <= DEPTH_MAX);
        prop_assert_eq!(omitted.is_empty(), fitted);
    }
}
