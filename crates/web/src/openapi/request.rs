//! What holds for every request alike, put into the schemas of all, so that no endpoint has to say it.

use serde_json::Value;

/// A query parameter that is given is not empty.
pub(super) fn not_empty(schema: &mut Value) {
    if schema["type"] == "string" && schema.get("format").is_none() && schema.get("minLength").is_none() {
        schema["minLength"] = 1.into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_in_the_query_are_not_empty() {
        for (schema, expected) in [
            (
                json!({"type": "string"}),
                json!({"type": "string", "minLength": 1}),
            ),
            (
                json!({"type": "string", "minLength": 2}),
                json!({"type": "string", "minLength": 2}),
            ),
            (
                json!({"type": "string", "format": "uuid"}),
                json!({"type": "string", "format": "uuid"}),
            ),
            (json!({"enum": ["a"]}), json!({"enum": ["a"]})),
        ] {
            let mut made = schema;
            not_empty(&mut made);
            assert_eq!(made, expected);
        }
    }
}
