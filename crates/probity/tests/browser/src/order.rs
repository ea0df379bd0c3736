//! What these tests are built with has `serde_json` keep members in the order of insertion. What is hashed is sorted all
//! the same.

use evidence::json::canonical;
use serde_json::{Value, json};

#[test]
fn canonical_json_is_sorted_where_maps_are_not() {
    let value: Value = serde_json::from_str(r#"{"b":1,"a":{"é":1,"d":2,"c":3}}"#).unwrap();
    assert_eq!(
        value.to_string(),
        r#"{"b":1,"a":{"é":1,"d":2,"c":3}}"#,
        "as it was read"
    );
    assert_eq!(canonical(&value), r#"{"a":{"c":3,"d":2,"é":1},"b":1}"#);
    assert_eq!(canonical(&json!({"z": [], "y": {}})), r#"{"y":{},"z":[]}"#);
}
